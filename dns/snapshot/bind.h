/* dns/snapshot/bind.h - puts a zone's TXT names and pools into its tree while a snapshot is
 * linked. */
#ifndef DNS_SNAPSHOT_BIND_H
#define DNS_SNAPSHOT_BIND_H

#include "dns/snapshot/snapshot.h"

/* Room for everything that these inputs bind, so that nothing moves later. False: no memory. */
bool owner_attach_prepare(struct snapshot *snapshot);

/* Binds zone number `z`, whose file's names are in its tree; compiled maps are taken from
 * `previous` (or NULL) where they are the same. False: one sentence with file:line. */
bool owner_attach_zone(struct snapshot *snapshot, const struct snapshot *previous, size_t z,
	char *why, size_t size);

#endif
