/* tools/monitor/state/store_rows.h - rows of the state file, to and from structs; what is read is
 * not trusted. */
#ifndef TOOLS_MONITOR_STATE_STORE_ROWS_H
#define TOOLS_MONITOR_STATE_STORE_ROWS_H

#include "tools/monitor/state/inventory.h"
#include "tools/monitor/state/store_file.h"

enum state_table {
	STATE_NUMBERS, /* struct state_number */
	STATE_TARGETS, /* struct target */
	STATE_SPANS, /* struct state_span */
	STATE_EVENTS, /* struct inventory_event, the newest first */
	STATE_TXTS, /* struct inventory_txt, the newest first */
	/* written alone */
	STATE_FORGET, /* struct target: it is gone */
	STATE_FORGET_SPANS, /* struct target: these are */
	STATE_RENEW, /* struct inventory_txt: the newest has this value */
	STATE_TABLES
};

struct state_number {
	char key[32];
	int64_t value;
};

struct state_span {
	char host[TARGET_HOST_MAX + 1];
	struct address address;
	char kind[8]; /* "day" or "hour" */
	int64_t slot;
	struct target_span span;
};

struct state_rows {
	sqlite3 *base;
	sqlite3_stmt *reads[STATE_TABLES], *writes[STATE_TABLES];
	int code; /* of the last writing that failed */
};

bool state_rows_prepare(
	struct state_rows *rows, const struct state_file *file, char *why, size_t size);
void state_rows_free(struct state_rows *rows);
/* One statement without a result. */
bool state_rows_run(struct state_rows *rows, const char *sql);
bool state_rows_prune(struct state_rows *rows, int events, int txts);
/* Ends all reading. */
void state_rows_reset(struct state_rows *rows);

/* The next record of a table, passing over those with an address that is none; false: there are no
 * more. */
bool state_row_read(struct state_rows *rows, enum state_table table, void *record);
/* Puts the next span where it belongs; the targets as they were read, in their order. */
bool state_row_span(struct state_rows *rows, struct target **targets, size_t count);

bool state_row_write(struct state_rows *rows, enum state_table table, const void *record);
/* With the spans of its last check, or all of them. */
bool state_write_target(struct state_rows *rows, const struct target *target, bool whole);

/* A field of 1, 4 or 8 octets. */
int64_t state_row_get(const void *field, size_t width);
void state_row_put(void *field, size_t width, int64_t value);

#endif
