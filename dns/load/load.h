/* dns/load/load.h - the order of loading: configuration, database, zones. */
#ifndef DNS_LOAD_LOAD_H
#define DNS_LOAD_LOAD_H

#include "dns/load/loader.h"

/* NULL: nothing can be served from this; `why` is the sentence. *refused counts the files whose
 * last good copy stays (each was logged; not those that cannot be read for a reason that has not
 * passed yet); the first one's sentence is in `why`. */
struct inputs *inputs_load(
	const struct inputs_request *request, unsigned *refused, char *why, size_t size);

#endif
