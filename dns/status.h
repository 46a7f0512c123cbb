/* dns/status.h - is what I wrote being served: what the verbs status and stats answer. */
#ifndef DNS_STATUS_H
#define DNS_STATUS_H

#include "dns/reload.h"

#include <jansson.h>

/* NULL: no memory. The caller's. */
json_t *status_json(const struct reload *reload, int64_t started);
/* Everything counted so far, by names that do not change. `before`: the counters of a server whose sockets were taken
 * over, which these go on from; may be NULL. */
json_t *stats_json(const struct reload *reload, const json_t *before);

#endif
