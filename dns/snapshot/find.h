/* dns/snapshot/find.h - a pool's levels for one place, and which of them serves: for whoever explains a pool.
 *
 * Counts come from geo/pool, which decides by the same ones. Allocates nothing. */
#ifndef DNS_SNAPSHOT_FIND_H
#define DNS_SNAPSHOT_FIND_H

#include "dns/snapshot/snapshot.h"

enum { WALK_NONE = -1, WALK_PLACE_MAX = 16, WALK_RULE_MAX = 16 };

struct walk {
	struct pool_level levels[POOL_FALLBACK_MAX + 1];
	int count;
	int own[POOL_FAMILIES]; /* the level whose members are first; WALK_NONE: NODATA */
	bool open; /* nobody is in service: who is served was removed */
};

/* What is at a name, or at the pattern that covers it. */
struct walk_name {
	const struct snapshot_zone *zone;
	const struct zone_node *
		node; /* NULL: an empty non-terminal, a statistics name, or a delegation or DNAME above it */
	const struct snapshot_pool *pool; /* NULL: none */
};

/* False: no zone of ours has such a name. */
bool walk_name_find(struct walk_name *found, const struct snapshot *snapshot, const uint8_t *name);

/* The country that a pool's name stands for; COUNTRY_NONE: it is no name of a label pool. */
unsigned walk_label(const struct config_pool *pool, const uint8_t *name);

/* `country` as for pools_resolve. */
void walk_find(struct walk *walk, const struct pools *pools, const struct pool_rule *rule,
	unsigned country);

/* Who of a level is served: those in service, or the removed ones. */
uint32_t walk_served(const struct walk *walk, int level, enum pool_family family);

/* "country:DE", "continent:EU", "world"; returns text. */
const char *walk_place_write(const struct pool_place *place, char text[WALK_PLACE_MAX]);
const char *walk_place_name(const struct pool_place *place); /* in English */
bool walk_place_has(const struct pool_place *place, unsigned country);
/* A pool's `from` as configured; returns text. */
const char *walk_rule_write(const struct pool_rule *rule, char text[WALK_RULE_MAX]);

static inline const char *walk_family(unsigned family)
{
	return family == POOL_IPV4 ? "ipv4" : "ipv6";
}

#endif
