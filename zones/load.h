/* zones/load.h - zone files (RFC 1035 5) to RRsets.
 *
 * Everything or one sentence: a file that is wrong anywhere is refused as a whole. $ORIGIN,
 * $TTL, $INCLUDE (relative to the including file, own origin, at most 10 deep), BIND's
 * $GENERATE, RFC 3597 unknown types. */
#ifndef ZONES_LOAD_H
#define ZONES_LOAD_H

#include "zones/entry.h"

/* NULL: `why` has one sentence "file:line: what was found, what was expected", without a line
 * where the file cannot be read. Refused: what cannot be read or parsed; RDATA that its type's RFC
 * forbids; no SOA or two, or one that is not at the apex; no NS at the apex; CNAME beside other
 * data or two of them; two DNAMEs, data below a DNAME; data out of zone; a class other than IN;
 * types that are no data (ANY, OPT ...); records below a delegation that are not glue (A or AAAA
 * of a name that some NS record of the zone names), and records other than glue, NS and DS (NSEC,
 * RRSIG) at one. Warned of: different TTLs in one RRset, of which the smallest is taken (RFC 2181
 * 5.2). Duplicate records, in whatever case their names (RFC 4034 6.2), are one: the first. */
struct zone_file *zone_file_load(const char *path, const uint8_t *apex, char *why, size_t size);
void zone_file_free(void *file);

#endif
