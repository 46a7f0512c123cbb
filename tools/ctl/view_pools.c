#include "dns/base/json.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Countries without a mirror of their own are one line for each way that they are served. */
enum { ROWS_WHOLE = 12 /* that few are never put together */, CODES_SHOWN = 8, CODES_MAX = 200 };

static bool is_answered(const json_t *family)
{
	return strcmp(field_text(family, "flag"), "not answered") != 0;
}

/* Does a mirror stand in this row's own place, or is it the only row of its kind? */
static bool has_own(const json_t *row)
{
	return field_number(json_object_get(row, "ipv4"), "listed") ||
	       field_number(json_object_get(row, "ipv6"), "listed");
}

static bool same_family(const json_t *a, const json_t *b)
{
	return strcmp(field_text(a, "level"), field_text(b, "level")) == 0 &&
	       strcmp(field_text(a, "flag"), field_text(b, "flag")) == 0 &&
	       field_number(a, "members") == field_number(b, "members");
}

static bool same_fate(const json_t *a, const json_t *b)
{
	return !has_own(a) && !has_own(b) &&
	       strcmp(field_text(a, "pool"), field_text(b, "pool")) == 0 &&
	       strcmp(field_text(a, "zone"), field_text(b, "zone")) == 0 &&
	       same_family(json_object_get(a, "ipv4"), json_object_get(b, "ipv4")) &&
	       same_family(json_object_get(a, "ipv6"), json_object_get(b, "ipv6"));
}

static void family_cells(struct screen_table *table, const json_t *row, const char *key)
{
	const json_t *family = json_object_get(row, key);
	const char *flag = field_text(family, "flag"), *level = field_text(family, "level");
	if (!is_answered(family)) {
		screen_cell(table, SCREEN_DIM, "-");
		screen_cell(table, SCREEN_DIM, "-");
		return;
	}
	enum screen_colour colour = SCREEN_PLAIN;
	if (strcmp(flag, "empty") == 0 || strcmp(flag, "fail-open") == 0)
		colour = SCREEN_BAD;
	else if (*flag || strcmp(level, field_text(row, "place")) != 0)
		colour = SCREEN_WARN;
	screen_cell(table, SCREEN_PLAIN, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
		field_number(family, "served"), field_number(family, "listed"));
	screen_cell(table, colour, "%" JSON_INTEGER_FORMAT " of %s%s%s",
		field_number(family, "members"), *level ? level : "nobody", *flag ? ", " : "",
		flag);
}

static void row_show(struct screen_table *table, const json_t *row, const char *what)
{
	screen_cell(table, SCREEN_PLAIN, "%s", what);
	family_cells(table, row, "ipv4");
	family_cells(table, row, "ipv6");
	screen_row_end(table);
}

/* "db.de", or "db.local DE" where the client decides. */
static void single_show(struct screen_table *table, const json_t *row)
{
	char what[1400];
	bool client = strcmp(field_text(row, "rule"), "client") == 0;
	const char *country = field_text(row, "country");
	snprintf(what, sizeof(what), "%s%s%s", field_text(row, "name"), client ? " " : "",
		!client    ? ""
		: *country ? country
			   : "(no country)");
	row_show(table, row, what);
}

/* Rows from `first` on that share its fate; marks them. */
static void group_show(struct screen_table *table, const json_t *rows, size_t first, bool *done)
{
	char what[CODES_MAX + 1400];
	const json_t *row = json_array_get(rows, first);
	size_t count = 0, used = (size_t)snprintf(what, 1400, "%s for", field_text(row, "pool"));
	used = used < 1400 ? used : 1399;
	size_t all = json_array_size(rows);
	for (size_t i = first; i < all; i++) {
		const char *country = field_text(json_array_get(rows, i), "country");
		if (done[i] || !same_fate(row, json_array_get(rows, i)))
			continue;
		done[i] = true;
		if (++count <= CODES_SHOWN)
			used += (size_t)snprintf(
				what + used, 8, " %.4s", *country ? country : "??");
	}
	if (count > CODES_SHOWN)
		snprintf(what + used, sizeof(what) - used, " and %zu more", count - CODES_SHOWN);
	row_show(table, row, what);
}

static void head_add(struct screen_table *table)
{
	static const char *const titles[] = {"NAME", "IPV4", "SERVES", "IPV6", "SERVES", NULL};
	for (unsigned i = 0; titles[i]; i++)
		screen_cell(table, SCREEN_DIM, "%s", titles[i]);
	screen_row_end(table);
}

void view_pools(const json_t *result, const json_t *before)
{
	const json_t *rows = json_object_get(result, "pools");
	size_t count = json_array_size(rows);
	json_int_t more = field_number(result, "more");
	bool *done = calloc(count + 1, sizeof(*done));
	struct screen_table table = {.right = 1u << 1 | 1u << 3};
	const char *zone = NULL;
	(void)before;
	for (size_t i = 0; done && i < count; i++) {
		const json_t *row = json_array_get(rows, i);
		if (!zone || strcmp(zone, field_text(row, "zone")) != 0) {
			screen_table_end(&table);
			table.right = 1u << 1 | 1u << 3;
			zone = field_text(row, "zone");
			screen_line(SCREEN_BOLD,
				"%s: members served/listed in the place itself, and who serves",
				zone);
			head_add(&table);
		}
		if (done[i])
			continue;
		if (count <= ROWS_WHOLE || has_own(row) || !*field_text(row, "country"))
			single_show(&table, row);
		else
			group_show(&table, rows, i, done);
	}
	screen_table_end(&table);
	if (more > 0)
		screen_line(SCREEN_DIM,
			"  and %" JSON_INTEGER_FORMAT " more rows: limit them with a PATTERN",
			more);
	free(done);
}
