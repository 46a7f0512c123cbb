/* dns/stats/stats.h - totals since the start, by name: what `mirrornsctl stats` shows. */
#ifndef DNS_STATS_STATS_H
#define DNS_STATS_STATS_H

#include "dns/stats/totals.h"

#include <jansson.h>

/* Numbers, some in groups; names do not change. Over a takeover they go on. NULL: no memory. The
 * caller's. */
json_t *stats_json(struct totals *totals, const struct snapshot *current);

#endif
