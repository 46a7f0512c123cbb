/* dns/snapshot/build.h - accepted inputs to a snapshot: zones, bound names, turns. */
#ifndef DNS_SNAPSHOT_BUILD_H
#define DNS_SNAPSHOT_BUILD_H

#include "dns/snapshot/snapshot.h"

/* Takes `inputs` over, also on failure. NULL: one sentence. `previous` may be NULL: its turns are
 * matched, nothing of it is kept. */
struct snapshot *snapshot_new(
	struct inputs *inputs, const struct snapshot *previous, char *why, size_t size);

#endif
