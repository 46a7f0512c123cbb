#include "dns/base/json.h"
#include "tools/ctl/list.h"
#include "tools/ctl/view.h"

#include <stdio.h>
#include <string.h>

/* One screen: what is beyond is in --json. */
enum {
	HOSTS_SHOWN = 30,
	COUNTRIES_SHOWN = 60,
	LEVELS_SHOWN = 60,
	CODES_SHOWN = 20,
	LINE_SIZE = 400,
	SERIAL_MAX = 32
};

static const char *serial_write(const json_t *serial, const char *key, char text[SERIAL_MAX])
{
	if (json_is_integer(json_object_get(serial, key)))
		snprintf(text, SERIAL_MAX, "%" JSON_INTEGER_FORMAT, field_number(serial, key));
	else
		snprintf(text, SERIAL_MAX, "none");
	return text;
}

static void served_show(const json_t *result)
{
	struct screen_table table = {.right = 0};
	const json_t *served = json_object_get(result, "served");
	const json_t *generated = json_object_get(result, "generated");
	const json_t *serial = json_object_get(result, "serial");
	char texts[2][SERIAL_MAX];
	double percent = field_real(served, "gone_percent");
	screen_field(&table, "serial", SCREEN_PLAIN, "%s -> %s",
		serial_write(serial, "before", texts[0]), serial_write(serial, "after", texts[1]));
	screen_field(&table, "generated", SCREEN_PLAIN, "%s -> %s", field_text(generated, "before"),
		field_text(generated, "after"));
	screen_field(&table, "in service", percent >= 10 ? SCREEN_WARN : SCREEN_PLAIN,
		"%" JSON_INTEGER_FORMAT " -> %" JSON_INTEGER_FORMAT
		" addresses: %" JSON_INTEGER_FORMAT " removed (%.1f %% of those served), "
		"%" JSON_INTEGER_FORMAT " added",
		field_number(served, "before"), field_number(served, "after"),
		field_number(served, "gone"), percent, field_number(served, "come"));
	screen_table_end(&table);
}

static void hosts_show(const json_t *result, const char *key, enum screen_colour colour)
{
	const struct column columns[3 + 1] = {
		{NULL, list_text, "host", colour, false},
		{NULL, list_text, "country", SCREEN_PLAIN, false},
		{NULL, list_text, "why", SCREEN_PLAIN, false},
	};
	const json_t *list = json_object_get(result, key);
	size_t count = json_array_size(list);
	if (!count)
		return;
	json_int_t all = field_number(json_object_get(result, "counts"), key);
	screen_line(
		SCREEN_BOLD, "%" JSON_INTEGER_FORMAT " mirror%s %s", all, all == 1 ? "" : "s", key);
	list_show(list, columns, HOSTS_SHOWN);
	if (all > HOSTS_SHOWN)
		screen_line(SCREEN_DIM, "  and %" JSON_INTEGER_FORMAT " more: --json has %s",
			all - HOSTS_SHOWN, (size_t)all > count ? "the first 1000" : "them");
}

static void country_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	screen_cell(table, column->colour, "%s %s", field_text(row, column->key),
		field_text(row, "name"));
}

static void counts_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	const json_t *counts = json_object_get(row, column->key);
	json_int_t before = field_number(counts, "before"), after = field_number(counts, "after");
	if (before == after)
		screen_cell(table, SCREEN_DIM, "%" JSON_INTEGER_FORMAT, before);
	else
		screen_cell(table,
			after == 0       ? SCREEN_BAD
			: after < before ? SCREEN_WARN
					 : SCREEN_GOOD,
			"%" JSON_INTEGER_FORMAT " -> %" JSON_INTEGER_FORMAT, before, after);
}

static void countries_show(const json_t *list)
{
	static const struct column columns[3 + 1] = {
		{"COUNTRY", country_cell, "country", SCREEN_PLAIN, false},
		{"IPV4", counts_cell, "ipv4", SCREEN_PLAIN, false},
		{"IPV6", counts_cell, "ipv6", SCREEN_PLAIN, false},
	};
	size_t count = json_array_size(list);
	if (!count)
		return;
	screen_line(SCREEN_BOLD, "members in service by country");
	list_show(list, columns, COUNTRIES_SHOWN);
	if (count > COUNTRIES_SHOWN)
		screen_line(SCREEN_DIM, "  and %zu more: --json has them", count - COUNTRIES_SHOWN);
}

static void change_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	screen_cell(table, column->colour, "%s -> %s", field_text(row, "before"),
		field_text(row, "after"));
}

static void codes_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	char line[LINE_SIZE];
	const json_t *codes = json_object_get(row, column->key);
	screen_cell(table, column->colour, "%s", list_join(codes, CODES_SHOWN, line, sizeof(line)));
}

/* `more`: how many the list has not. */
static void levels_show(const json_t *list, json_int_t more)
{
	static const struct column columns[4 + 1] = {
		{NULL, list_text, "pool", SCREEN_PLAIN, false},
		{NULL, list_text, "family", SCREEN_PLAIN, false},
		{NULL, change_cell, NULL, SCREEN_WARN, false},
		{NULL, codes_cell, "countries", SCREEN_PLAIN, false},
	};
	size_t count = json_array_size(list);
	if (!count)
		return;
	screen_line(SCREEN_BOLD, "places served by another level");
	list_show(list, columns, LEVELS_SHOWN);
	json_int_t beyond = (json_int_t)count + more - LEVELS_SHOWN;
	if (beyond > 0)
		screen_line(SCREEN_DIM, "  and %" JSON_INTEGER_FORMAT " more: --json has %s",
			beyond, more ? "the first 1000" : "them");
}

static void zone_show(const json_t *result)
{
	const char *word = field_text(result, "word");
	screen_line(SCREEN_BOLD, "%s compared with what zone %s serves", field_text(result, "file"),
		field_text(result, "zone"));
	if (strcmp(word, "refused") == 0)
		screen_line(SCREEN_BAD, "%s",
			json_is_false(json_object_get(result, "forced"))
				? "  it would be refused, even with reload --force; its contents:"
				: "  it would be refused; with reload --force:");
	served_show(result);
	hosts_show(result, "out", SCREEN_BAD);
	hosts_show(result, "in", SCREEN_GOOD);
	hosts_show(result, "changed", SCREEN_WARN);
	countries_show(json_object_get(result, "countries"));
	levels_show(json_object_get(result, "levels"), field_number(result, "levels_more"));
	if (strcmp(word, "same") == 0)
		screen_line(SCREEN_GOOD, "  no mirror changes");
}

/* The zones that share the export follow each other, the one that it is worst for first. */
void view_diff(const json_t *result, const json_t *before)
{
	size_t i;
	json_t *other;
	json_int_t more = field_number(result, "others_more");
	(void)before;
	zone_show(result);
	json_array_foreach (json_object_get(result, "others"), i, other) {
		screen_line(SCREEN_PLAIN, "%s", "");
		zone_show(other);
	}
	if (more)
		screen_line(SCREEN_DIM, "and %" JSON_INTEGER_FORMAT " more with this export", more);
}
