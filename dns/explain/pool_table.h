/* dns/explain/pool_table.h - what each pool has for each place: mirrornsctl pools. */
#ifndef DNS_EXPLAIN_POOL_TABLE_H
#define DNS_EXPLAIN_POOL_TABLE_H

#include "dns/snapshot/snapshot.h"

#include <jansson.h>

enum { POOL_TABLE_ROWS_MAX = 5000 };

/* A row for each pool and country; of label pools each is a name. `pattern` ('*' and '?', any case)
 * limits them by name, with or without the zone's; NULL: all. NULL: one sentence. The caller's. */
json_t *pool_table_json(
	const struct snapshot *snapshot, const char *pattern, char *why, size_t size);

#endif
