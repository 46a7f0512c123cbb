/* dns/stats/totals_json.h - what is counted, on its way to the server that takes over. */
#ifndef DNS_STATS_TOTALS_JSON_H
#define DNS_STATS_TOTALS_JSON_H

#include "dns/stats/totals.h"

#include <jansson.h>

/* All sums so far, by names that other versions know, too. Takes the lock. NULL: no memory. The
 * caller's. */
json_t *totals_json(struct totals *totals);

/* Goes on from what totals_json told, before the first snapshot is attached. What is not known or
 * is no count is left out: nothing of it is trusted. False: no memory. */
bool totals_json_inherit(struct totals *totals, const json_t *json);

#endif
