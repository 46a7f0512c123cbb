#include "geo/pool.h"

#include "geo/layout.h"
#include "geo/level.h"
#include "geo/walk.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* What header, longest question, two steps of a CNAME chain, OPT, ECS and NSID leave of a
	 * message over TCP. */
	RECORDS_SIZE_MAX = 65535 - 12 - (255 + 4) - 2 * (12 + 255) - (11 + 4 + 20 + 4 + 255),
	BUCKETS = 1024,
};

static const uint64_t period_max = UINT64_C(1) << 31;

/* A set and the room for its groups. */
struct set_entry {
	struct set_entry *next;
	struct pool_set set;
	struct pool_group groups[];
};

struct pools {
	const struct mirrors *mirrors;
	struct levels *levels;
	struct pool_layout *layouts[BUCKETS];
	struct set_entry *sets[BUCKETS];
};

/* One set in the making. */
struct build {
	struct pools *pools;
	const struct pool_rule *rule;
	const struct walk *walk;
	enum pool_family family;
	struct pool_group groups[WALK_LEVELS_MAX];
	uint32_t group_count;
	uint32_t places; /* of an answer that are still free */
};

struct pools *pools_new(const struct mirrors *mirrors)
{
	struct pools *pools = calloc(1, sizeof *pools);
	if (!pools)
		return NULL;
	pools->mirrors = mirrors;
	pools->levels = levels_new(mirrors);
	if (pools->levels)
		return pools;
	pools_free(pools);
	return NULL;
}

void pools_free(struct pools *pools)
{
	if (!pools)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct pool_layout *layout = pools->layouts[i], *next; layout; layout = next) {
			next = layout->next;
			layout_free(layout);
		}
		for (struct set_entry *entry = pools->sets[i], *next; entry; entry = next) {
			next = entry->next;
			free(entry);
		}
	}
	levels_free(pools->levels);
	free(pools);
}

const struct mirrors *pools_mirrors(const struct pools *pools)
{
	return pools->mirrors;
}

/* --- layouts and sets: each content is one object --- */

/* `owned`: the plan's members, when nothing else keeps them. The last owner frees
 * them in any case. */
static const struct pool_layout *layout_intern(
	struct pools *pools, const struct layout_plan *plan, uint32_t *owned)
{
	struct pool_layout **bucket = &pools->layouts[layout_hash(plan) % BUCKETS];
	struct pool_layout *layout = *bucket;
	while (layout && !layout_equal(&layout->plan, plan))
		layout = layout->next;
	if (layout) {
		free(owned);
		return layout;
	}
	layout = layout_new(plan);
	if (!layout) {
		free(owned);
		return NULL;
	}
	layout->owned = owned;
	layout->next = *bucket;
	*bucket = layout;
	return layout;
}

/* Of all groups together, as far as 32 bits go: first the own members' rounds, then their rows,
 * then the others. What had to be left out jumps when the turn wraps, once in thousands of millions
 * of turns. */
static uint32_t period_find(const struct build *build)
{
	uint64_t period = build->groups[0].layout->slots;
	bool whole = true;
	for (uint32_t i = 0; i < build->group_count; i++) {
		uint64_t other = layout_period(build->groups[i].layout);
		uint64_t times = other / layout_gcd(period, other);
		if (times <= period_max / period)
			period *= times;
		else
			whole = false;
	}
	return (uint32_t)(whole ? period : period_max / period * period);
}

static uint64_t set_hash(const struct build *build)
{
	uint64_t hash = 0;
	for (uint32_t i = 0; i < build->group_count; i++) {
		hash = (hash ^ hash >> 31) * 0x9E3779B97F4A7C15;
		hash ^= layout_hash(&build->groups[i].layout->plan) + build->groups[i].count;
	}
	return hash;
}

static bool set_equal(const struct pool_set *set, const struct build *build)
{
	if (set->group_count != build->group_count)
		return false;
	for (uint32_t i = 0; i < set->group_count; i++) {
		if (set->groups[i].layout != build->groups[i].layout ||
			set->groups[i].count != build->groups[i].count)
			return false;
	}
	return true;
}

static const struct pool_set *set_intern(const struct build *build)
{
	uint64_t key = set_hash(build);
	struct set_entry **bucket = &build->pools->sets[key % BUCKETS];
	for (struct set_entry *entry = *bucket; entry; entry = entry->next) {
		if (set_equal(&entry->set, build))
			return &entry->set;
	}
	size_t groups_size = build->group_count * sizeof *build->groups;
	struct set_entry *entry = calloc(1, sizeof *entry + groups_size);
	if (!entry)
		return NULL;
	memcpy(entry->groups, build->groups, groups_size);
	entry->set = (struct pool_set){.groups = entry->groups,
		.group_count = build->group_count,
		.members = build->walk->members[build->family],
		.period = period_find(build),
		.key = key};
	for (uint32_t i = 0; i < build->group_count; i++) {
		entry->set.answer_count += build->groups[i].count;
		entry->set.answer_size +=
			(uint32_t)(build->groups[i].count * build->groups[i].layout->record_size);
	}
	entry->next = *bucket;
	*bucket = entry;
	return &entry->set;
}

/* --- the decision --- */

static uint32_t places_wanted(const struct pool_rule *rule, enum pool_family family)
{
	uint32_t size = family == POOL_IPV6 ? LAYOUT_RECORD_IPV6 : LAYOUT_RECORD_IPV4;
	uint32_t fit = RECORDS_SIZE_MAX / size, answers = rule->answers;
	return answers == 0 || answers > fit ? fit : answers;
}

/* The first level of each family that has a member to serve. False: none has. */
static bool own_find(struct walk *walk, const struct pool_rule *rule)
{
	bool found = false;
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		int level = 0;
		while (rule->families[f] && level < walk->count && !walk_served(walk, level, f))
			level++;
		walk->own[f] = rule->families[f] && level < walk->count ? level : WALK_NONE;
		found |= walk->own[f] != WALK_NONE;
	}
	return found;
}

/* Is a level's place part of another's? No two of a walk are the same. */
static bool place_is_within(const struct pool_place *place, const struct pool_place *other)
{
	return other->kind == PLACE_WORLD ||
	       (place->kind == PLACE_COUNTRY && walk_place_has(other, place->code));
}

/* How many of a level are in none from the own one on. Places are within one another or apart. */
static uint32_t level_new(const struct walk *walk, int level, enum pool_family family)
{
	const struct pool_place *place = &walk->levels[level].place;
	uint32_t count = walk_served(walk, level, family);
	for (int i = walk->own[family]; i < level; i++) {
		const struct walk_level *before = &walk->levels[i];
		if (place_is_within(place, &before->place))
			return 0;
		if (place_is_within(&before->place, place))
			count -= before->candidates[family];
	}
	return count;
}

/* Whole levels, until there are enough; a group without a place in the answers is no candidate. */
static void top_up(struct walk *walk, const struct pool_rule *rule, enum pool_family family)
{
	uint32_t places = places_wanted(rule, family), *members = &walk->members[family];
	int level = walk->own[family];
	*members = 0;
	walk->last[family] = rule->families[family] ? walk->count - 1 : WALK_NONE;
	if (level == WALK_NONE)
		return;
	do {
		walk->last[family] = level;
		walk->levels[level].candidates[family] = level_new(walk, level, family);
		*members += walk->levels[level].candidates[family];
	} while (++level < walk->count && *members < rule->min_members && *members < places);
}

void pools_decide(const struct pools *pools, const struct pool_rule *rule, unsigned country,
	struct walk *walk)
{
	const struct levels *levels = pools->levels;
	level_walk(walk, rule, country);
	for (int i = 0; i < walk->count; i++) {
		struct walk_level *level = &walk->levels[i];
		size_t number = level_number(&level->place);
		for (unsigned f = 0; f < POOL_FAMILIES; f++) {
			level->in_service[f] = levels->lists[LEVEL_IN_SERVICE][f][number].count;
			level->removed[f] = levels->lists[LEVEL_REMOVED][f][number].count;
			level->listed[f] = levels->listed[f][number];
			level->candidates[f] = 0;
		}
	}
	walk->open = false;
	if (!own_find(walk, rule) && rule->fail_open) {
		walk->open = true;
		walk->open = own_find(walk, rule);
	}
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		int other = walk->own[!f];
		if (rule->together && other != WALK_NONE && other < walk->own[f])
			walk->own[f] = WALK_NONE;
		top_up(walk, rule, f);
	}
}

/* --- one set --- */

/* Those of a level who are not in yet, in a list that is to be freed. False: no memory. */
static bool list_new(
	const struct build *build, int level, struct level_list *list, uint32_t **owned)
{
	const struct walk *walk = build->walk;
	const struct mirrors *mirrors = build->pools->mirrors;
	const struct level_list all = *list;
	bool known[COUNTRY_MAX + 1] = {false};
	for (int i = walk->own[build->family]; i < level; i++)
		for (unsigned country = 1; country <= COUNTRY_MAX; country++)
			known[country] |= walk_place_has(&walk->levels[i].place, country);
	uint32_t *members = malloc(walk->levels[level].candidates[build->family] * sizeof *members);
	*list = (struct level_list){.members = *owned = members};
	for (uint32_t i = 0; members && i < all.count; i++) {
		uint32_t member = all.members[i];
		if (known[mirrors->list[mirrors->addresses[member].mirror].country])
			continue;
		members[list->count++] = member;
		list->hash = level_hash(list->hash, mirrors, member);
	}
	return members;
}

/* Adds the candidates of a level; false: no memory. */
static bool build_add(struct build *build, int level)
{
	const struct walk_level *from = &build->walk->levels[level];
	enum level_class class = build->walk->open ? LEVEL_REMOVED : LEVEL_IN_SERVICE;
	struct layout_plan plan = {.mirrors = build->pools->mirrors,
		.list = build->pools->levels
				->lists[class][build->family][level_number(&from->place)],
		.ttl = build->rule->ttl,
		.ipv6 = build->family == POOL_IPV6,
		.tops_up = build->group_count > 0};
	uint32_t *owned = NULL;
	if (from->candidates[build->family] < plan.list.count &&
		!list_new(build, level, &plan.list, &owned))
		return false;
	uint32_t count = plan.list.count < build->places ? plan.list.count : build->places;
	plan.places = layout_places(&plan, count);
	const struct pool_layout *layout = layout_intern(build->pools, &plan, owned);
	if (!layout)
		return false;
	build->groups[build->group_count++] = (struct pool_group){layout, count};
	build->places -= count;
	return true;
}

bool pools_resolve(struct pools *pools, const struct pool_rule *rule, unsigned country,
	struct pool_outcome *outcome)
{
	struct walk walk;
	pools_decide(pools, rule, country, &walk);
	*outcome = (struct pool_outcome){0};
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		struct build build = {.pools = pools,
			.rule = rule,
			.walk = &walk,
			.family = f,
			.places = places_wanted(rule, f)};
		if (walk.own[f] == WALK_NONE)
			continue;
		for (int level = walk.own[f]; level <= walk.last[f]; level++)
			if (walk.levels[level].candidates[f] && !build_add(&build, level))
				return false;
		outcome->set[f] = set_intern(&build);
		if (!outcome->set[f])
			return false;
	}
	return true;
}

/* --- answers --- */

/* Flat, as every answer of a pool goes through here. */
__attribute__((flatten)) void pool_pick(const struct pool_set *set, uint32_t turn, uint8_t *out)
{
	for (uint32_t i = 0; i < set->group_count; i++) {
		const struct pool_group *group = &set->groups[i];
		layout_write(group->layout, turn, group->count, out);
		out += group->count * group->layout->record_size;
	}
}

uint32_t pool_pick_within(const struct pool_set *set, uint32_t turn, size_t room, uint8_t *out)
{
	uint32_t written = 0;
	for (uint32_t i = 0; i < set->group_count; i++) {
		const struct pool_group *group = &set->groups[i];
		size_t size = group->layout->record_size;
		uint32_t count =
			room / size < group->count ? (uint32_t)(room / size) : group->count;
		if (!count)
			break;
		layout_write(group->layout, turn, count, out);
		out += count * size;
		room -= count * size;
		written += count;
	}
	return written;
}

void pool_firsts(const struct pool_set *set, uint32_t turn, uint64_t answers, uint64_t *times)
{
	layout_firsts(set->groups[0].layout, turn, answers, times);
}

bool pool_member(const struct pool_set *set, uint32_t i, struct pool_member *member)
{
	for (uint32_t k = 0; k < set->group_count; k++) {
		const struct layout_plan *plan = &set->groups[k].layout->plan;
		if (i >= plan->list.count) {
			i -= plan->list.count;
			continue;
		}
		const struct mirror_address *address =
			&plan->mirrors->addresses[plan->list.members[i]];
		*member = (struct pool_member){.octets = address->at.octets,
			.mirror = address->mirror,
			.address = plan->list.members[i],
			.weight = plan->mirrors->list[address->mirror].weight,
			.own = k == 0};
		return true;
	}
	return false;
}
