/* dns/stats/totals_json.h - what is counted, on its way to the server that takes over. */
#ifndef DNS_STATS_TOTALS_JSON_H
#define DNS_STATS_TOTALS_JSON_H

#include "dns/stats/totals.h"

#include <jansson.h>

/* All sums so far, by names that other versions know, too. Takes the lock. NULL: no memory. The caller's. */
json_t *ledger_json(struct ledger *ledger);

/* Goes on from what ledger_json told, before the first book is opened. What is not known or is no count is left out: nothing
 * of it is trusted. False: no memory. */
bool ledger_json_inherit(struct ledger *ledger, const json_t *json);

#endif
