/* tools/monitor/export/export_file.h - an export's text, and when and under which serial it replaces the one on disk.
 *
 * A sheet is laid out entry by entry, one line each. It is written when something but `checked` differs from what is on
 * disk, or SHEET_SECONDS are over; never an empty one: servers refuse it. `serial` only rises, also above the one of an
 * export whose writer's memory was lost; `generated` never goes back, whatever our clock does. */
#ifndef TOOLS_MONITOR_EXPORT_EXPORT_FILE_H
#define TOOLS_MONITOR_EXPORT_EXPORT_FILE_H

#include "dns/base/file.h"
#include "geo/mirrors.h"

#include <jansson.h>
#include <stdio.h>

enum { SHEET_SECONDS = 300, SHEET_FILE_MAX = 256 << 20 /* octets */ };

struct sheet_entry {
	const char *host, *since, *checked, *reason; /* "": left out, but for `reason` */
	uint16_t country, weight;
	enum mirror_state state;
	json_t *ipv4, *ipv6; /* arrays of texts; sheet_add takes them over */
};

struct sheet {
	FILE *lines, *gist; /* gist: without `checked` */
	char *lines_text, *gist_text;
	size_t lines_size, gist_size;
	size_t entries;
	int64_t generated; /* Unix seconds; 0: when it is written */
};

/* What is on disk, and what was the last we know of. */
struct sheet_disk {
	char *path; /* the caller's */
	char *gist, *text; /* NULL: not known; text: the file's */
	int64_t serial; /* 0: none */
	int64_t generated, written; /* Unix seconds, 0: never */
	struct file_stamp stamp;
};

/* False: no memory. */
bool sheet_begin(struct sheet *sheet);
bool sheet_add(struct sheet *sheet, const struct sheet_entry *entry);
bool sheet_end(struct sheet *sheet);
void sheet_free(struct sheet *sheet);

/* Appends an address to the entry's list of its family. */
bool sheet_entry_address(struct sheet_entry *entry, const uint8_t octets[16], bool ipv6);

/* Takes in what somebody else has written there; nothing, where nothing can be read. */
void sheet_disk_look(struct sheet_disk *disk);
/* The same; is there no export any more? */
bool sheet_disk_lost(struct sheet_disk *disk);
enum sheet_outcome { SHEET_SAME, SHEET_WRITTEN, SHEET_FAILED };
/* FAILED: one sentence. */
enum sheet_outcome sheet_disk_write(
	struct sheet_disk *disk, const struct sheet *sheet, int64_t now, char *why, size_t size);
/* As it would be on disk now, for a reader of standard output. NULL: no memory; the caller's. */
char *sheet_text(const struct sheet *sheet, int64_t serial, int64_t generated);
void sheet_disk_free(struct sheet_disk *disk);

#endif
