/* dns/explain/explain.h - who gets what, and why: one name for one client, as mirrornsctl explain
 * says it.
 *
 * Decides by the tables that serve() decides by, and adds a real answer of serve(). */
#ifndef DNS_EXPLAIN_EXPLAIN_H
#define DNS_EXPLAIN_EXPLAIN_H

#include "dns/snapshot/snapshot.h"

#include <jansson.h>

/* `name`: absolute, or relative to a zone; `address`: a source address, or with /LEN a client
 * subnet. Either may be NULL, which is refused. NULL: one sentence. The caller's. */
json_t *explain_json(const struct snapshot *snapshot, const char *name, const char *address,
	char *why, size_t size);

#endif
