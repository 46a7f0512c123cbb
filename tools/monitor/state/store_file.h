/* tools/monitor/state/store_file.h - the state's SQLite file: whose it is, its tables, setting it
 * aside. */
#ifndef TOOLS_MONITOR_STATE_STORE_FILE_H
#define TOOLS_MONITOR_STATE_STORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

struct state_file {
	char path[4096];
	sqlite3 *base;
	int lock; /* holds others off; -1: not open */
	bool made; /* it was empty, or had to be begun anew */
};

enum state_kind {
	STATE_OURS,
	STATE_EMPTY,
	STATE_FOREIGN, /* another program's */
	STATE_CORRUPT,
	STATE_NEWER, /* of a later version */
	STATE_FAILED, /* cannot be read at all */
};

/* Whose is it? Writes a sentence but for STATE_OURS and STATE_EMPTY. */
enum state_kind state_file_kind(sqlite3 *base, const char *path, char *why, size_t size);
/* Does SQLite say so that the file is no good? */
bool state_file_corrupt(int code);
/* False: one sentence. */
bool state_file_open(struct state_file *file, char *why, size_t size);
void state_file_close(struct state_file *file);
/* Closes it, renames it with what SQLite has beside it, and opens a new one. */
bool state_file_aside(struct state_file *file, char *why, size_t size);
/* Does another file, or none, have its name by now? */
bool state_file_lost(const struct state_file *file);

#endif
