#include "dns/base/json.h"
#include "tools/ctl/list.h"
#include "tools/ctl/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One screen: what is beyond is in --json. */
enum { CANDIDATES_SHOWN = 40, LEFT_SHOWN = 20, LINE_SIZE = 1600 };

/* "Germany (DE), EU; 192.0.2.0/24 from line 12 of the overrides" */
static void place_show(struct screen_table *table, const json_t *result)
{
	char source[96] = "", time[SCREEN_TIME_MAX];
	const char *country = field_text(result, "country");
	json_int_t build = field_number(result, "database_build");
	if (field_true(result, "override"))
		snprintf(source, sizeof(source), "line %" JSON_INTEGER_FORMAT " of the overrides",
			field_number(result, "override_line"));
	else if (build)
		snprintf(source, sizeof(source), "the database of %.10s", screen_time(build, time));
	if (*country)
		screen_field(table, "place", SCREEN_PLAIN, "%s (%s), continent %s: %s from %s",
			field_text(result, "country_name"), country,
			field_text(result, "continent"), field_text(result, "network"), source);
	else if (*source)
		screen_field(table, "place", SCREEN_WARN, "no country: %s from %s",
			field_text(result, "network"), source);
	else
		screen_field(
			table, "place", SCREEN_WARN, "no country (no country database configured)");
}

static void pool_show(struct screen_table *table, const json_t *result)
{
	json_int_t answers = field_number(result, "answers");
	char most[32] = "all";
	if (answers)
		snprintf(most, sizeof(most), "%" JSON_INTEGER_FORMAT, answers);
	screen_field(table, "pool", SCREEN_PLAIN,
		"\"%s\" of zone %s, from = %s, answers = %s, min-members = %" JSON_INTEGER_FORMAT,
		field_text(result, "pool"), field_text(result, "zone"), field_text(result, "rule"),
		most, field_number(result, "min_members"));
	screen_field(table, "scope", SCREEN_PLAIN,
		"/%" JSON_INTEGER_FORMAT "; a change reaches clients within the TTL of "
		"%" JSON_INTEGER_FORMAT " s",
		field_number(result, "scope"), field_number(result, "ttl"));
}

static void head_show(const json_t *result)
{
	struct screen_table table = {.right = 0};
	const char *from = field_text(result, "from"), *leads = field_text(result, "leads_to");
	size_t i;
	json_t *note;
	screen_line(SCREEN_BOLD, "%s%s%s for %s", field_text(result, "name"), *leads ? " -> " : "",
		leads, field_text(result, "client"));
	screen_field(&table, "based on", SCREEN_PLAIN, "%s",
		strcmp(from, "ecs") == 0      ? "the client subnet (ECS)"
		: strcmp(from, "source") == 0 ? "the source address"
					      : "no address: the name is not a pool");
	place_show(&table, result);
	if (*field_text(result, "pool"))
		pool_show(&table, result);
	json_array_foreach (json_object_get(result, "notes"), i, note)
		screen_field(&table, "note", SCREEN_WARN, "%s",
			json_is_string(note) ? json_string_value(note) : "");
	screen_table_end(&table);
}

static void use_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	const char *use = field_text(row, column->key);
	enum screen_colour colour = SCREEN_DIM;
	if (strcmp(use, "own") == 0)
		colour = SCREEN_GOOD;
	else if (strcmp(use, "top-up") == 0)
		colour = SCREEN_WARN;
	else if (strcmp(use, "empty") == 0)
		colour = SCREEN_BAD;
	screen_cell(table, colour, "%s", use);
}

static void served_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	screen_cell(table, column->colour, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
		field_number(row, "served"), field_number(row, "members"));
}

static void state_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	const char *state = field_text(row, column->key);
	screen_cell(table,
		strcmp(state, "ok") == 0    ? SCREEN_GOOD
		: strcmp(state, "old") == 0 ? SCREEN_WARN
					    : SCREEN_BAD,
		"%s", state);
}

static void share_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	if (field_true(row, "top_up"))
		screen_cell(table, SCREEN_DIM, "never");
	else
		screen_cell(table, column->colour, "%.1f %%", 100.0 * field_real(row, column->key));
}

static void level_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	screen_cell(table, column->colour, "%s%s", field_text(row, column->key),
		field_true(row, "top_up") ? " (top-up)" : "");
}

static const struct column levels[6 + 1] = {
	{"LEVEL", list_text, "level", SCREEN_PLAIN, false},
	{"PLACE", list_text, "place", SCREEN_PLAIN, false},
	{"FAMILY", list_text, "family", SCREEN_PLAIN, false},
	{"SERVED/LISTED", served_cell, NULL, SCREEN_PLAIN, true},
	{"GIVES", list_number, "candidates", SCREEN_PLAIN, true},
	{"AS", use_cell, "use", SCREEN_PLAIN, false},
};

static const struct column candidates[8 + 1] = {
	{"CANDIDATE", list_text, "address", SCREEN_PLAIN, false},
	{"HOST", list_text, "host", SCREEN_PLAIN, false},
	{"COUNTRY", list_text, "country", SCREEN_PLAIN, false},
	{"STATE", state_cell, "state", SCREEN_PLAIN, false},
	{"SINCE", list_text, "since", SCREEN_PLAIN, false},
	{"WEIGHT", list_number, "weight", SCREEN_PLAIN, true},
	{"FIRST", share_cell, "share", SCREEN_PLAIN, true},
	{"FROM", level_cell, "level", SCREEN_PLAIN, false},
};

static const struct column left_out[4 + 1] = {
	{"LEFT OUT", list_text, "address", SCREEN_PLAIN, false},
	{"HOST", list_text, "host", SCREEN_PLAIN, false},
	{"COUNTRY", list_text, "country", SCREEN_PLAIN, false},
	{"WHY", list_text, "why", SCREEN_BAD, false},
};

/* `beyond`: what --json has not either. */
static void limited_show(
	const json_t *list, const struct column *columns, size_t most, json_int_t beyond)
{
	screen_line(SCREEN_PLAIN, "%s", "");
	size_t more = json_array_size(list) - list_show(list, columns, most);
	if (beyond > 0)
		screen_line(SCREEN_DIM, "  and %lld more", (long long)more + beyond);
	else if (more)
		screen_line(SCREEN_DIM, "  and %zu more: --json has them", more);
}

static void pool_lists_show(const json_t *result)
{
	const json_t *list = json_object_get(result, "candidates");
	list_show(json_object_get(result, "levels"), levels, SIZE_MAX);
	limited_show(list, candidates, CANDIDATES_SHOWN, field_number(result, "candidates_more"));
	if (!json_array_size(list))
		screen_line(SCREEN_BAD, "  none: the answer is NODATA");
	list = json_object_get(result, "left_out");
	if (json_array_size(list))
		limited_show(list, left_out, LEFT_SHOWN, field_number(result, "left_out_more"));
}

static void answer_show(const json_t *result)
{
	static const char *const types[] = {"A", "AAAA", "TXT"};
	struct screen_table table = {.right = 0};
	screen_line(SCREEN_PLAIN, "%s", "");
	screen_line(SCREEN_BOLD, "Sample answer (%s)", field_text(result, "rcode"));
	for (unsigned t = 0; t < sizeof(types) / sizeof(*types); t++) {
		const json_t *list = json_object_get(json_object_get(result, "answer"), types[t]);
		char line[LINE_SIZE];
		if (!list && t == 2) /* of txt names alone */
			break;
		list_join(list, SIZE_MAX, line, sizeof(line));
		screen_field(&table, types[t], SCREEN_PLAIN, "%s", *line ? line : "none");
	}
	screen_table_end(&table);
}

void view_explain(const json_t *result, const json_t *before)
{
	(void)before;
	head_show(result);
	if (*field_text(result, "pool"))
		pool_lists_show(result);
	answer_show(result);
}
