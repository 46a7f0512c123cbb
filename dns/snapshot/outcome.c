#include "dns/snapshot/outcome.h"

#include <stdio.h>
#include <string.h>

bool owner_attach_no_memory(const struct owner_attach *attach)
{
	snprintf(attach->why, attach->size, "out of memory for zone %s", attach->config->name);
	return false;
}

/* Resolves outcome number `i` of a pool, whose outcomes before it are there. */
static bool outcome_fill(const struct owner_attach *attach, const struct config_pool *config,
	unsigned country, struct snapshot_outcome *outcomes, uint32_t i)
{
	struct pool_outcome found;
	if (!pools_resolve(attach->zone->pools, &config->rule, country, &found))
		return owner_attach_no_memory(attach);
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		uint32_t first = 0;
		outcomes[i].set[f] = found.set[f];
		while (outcomes[first].set[f] != found.set[f])
			first++;
		outcomes[i].turn[f] = first * POOL_FAMILIES + f;
	}
	return true;
}

/* The outcome of a rule whose place is fixed or a label's country. */
static bool outcomes_fixed(
	const struct owner_attach *attach, struct snapshot_pool *pool, unsigned country)
{
	struct snapshot *snapshot = attach->snapshot;
	struct snapshot_outcome *outcome = &snapshot->outcomes[snapshot->outcome_count++];
	pool->outcomes = outcome;
	pool->outcome_count = 1;
	return outcome_fill(attach, pool->config, country, outcome, 0);
}

static struct refcount *map_find_same(const struct snapshot *snapshot, const uint16_t *outcome)
{
	for (size_t i = 0; i < snapshot->map_count; i++)
		if (memcmp(snapshot->maps[i].outcome, outcome, sizeof(snapshot->maps->outcome)) ==
			0)
			return snapshot->maps[i].map;
	return NULL;
}

/* The map that parts the countries so. Compiling one takes a tenth of a second with a full
 * database, so an export that moves no country to other levels takes over the previous
 * snapshot's. */
static const struct map *map_for(const struct owner_attach *attach, const uint16_t *outcome)
{
	struct snapshot *snapshot = attach->snapshot;
	const struct snapshot *previous = attach->previous;
	struct refcount *map = map_find_same(snapshot, outcome);
	if (map)
		return refcount_get(map);
	if (previous && previous->inputs->places == snapshot->inputs->places)
		map = refcount_hold(map_find_same(previous, outcome));
	if (!map)
		map = refcount_new(
			map_build(refcount_get(snapshot->inputs->places), outcome), map_free);
	if (!map)
		return NULL;
	struct snapshot_map *own = &snapshot->maps[snapshot->map_count++];
	memcpy(own->outcome, outcome, sizeof(own->outcome));
	own->map = map;
	return refcount_get(map);
}

/* The outcomes of a client rule: each country's, equal ones once. */
static bool outcomes_client(const struct owner_attach *attach, struct snapshot_pool *pool)
{
	struct snapshot *snapshot = attach->snapshot;
	struct snapshot_outcome *outcomes = &snapshot->outcomes[snapshot->outcome_count];
	uint16_t number[COUNTRY_MAX + 1];
	uint16_t count = 0;
	for (unsigned country = 0; country <= COUNTRY_MAX; country++) {
		if (!outcome_fill(attach, pool->config, country, outcomes, count))
			return false;
		uint16_t i = 0;
		while (outcomes[i].set[POOL_IPV4] != outcomes[count].set[POOL_IPV4] ||
			outcomes[i].set[POOL_IPV6] != outcomes[count].set[POOL_IPV6])
			i++;
		count = (uint16_t)(count + (i == count));
		number[country] = i;
	}
	snapshot->outcome_count += count;
	pool->outcomes = outcomes;
	pool->outcome_count = count;
	pool->map = map_for(attach, number);
	return pool->map || owner_attach_no_memory(attach);
}

bool owner_attach_resolve(
	const struct owner_attach *attach, struct snapshot_pool *pool, unsigned country)
{
	if (pool->config->rule.from == POOL_FROM_CLIENT)
		return outcomes_client(attach, pool);
	return outcomes_fixed(attach, pool, country);
}
