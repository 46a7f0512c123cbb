/* zones/group.h - single records, as they come, to a zone file's RRsets in order. */
#ifndef ZONES_GROUP_H
#define ZONES_GROUP_H

#include "zones/entry.h"
#include "zones/rdata.h"

struct group_record {
	const uint8_t *owner; /* lower case; equal neighbours may share it */
	const uint8_t *image; /* as record_write wrote it */
	struct source_place place;
};

struct group {
	struct zone_file *file; /* the caller's, as all that follows is zero at first */
	struct group_record *records;
	size_t count, room;
	const uint8_t *last_owner;
	struct source_place soa; /* line 0: none yet */
	uint32_t ttl; /* the last record's */
	bool has_ttl; /* some record had one */
};

/* May a record of that owner and type be in the zone at all? False: one sentence, as below. */
bool group_accepts(const struct group *group, const struct source_record *record, uint16_t type,
	char *why, size_t size);
/* Finds the record's TTL and keeps a copy of it; refused: an SOA that is not the first or not
 * at the apex. */
bool group_add(struct group *group, const struct rdata *rdata, uint16_t type);
/* Sorts, merges duplicates (RFC 4034 6.2), evens TTLs out (RFC 2181 5.2) and fills
 * file->entries with what points into the records and the file's arena. Refused: two CNAMEs or
 * DNAMEs at a name. */
bool group_entries(struct group *group, char *why, size_t size);
void group_free(struct group *group);

/* Adds a warning to a zone file; after the first hundred there is only one that says so. False:
 * no memory. */
bool group_warn(struct zone_file *file, const struct source_place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "CNAME", or "TYPE12345". */
const char *group_type_name(uint16_t type, char name[12]);

#endif
