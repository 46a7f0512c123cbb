/* tools/monitor/state/store.h - what survives a restart: targets, events, the TXT's history, the
 * serial; SQLite in WAL mode.
 *
 * The file has one monitor at a time. One that is corrupt or of another program is set aside as
 * FILE.corrupt-TIME and begun anew from what is in memory; one that a newer version has written is
 * refused. What was saved survives kill -9. */
#ifndef TOOLS_MONITOR_STATE_STORE_H
#define TOOLS_MONITOR_STATE_STORE_H

#include "tools/monitor/state/inventory.h"

struct state;

/* Opens the file, or makes it. NULL: one sentence. */
struct state *state_open(const char *path, char *why, size_t size);
/* Reads everything into the inventory, but for the targets: these are the caller's, without
 * mirrors. False: no memory. */
bool state_load(
	struct state *state, struct inventory *inventory, struct target ***targets, size_t *count);
/* A target that is not watched any more; gone with the next save. */
void state_forget(struct state *state, const struct target *target);
/* Writes what has changed, as one transaction. False: one sentence; all that is still to be written
 * the next time. */
bool state_save(struct state *state, struct inventory *inventory, char *why, size_t size);
void state_close(struct state *state); /* NULL is fine */

/* Can it be read? *found: "state FILE: 12 addresses" or that a start would make it anew. False:
 * refused, the sentence. */
bool state_check(const char *path, char *found, size_t size);

#endif
