#include "geo/pool.h"

#include "geo/layout.h"
#include "geo/level.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* What header, longest question, two steps of a CNAME chain, OPT, ECS and NSID leave of a message over
	 * TCP. */
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
	uint32_t *seen; /* by address: the number of the last topped-up set that has it */
	uint32_t seen_number;
	struct pool_layout *layouts[BUCKETS];
	struct set_entry *sets[BUCKETS];
};

/* One set in the making. */
struct build {
	struct pools *pools;
	const struct pool_rule *rule;
	const struct level_walk *walk;
	enum level_class class;
	enum pool_family family;
	struct pool_group groups[LEVEL_WALK_MAX];
	uint32_t group_count;
	uint32_t places; /* of an answer that are still free */
	uint32_t members; /* in all groups */
};

struct pools *pools_new(const struct mirrors *mirrors)
{
	struct pools *pools = calloc(1, sizeof *pools);
	if (!pools)
		return NULL;
	pools->mirrors = mirrors;
	pools->levels = levels_new(mirrors);
	pools->seen = calloc(mirrors->address_count + 1, sizeof *pools->seen);
	if (pools->levels && pools->seen)
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
	free(pools->seen);
	free(pools);
}

const struct mirrors *pools_mirrors(const struct pools *pools)
{
	return pools->mirrors;
}

/* --- layouts and sets: each content is one object --- */

/* `owned`: the plan's members, when nobody else keeps them. They are freed in any case, by
 * whoever has them last. */
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

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
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
		uint64_t times = other / gcd(period, other);
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
		.members = build->members,
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

/* --- one set --- */

static const struct level_list *build_list(const struct build *build, size_t level)
{
	return &build->pools->levels->lists[build->class][build->family]
					   [level_number(&build->walk->places[level])];
}

static uint32_t places_wanted(const struct build *build)
{
	uint32_t size = build->family == POOL_IPV6 ? LAYOUT_RECORD_IPV6 : LAYOUT_RECORD_IPV4;
	uint32_t fit = RECORDS_SIZE_MAX / size, answers = build->rule->answers;
	return answers == 0 || answers > fit ? fit : answers;
}

static bool build_add(struct build *build, struct level_list list, uint32_t *owned)
{
	struct layout_plan plan = {.mirrors = build->pools->mirrors,
		.list = list,
		.ttl = build->rule->ttl,
		.ipv6 = build->family == POOL_IPV6,
		.tops_up = build->group_count > 0};
	uint32_t count = list.count < build->places ? list.count : build->places;
	plan.places = layout_places(&plan, count);
	const struct pool_layout *layout = layout_intern(build->pools, &plan, owned);
	if (!layout)
		return false;
	build->groups[build->group_count++] = (struct pool_group){layout, count};
	build->places -= count;
	build->members += list.count;
	return true;
}

/* Adds the members of a level who are not in yet; false: no memory. */
static bool build_top_up(struct build *build, const struct level_list *level)
{
	struct pools *pools = build->pools;
	uint32_t *members = malloc((level->count + 1) * sizeof *members);
	if (!members)
		return false;
	struct level_list list = {.members = members};
	for (uint32_t i = 0; i < level->count; i++) {
		uint32_t member = level->members[i];
		if (pools->seen[member] == pools->seen_number)
			continue;
		pools->seen[member] = pools->seen_number;
		members[list.count++] = member;
		list.hash = level_hash(list.hash, pools->mirrors, member);
	}
	if (list.count == 0) {
		free(members);
		return true;
	}
	uint32_t *fitted = realloc(members, list.count * sizeof *members);
	list.members = fitted ? fitted : members;
	return build_add(build, list, fitted ? fitted : members);
}

/* The set whose own members are those of level `own`; a group without a place in the answers is
 * no candidate. NULL: no memory. */
static const struct pool_set *build_set(struct build *build, size_t own)
{
	const struct level_list *list = build_list(build, own);
	struct pools *pools = build->pools;
	build->places = places_wanted(build);
	if (!build_add(build, *list, NULL))
		return NULL;
	if (build->members >= build->rule->min_members)
		return set_intern(build);
	pools->seen_number++;
	for (uint32_t i = 0; i < list->count; i++)
		pools->seen[list->members[i]] = pools->seen_number;
	for (size_t i = own + 1; i < build->walk->count; i++) {
		if (build->places == 0 || build->members >= build->rule->min_members)
			break;
		if (!build_top_up(build, build_list(build, i)))
			return NULL;
	}
	return set_intern(build);
}

/* --- the walk --- */

/* The first level where a family among `families` has a member; walk->count: none has. */
static size_t own_find(const struct pools *pools, const struct level_walk *walk,
	enum level_class class, const bool families[POOL_FAMILIES])
{
	for (size_t i = 0; i < walk->count; i++) {
		size_t number = level_number(&walk->places[i]);
		for (size_t f = 0; f < POOL_FAMILIES; f++) {
			if (families[f] && pools->levels->lists[class][f][number].count > 0)
				return i;
		}
	}
	return walk->count;
}

void pools_reach(const struct pools *pools, const struct pool_rule *rule, unsigned country,
	bool reached[POOL_FAMILIES])
{
	struct level_walk walk = level_walk(rule, country);
	size_t first = own_find(pools, &walk, LEVEL_IN_SERVICE, rule->families);
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		const bool families[POOL_FAMILIES] = {
			f == POOL_IPV4 && rule->families[f], f == POOL_IPV6 && rule->families[f]};
		size_t own = own_find(pools, &walk, LEVEL_IN_SERVICE, families);
		reached[f] = own < walk.count && (!rule->together || own == first);
	}
}

bool pools_resolve(struct pools *pools, const struct pool_rule *rule, unsigned country,
	struct pool_outcome *outcome)
{
	struct level_walk walk = level_walk(rule, country);
	enum level_class class = LEVEL_IN_SERVICE;
	size_t first = own_find(pools, &walk, class, rule->families);
	*outcome = (struct pool_outcome){0};
	if (first == walk.count && rule->fail_open) {
		class = LEVEL_REMOVED;
		first = own_find(pools, &walk, class, rule->families);
	}
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		const bool families[POOL_FAMILIES] = {
			f == POOL_IPV4 && rule->families[f], f == POOL_IPV6 && rule->families[f]};
		size_t own = own_find(pools, &walk, class, families);
		if (own == walk.count || (rule->together && own != first))
			continue;
		struct build build = {
			.pools = pools, .rule = rule, .walk = &walk, .class = class, .family = f};
		outcome->set[f] = build_set(&build, own);
		if (!outcome->set[f])
			return false;
	}
	return true;
}

size_t pools_levels(const struct pools *pools, const struct pool_rule *rule, unsigned country,
	struct pool_level levels[POOL_FALLBACK_MAX + 1])
{
	struct level_walk walk = level_walk(rule, country);
	for (size_t i = 0; i < walk.count; i++) {
		size_t number = level_number(&walk.places[i]);
		levels[i].place = walk.places[i];
		for (size_t f = 0; f < POOL_FAMILIES; f++) {
			levels[i].in_service[f] =
				pools->levels->lists[LEVEL_IN_SERVICE][f][number].count;
			levels[i].removed[f] = pools->levels->lists[LEVEL_REMOVED][f][number].count;
			levels[i].listed[f] = pools->levels->listed[f][number];
		}
	}
	return walk.count;
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
		*member = (struct pool_member){.octets = address->octets,
			.mirror = address->mirror,
			.address = plan->list.members[i],
			.weight = plan->mirrors->list[address->mirror].weight,
			.own = k == 0};
		return true;
	}
	return false;
}
