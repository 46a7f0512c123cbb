#include "dns/stats/pool_counts.h"

#include <stdlib.h>
#include <string.h>

/* --- rows --- */

struct pool_counts_member *pool_counts_member(
	const struct pool_counts_zone *zone, const struct address *address)
{
	if (!zone->member_count)
		return NULL;
	return bsearch(address, zone->members, zone->member_count, sizeof(*zone->members),
		address_compare);
}

/* Rows mostly stand where they stood, so the first guess is right. */
static struct pool_counts_pool *pool_find(
	const struct pool_counts_zone *zone, const uint8_t *wire, size_t guess)
{
	if (guess < zone->pool_count && name_equal(zone->pools[guess].wire, wire))
		return &zone->pools[guess];
	for (size_t p = 0; p < zone->pool_count; p++)
		if (name_equal(zone->pools[p].wire, wire))
			return &zone->pools[p];
	return NULL;
}

static struct pool_counts_zone *zone_find_row(
	const struct pool_counts *pool_counts, const uint8_t *apex, size_t guess)
{
	if (guess < pool_counts->zone_count && name_equal(pool_counts->zones[guess].apex, apex))
		return &pool_counts->zones[guess];
	for (size_t z = 0; z < pool_counts->zone_count; z++)
		if (name_equal(pool_counts->zones[z].apex, apex))
			return &pool_counts->zones[z];
	return NULL;
}

static void zone_free_rows(struct pool_counts_zone *zone)
{
	free(zone->pools);
	free(zone->members);
	ping_count_free(zone->pings);
}

void pool_counts_free(struct pool_counts *pool_counts)
{
	for (size_t z = 0; pool_counts->zones && z < pool_counts->zone_count; z++)
		zone_free_rows(&pool_counts->zones[z]);
	free(pool_counts->zones);
	*pool_counts = (struct pool_counts){0};
}

/* --- follow --- */

static bool pools_follow(struct pool_counts_zone *zone, const struct pool_counts_zone *before,
	const struct config_zone *config)
{
	zone->pools = calloc(config->pool_count + 1, sizeof(*zone->pools));
	if (!zone->pools)
		return false;
	zone->pool_count = config->pool_count;
	for (size_t p = 0; p < config->pool_count; p++) {
		memcpy(zone->pools[p].wire, config->pools[p].wire, NAME_SIZE_MAX);
		const struct pool_counts_pool *row =
			before ? pool_find(before, config->pools[p].wire, p) : NULL;
		zone->pools[p].answers = row ? row->answers : 0;
	}
	return true;
}

/* Who has a row keeps it; new ones get one while there is room. */
static bool members_follow(struct pool_counts_zone *zone, const struct pool_counts_zone *before,
	const struct mirrors *mirrors)
{
	size_t count = mirrors ? mirrors->address_count : 0;
	size_t room = count < POOL_COUNTS_MEMBERS_MAX ? count : POOL_COUNTS_MEMBERS_MAX;
	zone->members = calloc(room + 1, sizeof(*zone->members));
	if (!zone->members)
		return false;
	for (unsigned fresh = 0; fresh < 2; fresh++)
		for (size_t i = 0; i < count && zone->member_count < room; i++) {
			const struct address *address = &mirrors->addresses[i].at;
			const struct pool_counts_member *row =
				before ? pool_counts_member(before, address) : NULL;
			if (fresh == (row != NULL))
				continue;
			struct pool_counts_member *member = &zone->members[zone->member_count++];
			member->address = *address;
			member->firsts = row ? row->firsts : 0;
			for (unsigned r = 0; r < PING_RESULTS; r++)
				member->pings[r] = row ? row->pings[r] : 0;
		}
	qsort(zone->members, zone->member_count, sizeof(*zone->members), address_compare);
	return true;
}

/* NULL, too, where there is nothing to follow; false: no memory. */
static bool pings_copy(struct ping_count **to, const struct ping_count *from)
{
	*to = from ? ping_count_new(0) : NULL;
	if (*to)
		ping_count_merge(*to, from);
	return *to || !from;
}

static bool pings_follow(struct pool_counts_zone *zone, const struct pool_counts_zone *before,
	const struct config_zone *config)
{
	if (!config->ping_count)
		return true;
	if (before && before->pings)
		return pings_copy(&zone->pings, before->pings);
	zone->pings = ping_count_new(0);
	return zone->pings;
}

bool pool_counts_resize(struct pool_counts *pool_counts, const struct snapshot *snapshot)
{
	const struct config *config = inputs_config(snapshot->inputs);
	struct pool_counts next = {.zones = calloc(config->zone_count + 1, sizeof(*next.zones))};
	for (size_t z = 0; next.zones && z < config->zone_count; z++) {
		struct pool_counts_zone *zone = &next.zones[next.zone_count++];
		const struct pool_counts_zone *before =
			zone_find_row(pool_counts, config->zones[z].apex, z);
		memcpy(zone->apex, config->zones[z].apex, NAME_SIZE_MAX);
		if (before) {
			memcpy(zone->levels, before->levels, sizeof(zone->levels));
			zone->others = before->others;
			zone->refused = before->refused;
		}
		if (!pools_follow(zone, before, &config->zones[z]) ||
			!pings_follow(zone, before, &config->zones[z]) ||
			!members_follow(
				zone, before, refcount_get(snapshot->inputs->zones[z].mirrors))) {
			pool_counts_free(&next);
			return false;
		}
	}
	if (!next.zones)
		return false;
	pool_counts_free(pool_counts);
	*pool_counts = next;
	return true;
}

/* --- add --- */

/* One zone's part of a snapshot and of a worker's turns. */
struct adding {
	const struct snapshot *snapshot;
	const struct snapshot_zone *zone;
	const struct turn *turns;
	struct pool_counts_zone *row;
	uint64_t *times; /* first places by the number of the export's address */
};

/* What a name's turns tell; returns its answers. */
static uint64_t pool_add(const struct adding *adding, const struct snapshot_pool *pool)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < pool->outcome_count; i++)
		for (unsigned f = 0; f < POOL_FAMILIES; f++) {
			const struct turn *turn =
				&adding->turns[pool->turn + i * POOL_FAMILIES + f];
			const struct pool_set *set = pool->outcomes[i].set[f];
			uint64_t answers =
				atomic_load_explicit(&turn->answers, memory_order_relaxed);
			if (!answers || !set)
				continue;
			sum += answers;
			pool_firsts(set, turn->first, answers, adding->times);
			adding->row->levels[pool_counts_level(adding->snapshot, adding->zone->pools,
				pool, i, (enum pool_family)f)] += answers;
		}
	return sum;
}

static void members_add(const struct adding *adding, const struct mirrors *mirrors)
{
	for (size_t i = 0; i < mirrors->address_count; i++) {
		if (!adding->times[i])
			continue;
		struct pool_counts_member *row =
			pool_counts_member(adding->row, &mirrors->addresses[i].at);
		if (row)
			row->firsts += adding->times[i];
		else if (adding->row->member_count == POOL_COUNTS_MEMBERS_MAX)
			adding->row->others += adding->times[i];
	}
}

static bool zone_add_turns(const struct adding *adding, size_t z)
{
	const struct snapshot *snapshot = adding->snapshot;
	const struct mirrors *mirrors = refcount_get(snapshot->inputs->zones[z].mirrors);
	struct adding with = *adding;
	size_t end = z + 1 < snapshot->zone_count ? snapshot->zones[z + 1].first_pool
						  : snapshot->pool_count;
	if (!mirrors)
		return true;
	with.times = calloc(mirrors->address_count + 1, sizeof(*with.times));
	if (!with.times)
		return false;
	for (size_t i = adding->zone->first_pool; i < end; i++) {
		const struct snapshot_pool *pool = &snapshot->pools[i];
		uint64_t answers = pool_add(&with, pool);
		size_t guess = (size_t)(pool->config - adding->zone->config->pools);
		struct pool_counts_pool *row =
			answers ? pool_find(with.row, pool->config->wire, guess) : NULL;
		if (row)
			row->answers += answers;
	}
	members_add(&with, mirrors);
	free(with.times);
	return true;
}

static void pings_add(
	struct pool_counts_zone *row, const struct mirrors *mirrors, const struct ping_count *pings)
{
	ping_count_merge(row->pings, pings);
	for (size_t i = 0; mirrors && i < mirrors->address_count; i++)
		for (unsigned r = 0; r < PING_RESULTS; r++) {
			uint64_t times = counter_get(&pings->listed[i][r]);
			struct pool_counts_member *member =
				times ? pool_counts_member(row, &mirrors->addresses[i].at) : NULL;
			if (member)
				member->pings[r] += times;
			else if (row->member_count == POOL_COUNTS_MEMBERS_MAX)
				counter_add(&row->pings->unknown[r], times);
		}
}

bool pool_counts_add(struct pool_counts *pool_counts, const struct snapshot *snapshot,
	const struct turn *turns, const struct ping_counts *pings)
{
	bool good = true;
	for (size_t z = 0; z < snapshot->zone_count; z++) {
		struct adding adding = {
			.snapshot = snapshot, .zone = &snapshot->zones[z], .turns = turns};
		adding.row = zone_find_row(pool_counts, adding.zone->config->apex, z);
		if (!adding.row)
			continue;
		good &= zone_add_turns(&adding, z);
		if (pings && pings->zones[z] && adding.row->pings)
			pings_add(adding.row, refcount_get(snapshot->inputs->zones[z].mirrors),
				pings->zones[z]);
	}
	return good;
}

void pool_counts_refusals(struct pool_counts *pool_counts, const struct snapshot *snapshot)
{
	const struct config *config = inputs_config(snapshot->inputs);
	for (size_t z = 0; z < config->zone_count; z++) {
		const struct inputs_verdict *verdict =
			&snapshot->inputs->verdicts[inputs_export(config, z)];
		struct pool_counts_zone *row = zone_find_row(pool_counts, config->zones[z].apex, z);
		if (row && verdict->fresh && verdict->why)
			row->refused++;
	}
}

void pool_counts_sort(struct pool_counts *pool_counts)
{
	for (size_t z = 0; pool_counts->zones && z < pool_counts->zone_count; z++)
		qsort(pool_counts->zones[z].members, pool_counts->zones[z].member_count,
			sizeof(*pool_counts->zones->members), address_compare);
}

/* --- copy --- */

static void *rows_copy(const void *rows, size_t count, size_t size)
{
	void *copy = calloc(count + 1, size);
	return copy ? memcpy(copy, rows, count * size) : NULL;
}

bool pool_counts_copy(struct pool_counts *to, const struct pool_counts *from)
{
	*to = (struct pool_counts){.zones = calloc(from->zone_count + 1, sizeof(*to->zones))};
	if (!to->zones)
		return false;
	for (size_t z = 0; z < from->zone_count; z++) {
		const struct pool_counts_zone *zone = &from->zones[z];
		struct pool_counts_zone *copy = &to->zones[to->zone_count++];
		*copy = *zone;
		bool pings = pings_copy(&copy->pings, zone->pings);
		copy->pools = rows_copy(zone->pools, zone->pool_count, sizeof(*zone->pools));
		copy->members =
			rows_copy(zone->members, zone->member_count, sizeof(*zone->members));
		if (!copy->pools || !copy->members || !pings) {
			pool_counts_free(to);
			return false;
		}
	}
	return true;
}
