#include "tools/ctl/view.h"

#include "dns/base/json.h"
#include "tools/ctl/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 256, DEPTH_MAX = 8, ITEMS_MAX = 40 };

/* A scalar as text; NULL: it is none. To be freed. */
static char *scalar_text(const json_t *value)
{
	char *text = NULL;
	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_integer(value)) {
		if (asprintf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) < 0)
			return NULL;
		return text;
	}
	if (json_is_real(value)) {
		if (asprintf(&text, "%.6g", json_real_value(value)) < 0)
			return NULL;
		return text;
	}
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "yes" : "no");
	return json_is_null(value) ? strdup("-") : NULL;
}

static void cell_add(struct screen_table *table, const json_t *value)
{
	char *text = value ? scalar_text(value) : strdup("");
	if (text)
		screen_cell(table, SCREEN_PLAIN, "%s", text);
	else
		screen_cell(table, SCREEN_PLAIN, "(%zu)",
			json_is_array(value) ? json_array_size(value) : json_object_size(value));
	free(text);
}

/* Rows of objects: the first one's members are the columns. */
static void objects_show(const char *title, const json_t *list)
{
	struct screen_table table = {.right = 0};
	json_t *head = json_array_get(list, 0), *row, *value;
	const char *key;
	size_t i;
	screen_line(SCREEN_BOLD, "%s", title);
	json_object_foreach (head, key, value)
		screen_cell(&table, SCREEN_DIM, "%s", key);
	screen_row_end(&table);
	json_array_foreach (list, i, row) {
		json_object_foreach (head, key, value)
			cell_add(&table, json_object_get(row, key));
		screen_row_end(&table);
	}
	screen_table_end(&table);
}

/* Scalars on one line, as far as they go. */
static void scalars_show(struct screen_table *table, const char *title, const json_t *list)
{
	char line[2048] = "";
	size_t i, used = 0;
	json_t *value;
	json_array_foreach (list, i, value) {
		char *text = scalar_text(value);
		int more = snprintf(
			line + used, sizeof(line) - used, "%s%s", i ? " " : "", text ? text : "?");
		free(text);
		used += (size_t)more;
		if (i == ITEMS_MAX || used >= sizeof(line) - 64) {
			used = used < sizeof(line) - 64 ? used : sizeof(line) - 64;
			snprintf(line + used, sizeof(line) - used, " and %zu more",
				json_array_size(list) - i - 1);
			break;
		}
	}
	screen_cell(table, SCREEN_DIM, "%s", title);
	screen_cell(table, SCREEN_PLAIN, "%s", line);
	screen_row_end(table);
}

static void members_show(
	struct screen_table *table, const char *prefix, const json_t *object, unsigned depth)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)object, key, value) {
		char title[KEY_MAX];
		snprintf(title, sizeof(title), "%s%s%s", prefix, *prefix ? "." : "", key);
		if (json_is_object(value) && depth < DEPTH_MAX)
			members_show(table, title, value, depth + 1);
		else if (json_is_array(value) && !json_is_object(json_array_get(value, 0)))
			scalars_show(table, title, value);
		else if (!json_is_array(value)) {
			screen_cell(table, SCREEN_DIM, "%s", title);
			cell_add(table, value);
			screen_row_end(table);
		}
	}
}

void view_any(const json_t *result)
{
	struct screen_table table = {.right = 0};
	const char *key;
	json_t *value;
	members_show(&table, "", result, 0);
	screen_table_end(&table);
	json_object_foreach ((json_t *)result, key, value)
		if (json_is_array(value) && json_is_object(json_array_get(value, 0)))
			objects_show(key, value);
}

void view_reload(const json_t *result, const json_t *before)
{
	static const struct {
		const char *word;
		enum screen_colour colour;
		const char *sentence;
	} rows[] = {
		{"ok", SCREEN_GOOD, "Reloaded: all files are in service."},
		{"partly refused", SCREEN_WARN,
			"Reloaded, with files refused: their last good copies are in service."},
		{"refused", SCREEN_BAD, "Refused: the previous data stays in service."},
	};
	const char *word = json_string_value(json_object_get(result, "reload"));
	(void)before;
	for (size_t i = 0; word && i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].word, word) == 0) {
			screen_line(rows[i].colour, "%s", rows[i].sentence);
			return;
		}
	view_any(result);
}

static void drained_show(const json_t *result)
{
	struct screen_table table = {.right = 0};
	const json_t *hosts = json_object_get(result, "hosts");
	const char *until = field_text(result, "until");
	screen_line(SCREEN_WARN, "%s is drained until %s", field_text(result, "glob"),
		*until ? until : "undrain");
	screen_cell(&table, SCREEN_DIM, "removed from answers");
	screen_cell(&table, SCREEN_PLAIN,
		"%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " matching addresses",
		field_number(result, "taken_out"), field_number(result, "addresses"));
	screen_row_end(&table);
	screen_cell(&table, SCREEN_DIM, "cached answers");
	screen_cell(&table, SCREEN_PLAIN, "expire within %" JSON_INTEGER_FORMAT " s",
		field_number(result, "clients_gone_after_seconds"));
	screen_row_end(&table);
	if (*field_text(result, "why")) {
		screen_cell(&table, SCREEN_DIM, "why");
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(result, "why"));
		screen_row_end(&table);
	}
	if (json_array_size(hosts))
		scalars_show(&table, "hosts", hosts);
	screen_table_end(&table);
}

void view_drain(const json_t *result, const json_t *before)
{
	(void)before;
	if (json_object_get(result, "clients_gone_after_seconds"))
		drained_show(result);
	else if (json_is_string(json_object_get(result, "glob")))
		screen_line(SCREEN_GOOD,
			"%s is no longer drained, matching addresses: %" JSON_INTEGER_FORMAT,
			field_text(result, "glob"), field_number(result, "addresses"));
	else
		view_any(result);
}
