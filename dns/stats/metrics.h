/* dns/stats/metrics.h - the numbers as Prometheus reads them (text format 0.0.4). */
#ifndef DNS_STATS_METRICS_H
#define DNS_STATS_METRICS_H

#include "dns/stats/totals.h"

/* To be freed; *good stays. NULL: no memory. */
char *metrics_page(void *totals, bool *good);

#endif
