#include "dns/snapshot/find.h"

#include "dns/snapshot/ping.h"

#include <string.h>

bool walk_name_find(struct walk_name *found, const struct snapshot *snapshot, const uint8_t *name)
{
	struct name_key key;
	const struct zone_node *node;
	struct ping ping;
	const struct snapshot_ping *at;
	*found = (struct walk_name){0};
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
		found->pool = snapshot->bindings[node->binding].pool;
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

unsigned walk_label(const struct config_pool *pool, const uint8_t *name)
{
	if (!pool->pattern || pool->rule.from != POOL_FROM_LABEL)
		return COUNTRY_NONE;
	for (unsigned i = 0; i < pool->star && *name; i++)
		name += *name + 1;
	return country_find((const char *)name + 1, *name);
}

uint32_t walk_served(const struct walk *walk, int level, enum pool_family family)
{
	const struct pool_level *at = &walk->levels[level];
	return walk->open ? at->removed[family] : at->in_service[family];
}

/* The first level where a family among `families` has somebody; WALK_NONE: none has. */
static int level_find(const struct walk *walk, const bool families[POOL_FAMILIES])
{
	for (int i = 0; i < walk->count; i++)
		for (unsigned f = 0; f < POOL_FAMILIES; f++)
			if (families[f] && walk_served(walk, i, f))
				return i;
	return WALK_NONE;
}

void walk_find(struct walk *walk, const struct pools *pools, const struct pool_rule *rule,
	unsigned country)
{
	walk->count = (int)pools_levels(pools, rule, country, walk->levels);
	walk->open = false;
	int first = level_find(walk, rule->families);
	if (first == WALK_NONE && rule->fail_open) {
		walk->open = true;
		first = level_find(walk, rule->families);
		walk->open = first != WALK_NONE;
	}
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		const bool families[POOL_FAMILIES] = {
			f == POOL_IPV4 && rule->families[f], f == POOL_IPV6 && rule->families[f]};
		int own = level_find(walk, families);
		walk->own[f] = rule->together && own != first ? WALK_NONE : own;
	}
}

/* Without printf: the answer path writes places too. */
const char *walk_place_write(const struct pool_place *place, char text[WALK_PLACE_MAX])
{
	switch ((enum place_kind)place->kind) {
	case PLACE_WORLD:
		stpcpy(text, "world");
		break;
	case PLACE_CONTINENT:
		stpcpy(stpcpy(text, "continent:"), continent_code((enum continent)place->code));
		break;
	case PLACE_COUNTRY:
		stpcpy(stpcpy(text, "country:"), country_code(place->code));
		break;
	}
	return text;
}

const char *walk_place_name(const struct pool_place *place)
{
	static const char *const continents[CONTINENT_MAX + 1] = {"", "Africa", "Antarctica",
		"Asia", "Europe", "North America", "Oceania", "South America"};
	switch ((enum place_kind)place->kind) {
	case PLACE_WORLD:
		return "the world";
	case PLACE_CONTINENT:
		return continents[place->code];
	case PLACE_COUNTRY:
		return country_name(place->code);
	}
	return "";
}

bool walk_place_has(const struct pool_place *place, unsigned country)
{
	switch ((enum place_kind)place->kind) {
	case PLACE_WORLD:
		return true;
	case PLACE_CONTINENT:
		return country_continent(country) == (enum continent)place->code;
	case PLACE_COUNTRY:
		return country == place->code;
	}
	return false;
}

const char *walk_rule_write(const struct pool_rule *rule, char text[WALK_RULE_MAX])
{
	switch ((enum pool_from)rule->from) {
	case POOL_FROM_LABEL:
		stpcpy(text, "label");
		break;
	case POOL_FROM_CLIENT:
		stpcpy(text, "client");
		break;
	case POOL_FROM_FIXED:
		return walk_place_write(&rule->fixed, text);
	}
	return text;
}
