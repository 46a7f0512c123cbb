#include "dns/base/json.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/view.h"

#include <stdio.h>
#include <string.h>

/* One screen: what is beyond is in --json. */
enum { HOSTS_SHOWN = 30, COUNTRIES_SHOWN = 60, LEVELS_SHOWN = 60, LINE_MAX_SIZE = 400 };

static void serial_cell(struct screen_table *table, const json_t *serial)
{
	char texts[2][32];
	static const char *const keys[] = {"before", "after"};
	for (unsigned i = 0; i < 2; i++) {
		snprintf(texts[i], sizeof(texts[i]), "none");
		if (json_is_integer(json_object_get(serial, keys[i])))
			snprintf(texts[i], sizeof(texts[i]), "%" JSON_INTEGER_FORMAT,
				field_number(serial, keys[i]));
	}
	screen_cell(table, SCREEN_PLAIN, "%s -> %s", texts[0], texts[1]);
}

static void served_show(const json_t *result)
{
	struct screen_table table = {.right = 0};
	const json_t *served = json_object_get(result, "served");
	const json_t *generated = json_object_get(result, "generated");
	double percent = field_real(served, "gone_percent");
	screen_cell(&table, SCREEN_DIM, "serial");
	serial_cell(&table, json_object_get(result, "serial"));
	screen_row_end(&table);
	screen_cell(&table, SCREEN_DIM, "generated");
	screen_cell(&table, SCREEN_PLAIN, "%s -> %s", field_text(generated, "before"),
		field_text(generated, "after"));
	screen_row_end(&table);
	screen_cell(&table, SCREEN_DIM, "in service");
	screen_cell(&table, percent >= 10 ? SCREEN_WARN : SCREEN_PLAIN,
		"%" JSON_INTEGER_FORMAT " -> %" JSON_INTEGER_FORMAT
		" addresses: %" JSON_INTEGER_FORMAT " go (%.1f %% of those served), "
		"%" JSON_INTEGER_FORMAT " come",
		field_number(served, "before"), field_number(served, "after"),
		field_number(served, "gone"), percent, field_number(served, "come"));
	screen_row_end(&table);
	screen_table_end(&table);
}

static void hosts_show(const json_t *result, const char *key, enum screen_colour colour)
{
	struct screen_table table = {.right = 0};
	const json_t *list = json_object_get(result, key);
	size_t count = json_array_size(list);
	if (!count)
		return;
	json_int_t all = field_number(json_object_get(result, "counts"), key);
	screen_line(
		SCREEN_BOLD, "%" JSON_INTEGER_FORMAT " mirror%s %s", all, all == 1 ? "" : "s", key);
	for (size_t i = 0; i < count && i < HOSTS_SHOWN; i++) {
		const json_t *one = json_array_get(list, i);
		screen_cell(&table, colour, "%s", field_text(one, "host"));
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "country"));
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "why"));
		screen_row_end(&table);
	}
	screen_table_end(&table);
	if (all > HOSTS_SHOWN)
		screen_line(SCREEN_DIM, "  and %" JSON_INTEGER_FORMAT " more: --json has %s",
			all - HOSTS_SHOWN, (size_t)all > count ? "the first 1000" : "them");
}

static void counts_cell(struct screen_table *table, const json_t *counts)
{
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
	struct screen_table table = {.right = 0};
	size_t count = json_array_size(list);
	if (!count)
		return;
	screen_line(SCREEN_BOLD, "members in service by country");
	screen_cell(&table, SCREEN_DIM, "COUNTRY");
	screen_cell(&table, SCREEN_DIM, "IPV4");
	screen_cell(&table, SCREEN_DIM, "IPV6");
	screen_row_end(&table);
	for (size_t i = 0; i < count && i < COUNTRIES_SHOWN; i++) {
		const json_t *one = json_array_get(list, i);
		screen_cell(&table, SCREEN_PLAIN, "%s %s", field_text(one, "country"),
			field_text(one, "name"));
		counts_cell(&table, json_object_get(one, "ipv4"));
		counts_cell(&table, json_object_get(one, "ipv6"));
		screen_row_end(&table);
	}
	screen_table_end(&table);
	if (count > COUNTRIES_SHOWN)
		screen_line(SCREEN_DIM, "  and %zu more: --json has them", count - COUNTRIES_SHOWN);
}

/* "DE FR and 12 more"; a fixed pool has one without a code. */
static const char *codes_write(const json_t *countries, char line[LINE_MAX_SIZE])
{
	size_t i, used = 0;
	json_t *country;
	line[0] = '\0';
	json_array_foreach (countries, i, country) {
		const char *code = json_string_value(country);
		if (i == 20 || !code || strlen(code) > 8)
			break;
		used += (size_t)snprintf(line + used, LINE_MAX_SIZE - used, "%s%s", i ? " " : "",
			*code ? code : "(no country)");
	}
	if (i < json_array_size(countries))
		snprintf(line + used, LINE_MAX_SIZE - used, " and %zu more",
			json_array_size(countries) - i);
	return line;
}

/* `more`: how many the list has not. */
static void levels_show(const json_t *list, json_int_t more)
{
	struct screen_table table = {.right = 0};
	char line[LINE_MAX_SIZE];
	size_t count = json_array_size(list);
	if (!count)
		return;
	screen_line(SCREEN_BOLD, "places served by another level");
	for (size_t i = 0; i < count && i < LEVELS_SHOWN; i++) {
		const json_t *one = json_array_get(list, i);
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "pool"));
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "family"));
		screen_cell(&table, SCREEN_WARN, "%s -> %s", field_text(one, "before"),
			field_text(one, "after"));
		screen_cell(&table, SCREEN_PLAIN, "%s",
			codes_write(json_object_get(one, "countries"), line));
		screen_row_end(&table);
	}
	screen_table_end(&table);
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
