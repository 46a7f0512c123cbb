/* dns/explain/diff_pools.h - which countries have more or fewer mirrors, or another level, with
 * another export. */
#ifndef DNS_EXPLAIN_DIFF_POOLS_H
#define DNS_EXPLAIN_DIFF_POOLS_H

#include "dns/config/zone.h"
#include "geo/pool.h"

#include <jansson.h>

enum { DIFF_LIST_MAX = 1000 /* hosts shown of each kind, and level changes */ };

/* Two exports of one zone, as pools. */
struct diff_pair {
	const struct config_zone *config;
	const struct pools *before, *after;
};

/* Countries whose members in service are not as many as before. NULL: no memory. */
json_t *diff_countries(const struct diff_pair *pair);
/* For each pool and family the levels that change, with the countries that change so: the first
 * DIFF_LIST_MAX, *more are left out. NULL: no memory. */
json_t *diff_levels(const struct diff_pair *pair, size_t *more);

#endif
