#include "dns/snapshot/find.h"

#include "dns/snapshot/ping.h"

#include <string.h>

bool find_name_at(struct find_name *found, const struct snapshot *snapshot, const uint8_t *name)
{
	struct name_key key;
	const struct zone_node *node;
	struct ping ping;
	const struct snapshot_ping *at;
	*found = (struct find_name){0};
	if (!name_key_parse(&key, name, name_size(name)))
		return false;
	found->zone = snapshot_zone(snapshot, &key, false);
	if (!found->zone)
		return false;
	switch (ping_find(found->zone, &key, &ping, &at)) {
	case PING_GOOD:
	case PING_PART:
		return true;
	case PING_NONE:
	case PING_MALFORMED:
		break;
	}
	switch (zone_find(found->zone->zone, &key, &node)) {
	case ZONE_FOUND:
	case ZONE_WILDCARD:
		found->node = node;
		found->pool = snapshot->dynamics[node->dynamic].pool;
		return true;
	case ZONE_NODATA:
	case ZONE_DNAME:
	case ZONE_DELEGATION:
		return true;
	case ZONE_NXDOMAIN:
	case ZONE_NOT_OURS:
		return false;
	}
	return false;
}

unsigned find_label(const struct config_pool *pool, const uint8_t *name)
{
	if (!pool->pattern || pool->rule.from != POOL_FROM_LABEL)
		return COUNTRY_NONE;
	for (unsigned i = 0; i < pool->star && *name; i++)
		name += *name + 1;
	return country_find((const char *)name + 1, *name);
}

bool walk_expand(uint8_t *name, const struct config_pool *config, const char *label)
{
	const uint8_t *star = config->wire;
	for (unsigned i = 0; i < config->star; i++)
		star += star[0] + 1;
	size_t before = (size_t)(star - config->wire), size = strlen(label);
	size_t after = name_size(config->wire) - before - 2;
	if (before + 1 + size + after > NAME_SIZE_MAX)
		return false;
	memcpy(name, config->wire, before);
	name[before] = (uint8_t)size;
	memcpy(name + before + 1, label, size);
	memcpy(name + before + 1 + size, star + 2, after);
	return true;
}
