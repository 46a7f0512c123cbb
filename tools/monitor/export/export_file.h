/* tools/monitor/export/export_file.h - an export's text, and when and under which serial it
 * replaces the one on disk.
 *
 * A text is laid out entry by entry, one line each. It is written when something but `checked`
 * differs from what is on disk, or EXPORT_SECONDS are over; never an empty one: servers refuse it.
 * `serial` only rises, also above the one of an export whose writer's memory was lost; `generated`
 * never goes back, whatever our clock does. */
#ifndef TOOLS_MONITOR_EXPORT_EXPORT_FILE_H
#define TOOLS_MONITOR_EXPORT_EXPORT_FILE_H

#include "dns/base/file.h"
#include "geo/mirrors.h"

#include <jansson.h>
#include <stdio.h>

enum { EXPORT_SECONDS = 300, EXPORT_FILE_MAX = 256 << 20 /* octets */ };

struct export_entry {
	const char *host, *reason;
	int64_t since, checked; /* Unix seconds; 0: left out */
	uint16_t country, weight;
	enum mirror_state state;
	json_t *ipv4, *ipv6; /* arrays of texts; export_text_add takes them over */
};

struct export_text {
	FILE *lines, *comparable; /* comparable: without `checked` */
	char *lines_text, *comparable_text;
	size_t lines_size, comparable_size;
	size_t entries;
	int64_t generated; /* Unix seconds; 0: when it is written */
};

/* What is on disk, and what was the last we know of. */
struct export_file {
	char *path; /* the caller's */
	char *comparable, *text; /* NULL: not known; text: the file's */
	int64_t serial; /* 0: none */
	int64_t generated, written; /* Unix seconds, 0: never */
	struct file_stamp stamp;
};

/* False: no memory. */
bool export_text_begin(struct export_text *export);
bool export_text_add(struct export_text *export, const struct export_entry *entry);
bool export_text_end(struct export_text *export);
void export_text_free(struct export_text *export);

/* Appends an address to the entry's list of its family. */
bool export_entry_address(struct export_entry *entry, const struct address *address);

/* Takes in what somebody else has written there; nothing, where nothing can be read. */
void export_file_refresh(struct export_file *disk);
/* The same; is there no export any more? */
bool export_file_lost(struct export_file *disk);
enum export_outcome { EXPORT_SAME, EXPORT_WRITTEN, EXPORT_FAILED };
/* FAILED: one sentence. */
enum export_outcome export_file_write(struct export_file *disk, const struct export_text *export,
	int64_t now, char *why, size_t size);
/* As it would be on disk now, for a reader of standard output. NULL: no memory; the caller's. */
char *export_text_write(const struct export_text *export, int64_t serial, int64_t generated);
void export_file_free(struct export_file *disk);

#endif
