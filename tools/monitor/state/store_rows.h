/* tools/monitor/state/store_rows.h - rows of the state file, to and from structs; what is read is
 * not trusted. */
#ifndef TOOLS_MONITOR_STATE_STORE_ROWS_H
#define TOOLS_MONITOR_STATE_STORE_ROWS_H

#include "tools/monitor/state/inventory.h"
#include "tools/monitor/state/store_file.h"

enum { STATE_STATEMENTS = 13 };

struct state_rows {
	sqlite3 *base;
	sqlite3_stmt *statements[STATE_STATEMENTS];
	int code; /* of the last failure */
};

bool state_rows_prepare(
	struct state_rows *rows, const struct state_file *file, char *why, size_t size);
void state_rows_free(struct state_rows *rows);
/* One statement without a result. */
bool state_rows_run(struct state_rows *rows, const char *sql);
bool state_rows_prune(struct state_rows *rows, int events, int txts);
/* Has SQLite said that the file is no good? */
bool state_rows_corrupt(const struct state_rows *rows);
/* Ends all reading. */
void state_rows_reset(struct state_rows *rows);

/* The next row of each kind; false: there are no more. *key is good until the next call. */
bool state_row_number(struct state_rows *rows, const char **key, int64_t *value);
bool state_row_target(struct state_rows *rows, struct target *target);
/* Puts a span where it belongs; the targets as state_row_target gave them, in its order. */
bool state_row_span(struct state_rows *rows, struct target **targets, size_t count);
bool state_row_event(struct state_rows *rows, struct inventory_event *event);
bool state_row_txt(struct state_rows *rows, struct inventory_txt *txt);

bool state_write_number(struct state_rows *rows, const char *key, int64_t value);
/* With the spans of its last check, or all of them. */
bool state_write_target(struct state_rows *rows, const struct target *target, bool whole);
bool state_write_forget(struct state_rows *rows, const struct target *target);
bool state_write_event(struct state_rows *rows, const struct inventory_event *event);
bool state_write_txt(struct state_rows *rows, const struct inventory_txt *txt);
/* The newest one's value. */
bool state_write_renewed(struct state_rows *rows, const struct inventory_txt *txt);

/* A field of 1, 4 or 8 octets. */
int64_t state_row_get(const void *field, size_t width);
void state_row_put(void *field, size_t width, int64_t value);

#endif
