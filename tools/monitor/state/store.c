#include "tools/monitor/state/store.h"

#include "dns/base/log.h"
#include "geo/country.h"
#include "tools/monitor/state/store_file.h"
#include "tools/monitor/state/store_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVENTS_KEPT = 10000, TXTS_KEPT = 1000 };

struct state {
	struct state_file file;
	struct state_rows rows;
	bool open; /* a transaction */
	bool whole; /* the file is new: everything is to be written */
};

/* The inventory's numbers by their keys. */
static const struct {
	const char *key;
	size_t offset, width;
} numbers[] = {
	{"serial", CONFIG_FIELD(struct inventory, serial)},
	{"generated", CONFIG_FIELD(struct inventory, generated)},
	{"exported", CONFIG_FIELD(struct inventory, exported)},
	{"alive", CONFIG_FIELD(struct inventory, alive)},
	{"doubt", CONFIG_FIELD(struct inventory, outage.active)},
	{"doubt_stale", CONFIG_FIELD(struct inventory, outage.stale)},
	{"doubt_since", CONFIG_FIELD(struct inventory, outage.since)},
};
enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

struct state *state_open(const char *path, char *why, size_t size)
{
	struct state *state = calloc(1, sizeof(*state));
	if (!state) {
		snprintf(why, size, "%s: out of memory", path);
		return NULL;
	}
	if ((size_t)snprintf(state->file.path, sizeof(state->file.path), "%s", path) >=
		sizeof(state->file.path)) {
		snprintf(why, size, "%.80s...: the path is too long", path);
		free(state);
		return NULL;
	}
	if (state_file_open(&state->file, why, size) &&
		state_rows_prepare(&state->rows, &state->file, why, size)) {
		state->whole = state->file.made;
		return state;
	}
	state_close(state);
	return NULL;
}

void state_close(struct state *state)
{
	if (!state)
		return;
	state_rows_free(&state->rows);
	if (state->file.base)
		state_file_close(&state->file);
	free(state);
}

static void numbers_load(struct state *state, struct inventory *inventory)
{
	struct state_number row;
	while (state_row_read(&state->rows, STATE_NUMBERS, &row))
		for (size_t i = 0; i < NUMBERS; i++)
			if (strcmp(numbers[i].key, row.key) == 0)
				state_row_put((char *)inventory + numbers[i].offset,
					numbers[i].width, row.value);
}

/* Doubles the room. False: no memory, and the list is as it was. */
static bool targets_grow(struct target ***list, size_t count)
{
	if (count & (count - 1))
		return true;
	struct target **grown = realloc(*list, (count ? 2 * count : 1) * sizeof(struct target *));
	if (grown)
		*list = grown;
	return grown;
}

static bool targets_load(struct state *state, struct target ***list, size_t *count)
{
	struct target *target = malloc(sizeof(*target));
	while (target && state_row_read(&state->rows, STATE_TARGETS, target)) {
		if (!targets_grow(list, *count))
			break;
		(*list)[(*count)++] = target;
		target = malloc(sizeof(*target));
	}
	if (!target)
		return false;
	free(target);
	while (state_row_span(&state->rows, *list, *count))
		;
	return true;
}

bool state_load(
	struct state *state, struct inventory *inventory, struct target ***targets, size_t *count)
{
	*targets = NULL;
	*count = 0;
	numbers_load(state, inventory);
	inventory->event_count = inventory->txt_count = 0;
	while (inventory->event_count < INVENTORY_EVENTS_MAX &&
		state_row_read(
			&state->rows, STATE_EVENTS, &inventory->events[inventory->event_count]))
		inventory->event_count++;
	while (inventory->txt_count < INVENTORY_TXTS_MAX &&
		state_row_read(&state->rows, STATE_TXTS, &inventory->txts[inventory->txt_count]))
		inventory->txt_count++;
	inventory->event_fresh = inventory->txt_fresh = 0;
	bool good = targets_load(state, targets, count);
	state_rows_reset(&state->rows);
	return good;
}

static bool begin(struct state *state)
{
	if (!state->open)
		state->open = state_rows_run(&state->rows, "BEGIN IMMEDIATE");
	return state->open;
}

void state_forget(struct state *state, const struct target *target)
{
	if (!begin(state))
		return;
	state_row_write(&state->rows, STATE_FORGET, target);
	state_row_write(&state->rows, STATE_FORGET_SPANS, target);
}

static bool targets_write(struct state *state, struct inventory *inventory)
{
	bool good = true;
	for (size_t i = 0; good && i < inventory->count; i++)
		if (inventory->targets[i]->changed || state->whole)
			good = state_write_target(
				&state->rows, inventory->targets[i], state->whole);
	return good;
}

static bool news_write(struct state *state, const struct inventory *inventory)
{
	size_t events = state->whole ? inventory->event_count : inventory->event_fresh;
	size_t txts = state->whole ? inventory->txt_count : inventory->txt_fresh;
	bool good = true;
	while (good && events > 0)
		good = state_row_write(&state->rows, STATE_EVENTS, &inventory->events[--events]);
	while (good && txts > 0)
		good = state_row_write(&state->rows, STATE_TXTS, &inventory->txts[--txts]);
	if (good && inventory->txt_renewed)
		good = state_row_write(&state->rows, STATE_RENEW, &inventory->txts[0]);
	return good;
}

static bool inventory_write(struct state *state, struct inventory *inventory)
{
	bool good = begin(state) && targets_write(state, inventory) && news_write(state, inventory);
	for (size_t i = 0; good && i < NUMBERS; i++) {
		struct state_number row = {
			.value = state_row_get(
				(const char *)inventory + numbers[i].offset, numbers[i].width)};
		snprintf(row.key, sizeof(row.key), "%s", numbers[i].key);
		good = state_row_write(&state->rows, STATE_NUMBERS, &row);
	}
	if (good && (inventory->event_fresh || inventory->txt_fresh))
		good = state_rows_prune(&state->rows, EVENTS_KEPT, TXTS_KEPT);
	good = good && state_rows_run(&state->rows, "COMMIT");
	if (good)
		state->open = false;
	return good;
}

static void inventory_written(struct state *state, struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->count; i++)
		inventory->targets[i]->changed = false;
	inventory->event_fresh = inventory->txt_fresh = 0;
	inventory->txt_renewed = state->whole = false;
}

/* The file is gone or no good any more: a new one is made of what is in memory. */
static bool begin_anew(struct state *state, bool aside, char *why, size_t size)
{
	state->open = false;
	state_rows_free(&state->rows);
	if (!aside && state->file.base)
		state_file_close(&state->file);
	bool good = aside ? state_file_aside(&state->file, why, size)
			  : state_file_open(&state->file, why, size);
	state->whole = true;
	return good && state_rows_prepare(&state->rows, &state->file, why, size);
}

bool state_save(struct state *state, struct inventory *inventory, char *why, size_t size)
{
	if (!state->file.base || state_file_lost(&state->file)) {
		log_line(LOG_LEVEL_WARNING, "State file missing, new one created file=%s",
			state->file.path);
		if (!begin_anew(state, false, why, size))
			return false;
	}
	if (inventory_write(state, inventory)) {
		inventory_written(state, inventory);
		return true;
	}
	bool corrupt = state_file_corrupt(state->rows.code);
	snprintf(why, size, "%s: cannot be written: %s", state->file.path,
		sqlite3_errmsg(state->file.base));
	if (state->open)
		state_rows_run(&state->rows, "ROLLBACK");
	state->open = false;
	if (!corrupt)
		return false;
	log_line(LOG_LEVEL_WARNING, "%s; renamed, starting with an empty state file", why);
	if (!begin_anew(state, true, why, size) || !inventory_write(state, inventory))
		return false;
	inventory_written(state, inventory);
	return true;
}

/* There is no file: would a start make it? */
static bool missing_check(const char *path, char *found, size_t size)
{
	char folder[4096];
	snprintf(folder, sizeof(folder), "%s", path);
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK), error = errno;
	if (fd >= 0)
		close(fd);
	else if (error == ENOENT && access(dirname(folder), F_OK) == 0) {
		snprintf(found, size, "state %s: does not exist, a start creates it", path);
		return true;
	}
	snprintf(found, size, "%s: cannot be opened: %s", path,
		fd < 0 ? strerror(error) : "not a regular file");
	return false;
}

bool state_check(const char *path, char *found, size_t size)
{
	sqlite3 *base = NULL;
	sqlite3_stmt *statement = NULL;
	char why[300];
	struct stat status;
	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return missing_check(path, found, size);
	int code = sqlite3_open_v2(path, &base, SQLITE_OPEN_READONLY, NULL);
	enum state_kind kind = STATE_FAILED;
	int known = 0;
	if (code == SQLITE_OK)
		kind = state_file_kind(base, path, why, sizeof(why));
	else
		snprintf(why, sizeof(why), "%.200s: cannot be opened: %s", path,
			sqlite3_errstr(code));
	switch (kind) {
	case STATE_OURS:
		if (sqlite3_prepare_v2(base, "SELECT count(*) FROM targets", -1, &statement,
			    NULL) == SQLITE_OK)
			sqlite3_step(statement);
		known = statement ? sqlite3_column_int(statement, 0) : 0;
		snprintf(found, size, "state %s: %d known %s", path, known,
			known == 1 ? "address" : "addresses");
		break;
	case STATE_EMPTY:
		snprintf(found, size, "state %s: is empty, a start initializes it", path);
		break;
	case STATE_FOREIGN:
	case STATE_CORRUPT:
		snprintf(found, size, "state %s; a start renames it and creates a new one", why);
		break;
	case STATE_NEWER:
	case STATE_FAILED:
		snprintf(found, size, "%s", why);
		break;
	}
	sqlite3_finalize(statement);
	sqlite3_close(base);
	return kind != STATE_NEWER && kind != STATE_FAILED;
}
