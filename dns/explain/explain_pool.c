#include "dns/explain/explain_pool.h"

#include "dns/base/json.h"
#include "geo/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WHY_MAX = 600,
	WHY_REASON_MAX = 400 /* octets of them that an export or an operator wrote */
};

static const struct mirror *mirror_of(const struct explain_pool *explain, uint32_t number)
{
	return &pools_mirrors(explain->zone->pools)->list[number];
}

/* The level that candidate number `i` comes from. */
static const struct walk_level *level_of(
	const struct explain_pool *explain, unsigned family, uint32_t i)
{
	const struct walk_level *level = &explain->walk.levels[explain->walk.own[family]];
	while (i >= level->candidates[family])
		i -= level++->candidates[family];
	return level;
}

/* What a level was to a family. */
static const char *use_of(const struct walk *walk, unsigned family, int level)
{
	if (walk->last[family] == WALK_NONE)
		return "not answered";
	if (level == walk->own[family])
		return "own";
	if (level > walk->last[family])
		return "not asked";
	if (walk->levels[level].candidates[family])
		return "top-up";
	if (walk_served(walk, level, family) == 0)
		return "empty";
	return walk->own[family] != WALK_NONE ? "nobody new" : "not answered";
}

static json_t *level_json(const struct walk *walk, unsigned family, int level)
{
	const struct walk_level *at = &walk->levels[level];
	char text[WALK_PLACE_MAX];
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:I}", "level",
		walk_place_write(&at->place, text), "place", walk_place_name(&at->place), "family",
		walk_family(family), "members", (json_int_t)at->listed[family], "served",
		(json_int_t)at->in_service[family], "use", use_of(walk, family, level),
		"candidates", (json_int_t)at->candidates[family]);
}

json_t *explain_levels(const struct explain_pool *explain)
{
	json_t *list = json_array();
	bool good = list;
	for (int level = 0; good && level < explain->walk.count; level++)
		for (unsigned f = 0; good && f < POOL_FAMILIES; f++)
			good = json_array_append_new(list, level_json(&explain->walk, f, level)) ==
			       0;
	return whole_json(list, good);
}

bool explain_falls_back(const struct explain_pool *explain)
{
	const struct walk *walk = &explain->walk;
	for (unsigned f = 0; f < POOL_FAMILIES; f++)
		if (walk->own[f] != WALK_NONE && walk->last[f] > 0)
			return true;
	return false;
}

/* --- candidates --- */

/* Of the own members: those who top up are never first. */
static uint64_t weights_sum(const struct pool_set *set)
{
	struct pool_member member;
	uint64_t sum = 0;
	for (uint32_t i = 0; pool_member(set, i, &member) && member.own; i++)
		sum += member.weight;
	return sum;
}

static json_t *candidate_json(const struct explain_pool *explain, unsigned family, uint32_t i,
	const struct pool_member *member, double share)
{
	char address[ADDRESS_TEXT_MAX], level[WALK_PLACE_MAX];
	const struct mirror *mirror = mirror_of(explain, member->mirror);
	const struct pool_place *place = &level_of(explain, family, i)->place;
	address_write(&pools_mirrors(explain->zone->pools)->addresses[member->address].at, address);
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:f, s:s, s:b, s:s}", "address", address,
		"host", mirror->host, "country", country_code(mirror->country), "state",
		mirror_state_name((enum mirror_state)mirror->state), "weight", (int)member->weight,
		"share", share, "level", walk_place_write(place, level), "top_up", !member->own,
		"since", mirror->since);
}

json_t *explain_candidates(const struct explain_pool *explain, size_t *more)
{
	json_t *list = json_array();
	bool good = list;
	*more = 0;
	for (unsigned f = 0; good && f < POOL_FAMILIES; f++) {
		const struct pool_set *set = explain->outcome->set[f];
		uint64_t sum = set ? weights_sum(set) : 1;
		*more += set && set->members > EXPLAIN_LIST_MAX ? set->members - EXPLAIN_LIST_MAX
								: 0;
		struct pool_member member;
		for (uint32_t i = 0; good && set && i < EXPLAIN_LIST_MAX; i++) {
			if (!pool_member(set, i, &member))
				break;
			double share = member.own ? (double)member.weight / (double)sum : 0.0;
			good = json_array_append_new(
				       list, candidate_json(explain, f, i, &member, share)) == 0;
		}
	}
	return whole_json(list, good);
}

/* --- who is left out --- */

/* One octet for each address: is it a candidate? NULL: no memory. */
static bool *candidates_mark(const struct explain_pool *explain)
{
	const struct mirrors *mirrors = pools_mirrors(explain->zone->pools);
	bool *marked = calloc(mirrors->address_count + 1, sizeof(*marked));
	for (unsigned f = 0; marked && f < POOL_FAMILIES; f++) {
		struct pool_member member;
		for (uint32_t i = 0; explain->outcome->set[f]; i++) {
			if (!pool_member(explain->outcome->set[f], i, &member))
				break;
			marked[member.address] = true;
		}
	}
	return marked;
}

static const char *drained_write(const struct explain_pool *explain,
	const struct mirror_address *address, char text[WHY_MAX])
{
	char until[STAMP_TEXT_MAX];
	const struct inputs *inputs = explain->inputs;
	const struct drain *drain = drains_match(refcount_get(inputs->drains),
		pools_mirrors(explain->zone->pools), address, inputs->now);
	bool reason = drain && drain->why[0];
	snprintf(text, WHY_MAX, "drained until %s%s%.*s%s",
		drain && drain->until ? stamp_write(drain->until, until) : "undrained",
		reason ? " (" : "", WHY_REASON_MAX, reason ? drain->why : "", reason ? ")" : "");
	return text;
}

/* Is there a reason of its own? Else it is in service, and another rule decided. */
static bool is_out(const struct mirror *mirror, const struct mirror_address *address)
{
	return address->drained || !mirror_in_service((enum mirror_state)mirror->state);
}

/* Why a mirror is not served. */
static const char *why_write(const struct explain_pool *explain,
	const struct mirror_address *address, char text[WHY_MAX])
{
	const struct mirror *mirror = mirror_of(explain, address->mirror);
	if (address->drained)
		return drained_write(explain, address, text);
	bool since = mirror->state == MIRROR_REMOVED && mirror->since[0];
	snprintf(text, WHY_MAX, "%s%s%.64s%s%.*s",
		mirror_state_name((enum mirror_state)mirror->state), since ? " since " : "",
		since ? mirror->since : "", mirror->reason[0] ? ": " : "", WHY_REASON_MAX,
		mirror->reason);
	return text;
}

/* Who is in none of the levels that were asked has nothing to do with this answer. */
static bool level_asked(const struct explain_pool *explain, unsigned country, int last)
{
	for (int i = 0; i <= last; i++)
		if (walk_place_has(&explain->walk.levels[i].place, country))
			return true;
	return false;
}

/* A reason may be cut within a character: it stays UTF-8. */
static json_t *left_json(
	const struct mirror *mirror, const struct mirror_address *address, const char *why)
{
	char text[ADDRESS_TEXT_MAX];
	size_t size = strlen(why);
	json_t *reason = NULL;
	for (unsigned cut = 0; !reason && cut < 4 && cut <= size; cut++)
		reason = json_stringn(why, size - cut);
	if (!reason) /* a `since` may be cut within one, too */
		reason = plain_json(why);
	return json_pack("{s:s, s:s, s:s, s:o}", "address", address_write(&address->at, text),
		"host", mirror->host, "country", country_code(mirror->country), "why", reason);
}

json_t *explain_left_out(const struct explain_pool *explain, size_t *more)
{
	const struct mirrors *mirrors = pools_mirrors(explain->zone->pools);
	json_t *list = json_array();
	bool *marked = candidates_mark(explain);
	bool good = list && marked;
	*more = 0;
	for (size_t i = 0; good && i < mirrors->address_count; i++) {
		const struct mirror_address *address = &mirrors->addresses[i];
		const struct mirror *mirror = &mirrors->list[address->mirror];
		char text[WHY_MAX];
		if (marked[i] || !is_out(mirror, address) ||
			!level_asked(
				explain, mirror->country, explain->walk.last[address->at.ipv6]))
			continue;
		/* Only who is shown is asked for its drain: that looks through all of them. */
		if (json_array_size(list) == EXPLAIN_LEFT_MAX)
			(*more)++;
		else
			good = json_array_append_new(
				       list, left_json(mirror, address,
						     why_write(explain, address, text))) == 0;
	}
	free(marked);
	return whole_json(list, good);
}
