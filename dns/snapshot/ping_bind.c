#include "dns/snapshot/ping_bind.h"

#include "dns/base/why.h"
#include "geo/listing.h"

#include <stdio.h>
#include <stdlib.h>

enum { ADDRESS_SIZE = 4 };

static bool one_bind(
	struct snapshot_zone *zone, struct snapshot_ping *ping, const struct config_ping *config)
{
	ping->wire = config->wire;
	ping->size = (uint8_t)name_size(config->wire);
	ping->address = (struct rrset){
		.type = TYPE_A, .count = 1, .ttl = config->ttl, .records = ping->image};
	ping->address.size = (uint32_t)record_write(
		ping->image, TYPE_A, config->ttl, config->address, ADDRESS_SIZE);
	if (ping->size < zone->ping_size) {
		zone->ping_size = ping->size;
		zone->ping_label = ping->wire[0];
	}
	return zone_add(zone->zone, config->wire);
}

bool ping_attach(struct snapshot *snapshot, size_t z, char *why, size_t size)
{
	struct snapshot_zone *zone = &snapshot->zones[z];
	const struct config_zone *config = zone->config;
	zone->ping_size = UINT8_MAX;
	if (!config->ping_count)
		return true;
	struct snapshot_ping *pings = calloc(config->ping_count, sizeof(*pings));
	bool good = pings;
	zone->pings = pings;
	zone->listing = listing_new(refcount_get(snapshot->inputs->zones[z].mirrors));
	for (; good && zone->ping_count < config->ping_count; zone->ping_count++)
		good = one_bind(zone, &pings[zone->ping_count], &config->pings[zone->ping_count]);
	if (good && zone->listing)
		return true;
	return why_write(why, size, "out of memory for zone %s", config->name);
}

/* The first name of the zone file below a ping name, or NULL. */
static const uint8_t *below_find(const struct zone_file *file, const uint8_t *wire)
{
	for (size_t i = 0; i < file->count; i++)
		if (name_is_within(file->entries[i].owner, wire))
			return file->entries[i].owner;
	return NULL;
}

/* What is in the way of a ping name; false: nothing. */
static bool fault_find(
	const struct snapshot *snapshot, size_t z, const uint8_t *wire, char *fault, size_t size)
{
	struct name_key key;
	const struct zone_node *node;
	char text[NAME_TEXT_MAX];
	const struct zone_file *file = refcount_get(snapshot->inputs->zones[z].file);
	name_key_parse(&key, wire, NAME_SIZE_MAX);
	switch (zone_find(snapshot->zones[z].zone, &key, &node)) {
	case ZONE_DELEGATION:
		snprintf(fault, size, "the zone file has a delegation at or above it");
		return true;
	case ZONE_DNAME:
		snprintf(fault, size, "the zone file has a DNAME at or above it");
		return true;
	case ZONE_NODATA:
		if (!node->has_children)
			return false;
		break;
	case ZONE_FOUND:
	case ZONE_WILDCARD:
	case ZONE_NXDOMAIN:
	case ZONE_NOT_OURS:
		break;
	}
	const uint8_t *below = below_find(file, wire);
	snprintf(fault, size, "%s %s", below ? "the zone file has" : "a pool's pattern gives",
		below ? name_write(below, text) : "a name at or below it");
	return true;
}

bool ping_attach_check(const struct snapshot *snapshot, size_t z, char *why, size_t size)
{
	const struct config_zone *config = snapshot->zones[z].config;
	char fault[NAME_TEXT_MAX + 64];
	for (size_t i = 0; i < config->ping_count; i++) {
		const struct config_ping *ping = &config->pings[i];
		if (!fault_find(snapshot, z, ping->wire, fault, sizeof(fault)))
			continue;
		return why_write(why, size,
			"%s:%u: ping \"%s\" in zone %s: %s, "
			"expected an unused name with nothing below it",
			config_line_file(&inputs_config(snapshot->inputs)->arena, ping->line),
			config_line_number(ping->line), ping->name, config->name, fault);
	}
	return true;
}
