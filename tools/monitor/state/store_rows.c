#include "tools/monitor/state/store_rows.h"

#include "geo/country.h"

#include <stdio.h>
#include <string.h>

enum {
	READ_NUMBERS,
	READ_TARGETS,
	READ_SPANS,
	READ_EVENTS,
	READ_TXTS,
	WRITE_NUMBER,
	WRITE_TARGET,
	WRITE_SPAN,
	WRITE_EVENT,
	WRITE_TXT,
	WRITE_RENEWED,
	FORGET_TARGET,
	FORGET_SPANS,
};

#define COLUMNS                                                                                    \
	"host, address, reason, fault, state, since, first_seen, checked, last_good, "             \
	"failing_since, stamp, returned, good_run, milliseconds, main, daily, bytecode, before, "  \
	"counting, witness, stale"

static const char *const sql[STATE_STATEMENTS] = {
	[READ_NUMBERS] = "SELECT key, value FROM monitor",
	[READ_TARGETS] = "SELECT " COLUMNS " FROM targets ORDER BY host, address",
	[READ_SPANS] = "SELECT host, address, kind, slot, number, checks, good, milliseconds FROM "
		       "spans ORDER BY host, address",
	[READ_EVENTS] = "SELECT at, host, address, country, \"from\", \"to\", first, why FROM "
			"events ORDER BY id DESC",
	[READ_TXTS] = "SELECT since, value FROM txts ORDER BY id DESC",
	[WRITE_NUMBER] = "INSERT OR REPLACE INTO monitor (key, value) VALUES (?, ?)",
	[WRITE_TARGET] = "INSERT OR REPLACE INTO targets (" COLUMNS
			 ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[WRITE_SPAN] = "INSERT OR REPLACE INTO spans (host, address, kind, slot, number, checks, "
		       "good, milliseconds) VALUES (?,?,?,?,?,?,?,?)",
	[WRITE_EVENT] = "INSERT INTO events (at, host, address, country, \"from\", \"to\", first, "
			"why) VALUES (?,?,?,?,?,?,?,?)",
	[WRITE_TXT] = "INSERT INTO txts (since, value) VALUES (?, ?)",
	[WRITE_RENEWED] = "UPDATE txts SET value = ? WHERE id = (SELECT max(id) FROM txts)",
	[FORGET_TARGET] = "DELETE FROM targets WHERE host = ? AND address = ?",
	[FORGET_SPANS] = "DELETE FROM spans WHERE host = ? AND address = ?",
};

/* The columns from `state` on, in their order. */
static const struct {
	size_t offset, width;
} columns[] = {
	{CONFIG_FIELD(struct target, state)},
	{CONFIG_FIELD(struct target, since)},
	{CONFIG_FIELD(struct target, first_seen)},
	{CONFIG_FIELD(struct target, checked)},
	{CONFIG_FIELD(struct target, last_good)},
	{CONFIG_FIELD(struct target, failing_since)},
	{CONFIG_FIELD(struct target, stamp)},
	{CONFIG_FIELD(struct target, returned)},
	{CONFIG_FIELD(struct target, good_run)},
	{CONFIG_FIELD(struct target, milliseconds)},
	{CONFIG_FIELD(struct target, versions[0])},
	{CONFIG_FIELD(struct target, versions[1])},
	{CONFIG_FIELD(struct target, versions[2])},
	{CONFIG_FIELD(struct target, before)},
	{CONFIG_FIELD(struct target, counting)},
	{CONFIG_FIELD(struct target, in_sample)},
	{CONFIG_FIELD(struct target, stale)},
};
enum { TEXTS = 4, NUMBERS = sizeof(columns) / sizeof(columns[0]) };

int64_t state_row_get(const void *field, size_t width)
{
	uint32_t word;
	int64_t whole;
	if (width == 1)
		return *(const bool *)field;
	if (width == sizeof(word)) {
		memcpy(&word, field, sizeof(word));
		return word;
	}
	memcpy(&whole, field, sizeof(whole));
	return whole;
}

void state_row_put(void *field, size_t width, int64_t value)
{
	uint32_t word = value < 0 || value > UINT32_MAX ? 0 : (uint32_t)value;
	switch (width) {
	case 1:
		*(bool *)field = value != 0;
		break;
	case sizeof(word):
		memcpy(field, &word, sizeof(word));
		break;
	default:
		value = value < 0 ? 0 : value;
		memcpy(field, &value, sizeof(value));
	}
}

bool state_rows_prepare(
	struct state_rows *rows, const struct state_file *file, char *why, size_t size)
{
	rows->base = file->base;
	for (size_t i = 0; i < STATE_STATEMENTS; i++) {
		if (sqlite3_prepare_v2(rows->base, sql[i], -1, &rows->statements[i], NULL) ==
			SQLITE_OK)
			continue;
		snprintf(why, size, "%s: cannot be used: %s", file->path,
			sqlite3_errmsg(rows->base));
		return false;
	}
	return true;
}

void state_rows_free(struct state_rows *rows)
{
	for (size_t i = 0; i < STATE_STATEMENTS; i++)
		sqlite3_finalize(rows->statements[i]);
	memset(rows, 0, sizeof(*rows));
}

void state_rows_reset(struct state_rows *rows)
{
	for (size_t i = 0; i < STATE_STATEMENTS; i++)
		sqlite3_reset(rows->statements[i]);
}

bool state_rows_corrupt(const struct state_rows *rows)
{
	return (rows->code & 0xFF) == SQLITE_CORRUPT || (rows->code & 0xFF) == SQLITE_NOTADB;
}

bool state_rows_run(struct state_rows *rows, const char *statement)
{
	rows->code = sqlite3_exec(rows->base, statement, NULL, NULL, NULL);
	return rows->code == SQLITE_OK;
}

bool state_rows_prune(struct state_rows *rows, int events, int txts)
{
	char statement[200];
	snprintf(statement, sizeof(statement),
		"DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - %d;"
		"DELETE FROM txts WHERE id <= (SELECT max(id) FROM txts) - %d",
		events, txts);
	return state_rows_run(rows, statement);
}

/* --- reading --- */

static sqlite3_stmt *row_next(struct state_rows *rows, int which)
{
	sqlite3_stmt *statement = rows->statements[which];
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		return statement;
	if (code != SQLITE_DONE)
		rows->code = code;
	sqlite3_reset(statement);
	return NULL;
}

static void text_read(sqlite3_stmt *row, int column, char *text, size_t size)
{
	const char *value = (const char *)sqlite3_column_text(row, column);
	snprintf(text, size, "%s", value ? value : "");
}

static bool address_read(sqlite3_stmt *row, int column, struct address *address)
{
	return address_parse(address, (const char *)sqlite3_column_text(row, column));
}

static enum mirror_state state_read(int64_t value)
{
	return value >= 0 && value < MIRROR_STATES ? (enum mirror_state)value : MIRROR_OLD;
}

bool state_row_number(struct state_rows *rows, const char **key, int64_t *value)
{
	sqlite3_stmt *row = row_next(rows, READ_NUMBERS);
	if (!row)
		return false;
	*key = (const char *)sqlite3_column_text(row, 0);
	*value = sqlite3_column_int64(row, 1);
	if (!*key)
		*key = "";
	return true;
}

bool state_row_target(struct state_rows *rows, struct target *target)
{
	sqlite3_stmt *row;
	do {
		memset(target, 0, sizeof(*target));
		row = row_next(rows, READ_TARGETS);
		if (!row)
			return false;
	} while (!address_read(row, 1, &target->address));
	text_read(row, 0, target->host, sizeof(target->host));
	text_read(row, 2, target->reason, sizeof(target->reason));
	text_read(row, 3, target->fault, sizeof(target->fault));
	for (int i = 0; i < NUMBERS; i++)
		state_row_put((char *)target + columns[i].offset, columns[i].width,
			sqlite3_column_int64(row, TEXTS + i));
	target->state = state_read((int64_t)target->state);
	target->before = state_read((int64_t)target->before);
	return true;
}

static void span_read(sqlite3_stmt *row, struct target *target)
{
	const char *kind = (const char *)sqlite3_column_text(row, 2);
	bool day = kind && strcmp(kind, "day") == 0;
	int64_t number = sqlite3_column_int64(row, 4);
	struct target_span span = {.number = number};
	if (number <= 0)
		return;
	state_row_put(&span.checks, sizeof(span.checks), sqlite3_column_int64(row, 5));
	state_row_put(&span.good, sizeof(span.good), sqlite3_column_int64(row, 6));
	state_row_put(&span.milliseconds, sizeof(span.milliseconds), sqlite3_column_int64(row, 7));
	if (span.good > span.checks)
		span.good = span.checks;
	*(day ? &target->days[number % TARGET_DAYS] : &target->hours[number % TARGET_HOURS]) = span;
}

static int key_compare(const char *host, const char *address, const struct target *target)
{
	char text[ADDRESS_TEXT_MAX];
	int order = strcmp(host, target->host);
	return order ? order : strcmp(address, address_write(&target->address, text));
}

bool state_row_span(struct state_rows *rows, struct target **targets, size_t count)
{
	sqlite3_stmt *row = row_next(rows, READ_SPANS);
	if (!row)
		return false;
	const char *host = (const char *)sqlite3_column_text(row, 0);
	const char *address = (const char *)sqlite3_column_text(row, 1);
	size_t low = 0, high = host && address ? count : 0;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = key_compare(host, address, targets[middle]);
		if (order == 0) {
			span_read(row, targets[middle]);
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return true;
}

bool state_row_event(struct state_rows *rows, struct inventory_event *event)
{
	sqlite3_stmt *row = row_next(rows, READ_EVENTS);
	memset(event, 0, sizeof(*event));
	if (!row)
		return false;
	const char *country = (const char *)sqlite3_column_text(row, 3);
	event->at = sqlite3_column_int64(row, 0);
	text_read(row, 1, event->host, sizeof(event->host));
	address_read(row, 2, &event->address);
	event->country =
		(uint16_t)country_find(country ? country : "", country ? strlen(country) : 0);
	event->from = state_read(sqlite3_column_int64(row, 4));
	event->to = state_read(sqlite3_column_int64(row, 5));
	event->first = sqlite3_column_int64(row, 6) != 0;
	text_read(row, 7, event->why, sizeof(event->why));
	return true;
}

bool state_row_txt(struct state_rows *rows, struct inventory_txt *txt)
{
	sqlite3_stmt *row = row_next(rows, READ_TXTS);
	if (!row)
		return false;
	txt->since = sqlite3_column_int64(row, 0);
	text_read(row, 1, txt->value, sizeof(txt->value));
	return true;
}

/* --- writing --- */

static bool row_write(struct state_rows *rows, sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);
	sqlite3_reset(statement);
	if (code == SQLITE_DONE)
		return true;
	rows->code = code;
	return false;
}

static void text_bind(sqlite3_stmt *statement, int column, const char *text)
{
	sqlite3_bind_text(statement, column, text, -1, SQLITE_TRANSIENT);
}

static void address_bind(sqlite3_stmt *statement, int column, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	text_bind(statement, column, address_write(address, text));
}

bool state_write_number(struct state_rows *rows, const char *key, int64_t value)
{
	sqlite3_stmt *statement = rows->statements[WRITE_NUMBER];
	text_bind(statement, 1, key);
	sqlite3_bind_int64(statement, 2, value);
	return row_write(rows, statement);
}

static bool span_write(struct state_rows *rows, const struct target *target, const char *kind,
	const struct target_span *span, size_t slot)
{
	sqlite3_stmt *statement = rows->statements[WRITE_SPAN];
	if (!span->number)
		return true;
	text_bind(statement, 1, target->host);
	address_bind(statement, 2, &target->address);
	text_bind(statement, 3, kind);
	sqlite3_bind_int64(statement, 4, (int64_t)slot);
	sqlite3_bind_int64(statement, 5, span->number);
	sqlite3_bind_int64(statement, 6, span->checks);
	sqlite3_bind_int64(statement, 7, span->good);
	sqlite3_bind_int64(statement, 8, (int64_t)span->milliseconds);
	return row_write(rows, statement);
}

/* All of them, or the one of the last check. */
static bool spans_write(struct state_rows *rows, const struct target *target, bool whole)
{
	size_t day = (size_t)(target->checked / 86400 % TARGET_DAYS);
	size_t hour = (size_t)(target->checked / 3600 % TARGET_HOURS);
	bool good = true;
	for (size_t i = 0; good && i < TARGET_DAYS; i++)
		if (whole || i == day)
			good = span_write(rows, target, "day", &target->days[i], i);
	for (size_t i = 0; good && i < TARGET_HOURS; i++)
		if (whole || i == hour)
			good = span_write(rows, target, "hour", &target->hours[i], i);
	return good;
}

bool state_write_target(struct state_rows *rows, const struct target *target, bool whole)
{
	sqlite3_stmt *statement = rows->statements[WRITE_TARGET];
	text_bind(statement, 1, target->host);
	address_bind(statement, 2, &target->address);
	text_bind(statement, 3, target->reason);
	text_bind(statement, 4, target->fault);
	for (int i = 0; i < NUMBERS; i++)
		sqlite3_bind_int64(statement, 1 + TEXTS + i,
			state_row_get((const char *)target + columns[i].offset, columns[i].width));
	return row_write(rows, statement) && spans_write(rows, target, whole);
}

bool state_write_forget(struct state_rows *rows, const struct target *target)
{
	bool good = true;
	for (int which = FORGET_TARGET; which <= FORGET_SPANS; which++) {
		sqlite3_stmt *statement = rows->statements[which];
		text_bind(statement, 1, target->host);
		address_bind(statement, 2, &target->address);
		good = row_write(rows, statement) && good;
	}
	return good;
}

bool state_write_event(struct state_rows *rows, const struct inventory_event *event)
{
	sqlite3_stmt *statement = rows->statements[WRITE_EVENT];
	sqlite3_bind_int64(statement, 1, event->at);
	text_bind(statement, 2, event->host);
	address_bind(statement, 3, &event->address);
	text_bind(statement, 4, country_code(event->country));
	sqlite3_bind_int64(statement, 5, event->from);
	sqlite3_bind_int64(statement, 6, event->to);
	sqlite3_bind_int64(statement, 7, event->first);
	text_bind(statement, 8, event->why);
	return row_write(rows, statement);
}

bool state_write_txt(struct state_rows *rows, const struct inventory_txt *txt)
{
	sqlite3_stmt *statement = rows->statements[WRITE_TXT];
	sqlite3_bind_int64(statement, 1, txt->since);
	text_bind(statement, 2, txt->value);
	return row_write(rows, statement);
}

bool state_write_renewed(struct state_rows *rows, const struct inventory_txt *txt)
{
	sqlite3_stmt *statement = rows->statements[WRITE_RENEWED];
	text_bind(statement, 1, txt->value);
	return row_write(rows, statement);
}
