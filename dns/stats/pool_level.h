/* dns/stats/pool_level.h - which level of a pool an outcome comes from, as metrics name it. */
#ifndef DNS_STATS_POOL_LEVEL_H
#define DNS_STATS_POOL_LEVEL_H

#include "dns/snapshot/snapshot.h"

/* Which level served. Behind the named ones: continents, then countries, that a fallback list names. */
enum tally_level {
	TALLY_OWN, /* level 1 */
	TALLY_CONTINENT,
	TALLY_WORLD,
	TALLY_REMOVED, /* nobody is in service: removed mirrors (fail = "open") */
	TALLY_CONTINENTS,
	TALLY_COUNTRIES = TALLY_CONTINENTS + CONTINENT_MAX + 1,
	TALLY_LEVELS = TALLY_COUNTRIES + COUNTRY_MAX + 1
};

enum { TALLY_LEVEL_TEXT = 16 };

/* Which levels can a zone's pools come to? */
void tally_levels(const struct config_zone *zone, bool levels[TALLY_LEVELS]);
/* "own", "continent", "world", "removed", "continent:EU", "country:FR"; returns text. */
const char *tally_level_write(unsigned level, char text[TALLY_LEVEL_TEXT]);
/* The level that serves outcome number `outcome` of a pool, which is not NODATA in this family. Where countries come to one
 * outcome by several levels, it is the first of them. */
unsigned tally_level(const struct snapshot *snapshot, const struct pools *pools,
	const struct snapshot_pool *pool, uint32_t outcome, enum pool_family family);

#endif
