/* dns/snapshot/ping_attach.h - a zone's ping names, put into its tree. */
#ifndef DNS_SNAPSHOT_PING_BIND_H
#define DNS_SNAPSHOT_PING_BIND_H

#include "dns/snapshot/snapshot.h"

/* Before zone_link: makes their nodes, which have no data. False: one sentence. */
bool ping_attach(struct snapshot *snapshot, size_t z, char *why, size_t size);

/* After it: refuses names of other data at or below them, and what takes them away. False: one
 * sentence. */
bool ping_attach_check(const struct snapshot *snapshot, size_t z, char *why, size_t size);

#endif
