/* zones/check.h - what a zone as a whole must be, over a file's sorted entries. */
#ifndef ZONES_CHECK_H
#define ZONES_CHECK_H

#include "zones/entry.h"

/* SOA and NS at the apex; CNAME alone (RFC 1034 3.6.2); nothing below a DNAME (RFC 6672 2.4);
 * at and below a delegation what is said in zones/load.h, with a warning for addresses that no
 * NS record names. `path` is the zone file's. False: one sentence. */
bool check_zone(struct zone_file *file, const char *path, char *why, size_t size);

#endif
