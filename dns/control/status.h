/* dns/control/status.h - is what I wrote being served: what the verb status answers. */
#ifndef DNS_CONTROL_STATUS_H
#define DNS_CONTROL_STATUS_H

#include "dns/control/reload.h"

#include <jansson.h>

/* NULL: no memory. The caller's. */
json_t *status_json(const struct reload *reload, int64_t started);
#endif
