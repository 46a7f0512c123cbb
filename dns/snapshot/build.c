#include "dns/snapshot/build.h"

#include "dns/snapshot/bind.h"
#include "dns/snapshot/ping_bind.h"
#include "zones/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOA_TAIL = 20, SOA_MINIMUM = 16 }; /* five numbers end an SOA's RDATA, MINIMUM the last */

/* The SOA of negative answers (RFC 2308 3). */
static bool soa_write(struct snapshot_zone *zone, const struct rrset *soa)
{
	uint8_t *image = malloc(soa->size);
	if (!image)
		return false;
	memcpy(image, soa->records, soa->size);
	const uint8_t *minimum = image + soa->size - SOA_TAIL + SOA_MINIMUM;
	uint32_t ttl = (uint32_t)wire_u16(minimum) << 16 | wire_u16(minimum + 2);
	if (ttl < soa->ttl) {
		wire_set16(image + 6, ttl >> 16);
		wire_set16(image + 8, ttl & 0xFFFF);
	}
	zone->soa = *soa;
	zone->soa.records = image;
	return true;
}

static bool file_put(struct snapshot_zone *zone, const struct zone_file *file)
{
	zone->zone = zone_new(file->apex);
	if (!zone->zone)
		return false;
	for (size_t i = 0; i < file->count; i++) {
		const struct zone_entry *entry = &file->entries[i];
		struct zone_node *node = zone_add(zone->zone, entry->owner);
		if (!node || !zone_put(zone->zone, node, &entry->rrset))
			return false;
		if (entry->rrset.type == TYPE_SOA && !soa_write(zone, &entry->rrset))
			return false;
	}
	return zone->soa.records;
}

static bool zone_link_at(struct snapshot *snapshot, const struct snapshot *previous, size_t z,
	char *why, size_t size)
{
	struct snapshot_zone *zone = &snapshot->zones[z];
	zone->config = &inputs_config(snapshot->inputs)->zones[z];
	snprintf(why, size, "out of memory for zone %s", zone->config->name);
	return file_put(zone, refcount_get(snapshot->inputs->zones[z].file)) &&
	       owner_attach_zone(snapshot, previous, z, why, size) &&
	       ping_attach(snapshot, z, why, size) && zone_link(zone->zone) &&
	       ping_attach_check(snapshot, z, why, size);
}

static bool apexes_link(struct snapshot *snapshot)
{
	uint32_t room = 2;
	while (room < 2 * snapshot->zone_count)
		room *= 2;
	snapshot->apexes = calloc(room, sizeof(*snapshot->apexes));
	snapshot->apex_mask = room - 1;
	if (!snapshot->apexes)
		return false;
	bool depths[NAME_LABELS_MAX + 1] = {false};
	for (uint32_t z = 0; z < snapshot->zone_count; z++) {
		struct snapshot_zone *zone = &snapshot->zones[z];
		struct name_path path;
		zone->apex = zone->config->apex;
		zone->apex_size = (uint8_t)name_size(zone->apex);
		if (!name_path_parse(&path, zone->apex, zone->apex_size))
			return false;
		uint32_t at = path.hash & snapshot->apex_mask;
		while (snapshot->apexes[at])
			at = (at + 1) & snapshot->apex_mask;
		snapshot->apexes[at] = z + 1;
		depths[path.labels] = true;
	}
	for (unsigned depth = NAME_LABELS_MAX + 1; depth-- > 0;)
		if (depths[depth])
			snapshot->depths[snapshot->depth_count++] = (uint8_t)depth;
	return true;
}

static void turns_fill(struct snapshot *snapshot, const struct snapshot_pool *pool)
{
	for (uint32_t i = 0; i < pool->outcome_count; i++)
		for (unsigned f = 0; f < POOL_FAMILIES; f++) {
			const struct pool_set *set = pool->outcomes[i].set[f];
			struct snapshot_turn *turn =
				&snapshot->turns[pool->turn + i * POOL_FAMILIES + f];
			turn->key =
				pool->name_hash ^ ((set ? set->key : 0) + f) * 0x9E3779B97F4A7C15;
			turn->period = set ? set->period : 1;
			turn->before = TURN_NEW;
		}
}

/* Finds every turn's forerunner by a table of the previous snapshot's keys. */
static bool turns_match(struct snapshot *snapshot, const struct snapshot *previous)
{
	size_t room = 2;
	if (!previous)
		return true;
	while (room < 2 * previous->turn_count)
		room *= 2;
	uint32_t *table = calloc(room, sizeof(*table));
	if (!table)
		return false;
	for (uint32_t i = 0; i < previous->turn_count; i++) {
		size_t at = previous->turns[i].key & (room - 1);
		while (table[at])
			at = (at + 1) & (room - 1);
		table[at] = i + 1;
	}
	for (size_t i = 0; i < snapshot->turn_count; i++) {
		struct snapshot_turn *turn = &snapshot->turns[i];
		size_t at = turn->key & (room - 1);
		while (table[at] && previous->turns[table[at] - 1].key != turn->key)
			at = (at + 1) & (room - 1);
		if (table[at])
			turn->before = table[at] - 1;
	}
	free(table);
	return true;
}

static bool turns_link(struct snapshot *snapshot, const struct snapshot *previous)
{
	snapshot->turns = calloc(snapshot->turn_count + 1, sizeof(*snapshot->turns));
	if (!snapshot->turns)
		return false;
	for (size_t i = 0; i < snapshot->pool_count; i++)
		turns_fill(snapshot, &snapshot->pools[i]);
	return turns_match(snapshot, previous);
}

static bool everything_build(
	struct snapshot *snapshot, const struct snapshot *previous, char *why, size_t size)
{
	const struct config *config = inputs_config(snapshot->inputs);
	snapshot->zone_count = config->zone_count;
	snapshot->zones = calloc(config->zone_count + 1, sizeof(*snapshot->zones));
	snapshot->identity = config->identity;
	snapshot->identity_size = (uint16_t)strlen(config->identity);
	snapshot->version = config->version_reply;
	snapshot->version_size = (uint16_t)strlen(config->version_reply);
	snapshot->max_udp_size = config->max_udp_size;
	snprintf(why, size, "out of memory for the snapshot");
	if (!snapshot->zones || !owner_attach_prepare(snapshot))
		return false;
	for (size_t z = 0; z < snapshot->zone_count; z++)
		if (!zone_link_at(snapshot, previous, z, why, size))
			return false;
	snprintf(why, size, "out of memory for the snapshot");
	return apexes_link(snapshot) && turns_link(snapshot, previous);
}

struct snapshot *snapshot_new(
	struct inputs *inputs, const struct snapshot *previous, char *why, size_t size)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	if (!snapshot) {
		snprintf(why, size, "out of memory for the snapshot");
		inputs_free(inputs);
		return NULL;
	}
	snapshot->inputs = inputs;
	if (everything_build(snapshot, previous, why, size))
		return snapshot;
	snapshot_free(snapshot);
	return NULL;
}
