/* dns/snapshot/outcome.h - a pool's outcomes and its map, while a zone is bound. */
#ifndef DNS_SNAPSHOT_OUTCOME_H
#define DNS_SNAPSHOT_OUTCOME_H

#include "dns/snapshot/snapshot.h"

struct owner_attach {
	struct snapshot *snapshot;
	const struct snapshot *previous;
	const struct config_zone *config;
	const struct inputs_zone *inputs;
	struct snapshot_zone *zone;
	char *why;
	size_t size;
};

/* Writes the sentence; returns false. */
bool owner_attach_no_memory(const struct owner_attach *attach);
/* Gives a pool its outcomes, of which owner_attach_prepare has made room; `country` is a
 * label's. */
bool owner_attach_resolve(
	const struct owner_attach *attach, struct snapshot_pool *pool, unsigned country);

#endif
