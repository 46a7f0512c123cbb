/* zones/entry.h - what a loaded zone file is: RRsets by name and type, and where they came from. */
#ifndef ZONES_ENTRY_H
#define ZONES_ENTRY_H

#include "zones/name.h"
#include "zones/rrset.h"

struct zone_entry {
	const uint8_t *owner; /* lower case, wire form */
	struct rrset rrset;
	const char *file;
	unsigned line; /* of its first record */
};

/* A loaded zone file; one owner, freed as one. */
struct zone_file {
	uint8_t apex[NAME_SIZE_MAX];
	struct zone_entry *entries; /* in canonical order of owners, then by type */
	size_t count;
	uint32_t serial; /* the SOA's */
	char **warnings; /* sentences "file:line: ..." */
	size_t warning_count;
	void *arena; /* what the entries point into */
};

#endif
