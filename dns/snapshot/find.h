/* dns/snapshot/find.h - what a snapshot has at a name, and the names of a pool's pattern. Allocates
 * nothing. */
#ifndef DNS_SNAPSHOT_FIND_H
#define DNS_SNAPSHOT_FIND_H

#include "dns/snapshot/snapshot.h"

/* What is at a name, or at the pattern that covers it. */
struct find_name {
	const struct snapshot_zone *zone;
	const struct zone_node *
		/* NULL: an empty non-terminal, a statistics name, or a delegation or DNAME above
		 * it */
		node;
	const struct snapshot_pool *pool; /* NULL: none */
};

/* False: no zone of ours has such a name. */
bool find_name_at(struct find_name *found, const struct snapshot *snapshot, const uint8_t *name);

/* The country that a pool's name stands for; COUNTRY_NONE: it is no name of a label pool. */
unsigned find_label(const struct config_pool *pool, const uint8_t *name);
/* The name that a pattern gives for a label; false: it would be too long. */
bool walk_expand(uint8_t *name, const struct config_pool *config, const char *label);

#endif
