/* geo/listing.h - which address of an export is this one?
 *
 * Built while a snapshot is built, never changed after that. */
#ifndef GEO_LISTING_H
#define GEO_LISTING_H

#include "geo/mirrors.h"

struct listing; /* opaque */

/* The octets of an IPv6 address, or of the IPv4-mapped one, as two numbers; in their order,
 * whatever the machine's. */
void listing_key(const struct mirror_address *address, uint64_t key[2]);

/* NULL: no memory. `mirrors` NULL: there is no export. */
struct listing *listing_new(const struct mirrors *mirrors);
void listing_free(struct listing *listing);

/* 1 + the number of the address in the export; 0: it is not listed. */
uint32_t listing_find(const struct listing *listing, const uint64_t key[2]);

#endif
