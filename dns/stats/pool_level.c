#include "dns/stats/pool_level.h"

#include "geo/walk.h"

#include <limits.h>
#include <stdio.h>

static unsigned place_level(const struct pool_place *place)
{
	switch ((enum place_kind)place->kind) {
	case PLACE_WORLD:
		return COUNTS_WORLD;
	case PLACE_CONTINENT:
		return place->code ? COUNTS_CONTINENTS + place->code : COUNTS_CONTINENT;
	case PLACE_COUNTRY:
		return COUNTS_COUNTRIES + place->code;
	}
	return COUNTS_OWN;
}

/* The continent of level 1. */
static uint16_t home_of(const struct pool_place *first)
{
	if (first->kind == PLACE_COUNTRY)
		return (uint16_t)country_continent(first->code);
	return first->kind == PLACE_CONTINENT ? first->code : CONTINENT_NONE;
}

/* The fallback that led to a place, as the configuration names it. */
static unsigned fallback_level(
	const struct pool_rule *rule, const struct pool_place *first, const struct pool_place *at)
{
	for (unsigned i = 0; i < rule->fallback_count; i++) {
		struct pool_place place = rule->fallback[i];
		if (place.kind == PLACE_CONTINENT && place.code == CONTINENT_NONE)
			place.code = home_of(first);
		if (place.kind == at->kind && place.code == at->code)
			return place_level(&rule->fallback[i]);
	}
	return place_level(at);
}

/* `number` is the level's in the walk. */
static unsigned country_level(const struct pools *pools, const struct pool_rule *rule,
	unsigned country, enum pool_family family, int *number)
{
	struct walk walk;
	pools_decide(pools, rule, country, &walk);
	*number = walk.own[family];
	if (walk.open)
		return COUNTS_REMOVED;
	if (*number > 0)
		return fallback_level(rule, &walk.levels[0].place, &walk.levels[*number].place);
	/* Who is in no country starts at the world. */
	bool nowhere = rule->from != POOL_FROM_FIXED && country == COUNTRY_NONE;
	return nowhere ? COUNTS_WORLD : COUNTS_OWN;
}

static const uint16_t *map_outcomes(const struct snapshot *snapshot, const struct map *map)
{
	for (size_t i = 0; i < snapshot->map_count; i++)
		if (refcount_get(snapshot->maps[i].map) == map)
			return snapshot->maps[i].outcome;
	return NULL;
}

unsigned pool_counts_level(const struct snapshot *snapshot, const struct pools *pools,
	const struct snapshot_pool *pool, uint32_t outcome, enum pool_family family)
{
	const struct pool_rule *rule = &pool->config->rule;
	int number, least = INT_MAX;
	unsigned level = COUNTS_WORLD;
	if (!pool->map)
		return country_level(pools, rule, pool->country, family, &number);
	const uint16_t *outcomes = map_outcomes(snapshot, pool->map);
	/* Countries first: one that has mirrors of its own says more than clients without a
	 * country. */
	for (unsigned i = 1; outcomes && i <= COUNTRY_MAX + 1; i++) {
		unsigned country = i % (COUNTRY_MAX + 1);
		if (outcomes[country] != outcome)
			continue;
		unsigned found = country_level(pools, rule, country, family, &number);
		if (number < least && (country || least == INT_MAX)) {
			least = number;
			level = found;
		}
	}
	return level;
}

void pool_counts_levels(const struct config_zone *zone, bool levels[COUNTS_LEVELS])
{
	for (unsigned i = 0; i < COUNTS_LEVELS; i++)
		levels[i] = false;
	for (size_t p = 0; p < zone->pool_count; p++) {
		const struct pool_rule *rule = &zone->pools[p].rule;
		levels[COUNTS_OWN] = true;
		levels[COUNTS_WORLD] |= rule->from == POOL_FROM_CLIENT;
		levels[COUNTS_REMOVED] |= rule->fail_open;
		for (unsigned i = 0; i < rule->fallback_count; i++)
			levels[place_level(&rule->fallback[i])] = true;
	}
}

const char *pool_counts_level_write(unsigned level, char text[COUNTS_LEVEL_TEXT])
{
	static const char *const names[] = {"own", "continent", "world", "removed"};
	if (level < COUNTS_CONTINENTS)
		return names[level];
	if (level < COUNTS_COUNTRIES)
		snprintf(text, COUNTS_LEVEL_TEXT, "continent:%s",
			continent_code((enum continent)(level - COUNTS_CONTINENTS)));
	else
		snprintf(text, COUNTS_LEVEL_TEXT, "country:%s",
			country_code(level - COUNTS_COUNTRIES));
	return text;
}
