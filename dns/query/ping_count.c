#include "dns/query/ping_count.h"

#include "geo/listing.h"

#include <stdlib.h>

enum { MIRROR_SETS = 256, RELEASE_SETS = 64 };

struct ping_count *ping_count_new(size_t addresses)
{
	struct ping_count *count = calloc(1, sizeof(*count));
	if (!count)
		return NULL;
	count->listed = calloc(addresses + 1, sizeof(*count->listed));
	if (heavy_hitters_init(&count->mirrors, MIRROR_SETS) &&
		heavy_hitters_init(&count->releases, RELEASE_SETS) && count->listed)
		return count;
	ping_count_free(count);
	return NULL;
}

void ping_count_free(struct ping_count *count)
{
	if (!count)
		return;
	heavy_hitters_free(&count->mirrors);
	heavy_hitters_free(&count->releases);
	free(count->listed);
	free(count);
}

void ping_count_add(
	struct ping_count *count, const struct snapshot_zone *zone, const struct ping *ping)
{
	uint32_t number = listing_find(zone->listing, ping->mirror);
	if (number) {
		counter_add(&count->listed[number - 1][ping->failed], 1);
	} else {
		counter_add(&count->unknown[ping->failed], 1);
		heavy_hitters_add(&count->mirrors, ping->mirror, ping->failed);
	}
	counter_add(&count->flevels[ping->flevel], 1);
	heavy_hitters_add(&count->releases, ping->release, ping->failed);
}

void ping_count_merge(struct ping_count *to, const struct ping_count *from)
{
	counter_add(&to->malformed, counter_get(&from->malformed));
	for (unsigned i = 0; i < PING_RESULTS; i++)
		counter_add(&to->unknown[i], counter_get(&from->unknown[i]));
	for (unsigned i = 0; i < PING_FLEVELS; i++)
		counter_add(&to->flevels[i], counter_get(&from->flevels[i]));
	heavy_hitters_merge(&to->mirrors, &from->mirrors);
	heavy_hitters_merge(&to->releases, &from->releases);
}

static size_t addresses_of(const struct snapshot *snapshot, size_t z)
{
	const struct mirrors *mirrors = refcount_get(snapshot->inputs->zones[z].mirrors);
	return mirrors ? mirrors->address_count : 0;
}

struct ping_counts *ping_counts_new(const struct snapshot *snapshot)
{
	struct ping_counts *counts =
		calloc(1, sizeof(*counts) + snapshot->zone_count * sizeof(struct ping_count *));
	if (!counts)
		return NULL;
	counts->zone_count = snapshot->zone_count;
	for (size_t z = 0; z < counts->zone_count; z++) {
		if (!snapshot->zones[z].ping_count)
			continue;
		counts->zones[z] = ping_count_new(addresses_of(snapshot, z));
		if (!counts->zones[z]) {
			ping_counts_free(counts);
			return NULL;
		}
	}
	return counts;
}

void ping_counts_free(struct ping_counts *counts)
{
	for (size_t z = 0; counts && z < counts->zone_count; z++)
		ping_count_free(counts->zones[z]);
	free(counts);
}
