/* dns/stats/health.h - is everything as it should be, and if not, what is it? */
#ifndef DNS_STATS_HEALTH_H
#define DNS_STATS_HEALTH_H

#include "dns/stats/totals.h"

/* {"healthy":BOOL,"serving":BOOL,"reasons":["one sentence", ...]}, malformed never; to be freed.
 * *healthy: all workers serve, no export is refused, no export, TXT string or database is stale, no
 * TXT string was never there.
 * NULL: no memory. */
char *health_page(void *totals, bool *healthy);

/* Workers that have not responded for ten seconds. */
unsigned health_silent(const struct totals *totals);

#endif
