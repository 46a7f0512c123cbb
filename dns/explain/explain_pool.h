/* dns/explain/explain_pool.h - a pool for one client in words: levels, candidates, who is left out.
 *
 * From the outcome that serve() answers from. Each list is a new JSON array, or NULL without
 * memory. */
#ifndef DNS_EXPLAIN_EXPLAIN_POOL_H
#define DNS_EXPLAIN_EXPLAIN_POOL_H

#include "dns/snapshot/snapshot.h"
#include "geo/walk.h"

#include <jansson.h>

enum { EXPLAIN_LIST_MAX = 10000 /* candidates shown of a family */, EXPLAIN_LEFT_MAX = 1000 };

struct explain_pool {
	const struct inputs *inputs;
	const struct snapshot_zone *zone;
	const struct snapshot_pool *pool;
	const struct snapshot_outcome *outcome;
	struct walk walk;
	unsigned country; /* that level 1 stands for; COUNTRY_NONE: none */
};

json_t *explain_levels(const struct explain_pool *explain);
/* *more: how many there are beyond the list. */
json_t *explain_candidates(const struct explain_pool *explain, size_t *more);
/* Those at the levels that were asked who are not served, and why; *more as above. */
json_t *explain_left_out(const struct explain_pool *explain, size_t *more);

/* Is a mirror of this level taken only because of `fallback`? */
bool explain_falls_back(const struct explain_pool *explain);

#endif
