/* geo/roster.h - which address of an export is this one?
 *
 * Built while a snapshot is built, never changed after that. */
#ifndef GEO_ROSTER_H
#define GEO_ROSTER_H

#include "geo/mirrors.h"

struct roster; /* opaque */

/* The octets of an IPv6 address, or of the IPv4-mapped one, as two numbers; in their order, whatever the machine's. */
void roster_key(const struct mirror_address *address, uint64_t key[2]);

/* NULL: no memory. `mirrors` NULL: there is no export. */
struct roster *roster_new(const struct mirrors *mirrors);
void roster_free(struct roster *roster);

/* 1 + the number of the address in the export; 0: it is not listed. */
uint32_t roster_find(const struct roster *roster, const uint64_t key[2]);

#endif
