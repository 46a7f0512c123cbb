/* dns/stats/pool_level.h - which level of a pool an outcome comes from, as metrics name it. */
#ifndef DNS_STATS_POOL_LEVEL_H
#define DNS_STATS_POOL_LEVEL_H

#include "dns/snapshot/snapshot.h"

/* Which level served. Behind the named ones: continents, then countries, that a fallback list
 * names. */
enum pool_counts_level {
	COUNTS_OWN, /* level 1 */
	COUNTS_CONTINENT,
	COUNTS_WORLD,
	COUNTS_REMOVED, /* no mirror is in service: removed mirrors (fail = "open") */
	COUNTS_CONTINENTS,
	COUNTS_COUNTRIES = COUNTS_CONTINENTS + CONTINENT_MAX + 1,
	COUNTS_LEVELS = COUNTS_COUNTRIES + COUNTRY_MAX + 1
};

enum { COUNTS_LEVEL_TEXT = 16 };

/* Which levels can a zone's pools come to? */
void pool_counts_levels(const struct config_zone *zone, bool levels[COUNTS_LEVELS]);
/* "own", "continent", "world", "removed", "continent:EU", "country:FR"; returns text. */
const char *pool_counts_level_write(unsigned level, char text[COUNTS_LEVEL_TEXT]);
/* The level that serves outcome number `outcome` of a pool, which is not NODATA in this family.
 * Where countries come to one outcome by several levels, it is the first of them. */
unsigned pool_counts_level(const struct snapshot *snapshot, const struct pools *pools,
	const struct snapshot_pool *pool, uint32_t outcome, enum pool_family family);

#endif
