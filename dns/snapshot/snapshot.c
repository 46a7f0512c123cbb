#include "dns/snapshot/snapshot.h"

#include "geo/listing.h"

#include <stdlib.h>
#include <string.h>

static const struct snapshot_zone *apex_find(
	const struct snapshot *snapshot, const struct name_path *path, unsigned label)
{
	const uint8_t *name = path->wire + path->start[label];
	size_t size = (size_t)path->size - path->start[label];
	uint32_t at = name_path_hash(path, label) & snapshot->apex_mask;
	for (; snapshot->apexes[at]; at = (at + 1) & snapshot->apex_mask) {
		const struct snapshot_zone *zone = &snapshot->zones[snapshot->apexes[at] - 1];
		if (zone->apex_size == size && memcmp(zone->apex, name, size) == 0)
			return zone;
	}
	return NULL;
}

const struct snapshot_zone *snapshot_zone(
	const struct snapshot *snapshot, const struct name_key *key, bool above)
{
	const struct snapshot_zone *own = NULL;
	struct name_path cut, *path = &cut;
	if (snapshot->zone_count == 1)
		return &snapshot->zones[0];
	name_path_cut(path, key);
	for (unsigned i = 0; i < snapshot->depth_count; i++) {
		if (snapshot->depths[i] > path->labels)
			continue;
		unsigned label = path->labels - snapshot->depths[i];
		const struct snapshot_zone *zone = apex_find(snapshot, path, label);
		if (!zone)
			continue;
		if (label > 0 || !above)
			return zone;
		own = zone;
	}
	return own;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t z = 0; snapshot->zones && z < snapshot->zone_count; z++) {
		zone_free(snapshot->zones[z].zone);
		pools_free(snapshot->zones[z].pools);
		free((void *)snapshot->zones[z].soa.records);
		free(snapshot->zones[z].pings);
		listing_free(snapshot->zones[z].listing);
	}
	for (size_t i = 0; snapshot->maps && i < snapshot->map_count; i++)
		refcount_release(snapshot->maps[i].map);
	for (size_t i = 0; snapshot->images && i < snapshot->image_count; i++)
		free(snapshot->images[i]);
	free(snapshot->maps);
	free(snapshot->images);
	free(snapshot->outcomes);
	free(snapshot->zones);
	free(snapshot->apexes);
	free(snapshot->dynamics);
	free(snapshot->pools);
	free(snapshot->turns);
	inputs_free(snapshot->inputs);
	free(snapshot);
}
