#include "tools/monitor/state/store_rows.h"

#include "geo/country.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum column_kind { COLUMN_NUMBER, COLUMN_STATE, COLUMN_TEXT, COLUMN_ADDRESS, COLUMN_COUNTRY };

/* A field of a record, as a column of its table. */
struct column {
	const char *name;
	enum column_kind kind;
	size_t offset, width;
};

static const struct column number_columns[] = {
	{"key", COLUMN_TEXT, CONFIG_FIELD(struct state_number, key)},
	{"value", COLUMN_NUMBER, CONFIG_FIELD(struct state_number, value)},
};

static const struct column target_columns[] = {
	{"host", COLUMN_TEXT, CONFIG_FIELD(struct target, host)},
	{"address", COLUMN_ADDRESS, CONFIG_FIELD(struct target, address)},
	{"reason", COLUMN_TEXT, CONFIG_FIELD(struct target, reason)},
	{"fault", COLUMN_TEXT, CONFIG_FIELD(struct target, fault)},
	{"state", COLUMN_STATE, CONFIG_FIELD(struct target, state)},
	{"since", COLUMN_NUMBER, CONFIG_FIELD(struct target, since)},
	{"first_seen", COLUMN_NUMBER, CONFIG_FIELD(struct target, first_seen)},
	{"checked", COLUMN_NUMBER, CONFIG_FIELD(struct target, checked)},
	{"last_good", COLUMN_NUMBER, CONFIG_FIELD(struct target, last_good)},
	{"failing_since", COLUMN_NUMBER, CONFIG_FIELD(struct target, failing_since)},
	{"stamp", COLUMN_NUMBER, CONFIG_FIELD(struct target, stamp)},
	{"returned", COLUMN_NUMBER, CONFIG_FIELD(struct target, returned)},
	{"good_run", COLUMN_NUMBER, CONFIG_FIELD(struct target, good_run)},
	{"milliseconds", COLUMN_NUMBER, CONFIG_FIELD(struct target, milliseconds)},
	{"main", COLUMN_NUMBER, CONFIG_FIELD(struct target, versions[0])},
	{"daily", COLUMN_NUMBER, CONFIG_FIELD(struct target, versions[1])},
	{"bytecode", COLUMN_NUMBER, CONFIG_FIELD(struct target, versions[2])},
	{"before", COLUMN_STATE, CONFIG_FIELD(struct target, before)},
	{"counting", COLUMN_NUMBER, CONFIG_FIELD(struct target, counting)},
	{"witness", COLUMN_NUMBER, CONFIG_FIELD(struct target, in_sample)},
	{"stale", COLUMN_NUMBER, CONFIG_FIELD(struct target, stale)},
	{"warned", COLUMN_NUMBER, CONFIG_FIELD(struct target, warned)},
};

static const struct column span_columns[] = {
	{"host", COLUMN_TEXT, CONFIG_FIELD(struct state_span, host)},
	{"address", COLUMN_ADDRESS, CONFIG_FIELD(struct state_span, address)},
	{"kind", COLUMN_TEXT, CONFIG_FIELD(struct state_span, kind)},
	{"slot", COLUMN_NUMBER, CONFIG_FIELD(struct state_span, slot)},
	{"number", COLUMN_NUMBER, CONFIG_FIELD(struct state_span, span.number)},
	{"checks", COLUMN_NUMBER, CONFIG_FIELD(struct state_span, span.checks)},
	{"good", COLUMN_NUMBER, CONFIG_FIELD(struct state_span, span.good)},
	{"milliseconds", COLUMN_NUMBER, CONFIG_FIELD(struct state_span, span.milliseconds)},
};

static const struct column event_columns[] = {
	{"at", COLUMN_NUMBER, CONFIG_FIELD(struct inventory_event, at)},
	{"host", COLUMN_TEXT, CONFIG_FIELD(struct inventory_event, host)},
	{"address", COLUMN_ADDRESS, CONFIG_FIELD(struct inventory_event, address)},
	{"country", COLUMN_COUNTRY, CONFIG_FIELD(struct inventory_event, country)},
	{"from", COLUMN_STATE, CONFIG_FIELD(struct inventory_event, from)},
	{"to", COLUMN_STATE, CONFIG_FIELD(struct inventory_event, to)},
	{"first", COLUMN_NUMBER, CONFIG_FIELD(struct inventory_event, first)},
	{"why", COLUMN_TEXT, CONFIG_FIELD(struct inventory_event, why)},
};

static const struct column txt_columns[] = {
	{"since", COLUMN_NUMBER, CONFIG_FIELD(struct inventory_txt, since)},
	{"value", COLUMN_TEXT, CONFIG_FIELD(struct inventory_txt, value)},
};

#define COLUMNS(table) table##_columns, sizeof(table##_columns) / sizeof(table##_columns[0])

static const struct table {
	const struct column *columns;
	size_t count;
	const char *name, *order; /* in which it is read; NULL: it is not */
	size_t size; /* of a record */
	const char *write; /* NULL: a row takes the place of one with its key */
} tables[STATE_TABLES] = {
	[STATE_NUMBERS] = {COLUMNS(number), "monitor", "key", .size = sizeof(struct state_number)},
	[STATE_TARGETS] = {COLUMNS(target), "targets", "host, address",
		.size = sizeof(struct target)},
	[STATE_SPANS] = {COLUMNS(span), "spans", "host, address",
		.size = sizeof(struct state_span)},
	[STATE_EVENTS] = {COLUMNS(event), "events", "id DESC",
		.size = sizeof(struct inventory_event)},
	[STATE_TXTS] = {COLUMNS(txt), "txts", "id DESC", .size = sizeof(struct inventory_txt)},
	[STATE_FORGET] = {target_columns, 2, "targets",
		.write = "DELETE FROM targets WHERE host = ? AND address = ?"},
	[STATE_FORGET_SPANS] = {target_columns, 2, "spans",
		.write = "DELETE FROM spans WHERE host = ? AND address = ?"},
	[STATE_RENEW] = {txt_columns + 1, 1, "txts",
		.write = "UPDATE txts SET value = ? WHERE id = (SELECT max(id) FROM txts)"},
};

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

/* "a", "b" and ?, ? */
static void columns_list(const struct table *table, char names[400], char marks[100])
{
	names[0] = marks[0] = '\0';
	for (size_t i = 0; i < table->count; i++) {
		sprintf(names + strlen(names), "%s\"%s\"", i ? ", " : "", table->columns[i].name);
		strcat(marks, i ? ", ?" : "?");
	}
}

static bool table_prepare(struct state_rows *rows, size_t i)
{
	const struct table *table = &tables[i];
	char names[400], marks[100], read[600] = "", write[600];
	columns_list(table, names, marks);
	if (table->order)
		snprintf(read, sizeof(read), "SELECT %s FROM %s ORDER BY %s", names, table->name,
			table->order);
	snprintf(write, sizeof(write), "INSERT OR REPLACE INTO %s (%s) VALUES (%s)", table->name,
		names, marks);
	return sqlite3_prepare_v2(rows->base, read, -1, &rows->reads[i], NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(rows->base, table->write ? table->write : write, -1,
		       &rows->writes[i], NULL) == SQLITE_OK;
}

bool state_rows_prepare(
	struct state_rows *rows, const struct state_file *file, char *why, size_t size)
{
	rows->base = file->base;
	for (size_t i = 0; i < STATE_TABLES; i++) {
		if (table_prepare(rows, i))
			continue;
		snprintf(why, size, "%s: cannot be used: %s", file->path,
			sqlite3_errmsg(rows->base));
		return false;
	}
	return true;
}

void state_rows_free(struct state_rows *rows)
{
	for (size_t i = 0; i < STATE_TABLES; i++) {
		sqlite3_finalize(rows->reads[i]);
		sqlite3_finalize(rows->writes[i]);
	}
	memset(rows, 0, sizeof(*rows));
}

void state_rows_reset(struct state_rows *rows)
{
	for (size_t i = 0; i < STATE_TABLES; i++)
		sqlite3_reset(rows->reads[i]);
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

/* False: it is no address. */
static bool column_read(sqlite3_stmt *row, int at, const struct column *column, void *record)
{
	char *field = (char *)record + column->offset;
	const char *text = (const char *)sqlite3_column_text(row, at);
	int64_t number = sqlite3_column_int64(row, at);
	text = text ? text : "";
	switch (column->kind) {
	case COLUMN_STATE:
		number = number < MIRROR_STATES ? number : MIRROR_OLD;
		break;
	case COLUMN_NUMBER:
		break;
	case COLUMN_TEXT:
		snprintf(field, column->width, "%s", text);
		return true;
	case COLUMN_ADDRESS:
		return address_parse((struct address *)(void *)field, text);
	case COLUMN_COUNTRY:
		*(uint16_t *)(void *)field = (uint16_t)country_find(text, strlen(text));
		return true;
	}
	state_row_put(field, column->width, number);
	return true;
}

bool state_row_read(struct state_rows *rows, enum state_table table, void *record)
{
	sqlite3_stmt *row = rows->reads[table];
	for (int code; (code = sqlite3_step(row)) == SQLITE_ROW;) {
		bool good = true;
		memset(record, 0, tables[table].size);
		for (size_t i = 0; i < tables[table].count; i++)
			good &= column_read(row, (int)i, &tables[table].columns[i], record);
		if (good)
			return true;
	}
	sqlite3_reset(row);
	return false;
}

static void span_keep(const struct state_span *row, struct target *target)
{
	int64_t number = row->span.number;
	struct target_span *span = strcmp(row->kind, "day") == 0
					   ? &target->days[number % TARGET_DAYS]
					   : &target->hours[number % TARGET_HOURS];
	if (!number)
		return;
	*span = row->span;
	if (span->good > span->checks)
		span->good = span->checks;
}

static int key_compare(const void *key, const void *element)
{
	const struct state_span *row = key;
	const struct target *target = *(struct target *const *)element;
	char a[ADDRESS_TEXT_MAX], b[ADDRESS_TEXT_MAX];
	int order = strcmp(row->host, target->host);
	return order ? order
		     : strcmp(address_write(&row->address, a),
			       address_write(&target->address, b));
}

bool state_row_span(struct state_rows *rows, struct target **targets, size_t count)
{
	struct state_span row;
	if (!state_row_read(rows, STATE_SPANS, &row))
		return false;
	struct target **found =
		count ? bsearch(&row, targets, count, sizeof(struct target *), key_compare) : NULL;
	if (found)
		span_keep(&row, *found);
	return true;
}

/* --- writing --- */

static void text_bind(sqlite3_stmt *statement, int column, const char *text)
{
	sqlite3_bind_text(statement, column, text, -1, SQLITE_TRANSIENT);
}

static void address_bind(sqlite3_stmt *statement, int column, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	text_bind(statement, column, address_write(address, text));
}

static void column_bind(
	sqlite3_stmt *statement, int at, const struct column *column, const void *record)
{
	const char *field = (const char *)record + column->offset;
	switch (column->kind) {
	case COLUMN_TEXT:
		text_bind(statement, at, field);
		return;
	case COLUMN_ADDRESS:
		address_bind(statement, at, (const struct address *)(const void *)field);
		return;
	case COLUMN_COUNTRY:
		text_bind(statement, at, country_code(*(const uint16_t *)(const void *)field));
		return;
	case COLUMN_STATE:
	case COLUMN_NUMBER:
		sqlite3_bind_int64(statement, at, state_row_get(field, column->width));
	}
}

bool state_row_write(struct state_rows *rows, enum state_table table, const void *record)
{
	for (size_t i = 0; i < tables[table].count; i++)
		column_bind(rows->writes[table], (int)i + 1, &tables[table].columns[i], record);
	int code = sqlite3_step(rows->writes[table]);
	sqlite3_reset(rows->writes[table]);
	if (code != SQLITE_DONE)
		rows->code = code;
	return code == SQLITE_DONE;
}

bool state_write_target(struct state_rows *rows, const struct target *target, bool whole)
{
	const struct {
		const char *kind;
		const struct target_span *spans;
		int64_t size, last;
	} kinds[] = {{"day", target->days, TARGET_DAYS, target->checked / 86400},
		{"hour", target->hours, TARGET_HOURS, target->checked / 3600}};
	struct state_span row = {.address = target->address};
	bool good = state_row_write(rows, STATE_TARGETS, target);
	memcpy(row.host, target->host, sizeof(row.host));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(row.kind, sizeof(row.kind), "%s", kinds[i].kind);
		for (row.slot = 0; good && row.slot < kinds[i].size; row.slot++) {
			row.span = kinds[i].spans[row.slot];
			if (row.span.number && (whole || row.slot == kinds[i].last % kinds[i].size))
				good = state_row_write(rows, STATE_SPANS, &row);
		}
	}
	return good;
}
