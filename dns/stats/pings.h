/* dns/stats/pings.h - what clients have told by statistics names: mirrornsctl pings. */
#ifndef DNS_STATS_PINGS_H
#define DNS_STATS_PINGS_H

#include "dns/stats/pool_counts.h"

#include <jansson.h>

enum { PINGS_MIRRORS_MAX = 5000, PINGS_ROWS_MAX = 64 /* of what is invented easily */ };

/* An object for each zone with ping names. `pattern` limits mirrors as a drain's glob does; NULL:
 * all. NULL: one sentence. The caller's. */
json_t *pings_json(const struct snapshot *snapshot, const struct pool_counts *pool_counts,
	const char *pattern, char *why, size_t size);

#endif
