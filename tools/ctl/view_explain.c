#include "dns/base/json.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One screen: what is beyond is in --json. */
enum { CANDIDATES_SHOWN = 40, LEFT_SHOWN = 20, LINE_MAX_SIZE = 1600 };

/* "Germany (DE), EU; 192.0.2.0/24 by line 12 of the overrides" */
static void place_show(struct screen_table *table, const json_t *result)
{
	char source[96], time[SCREEN_TIME_MAX];
	const char *country = field_text(result, "country");
	json_int_t build = field_number(result, "database_build");
	if (field_true(result, "override"))
		snprintf(source, sizeof(source), "line %" JSON_INTEGER_FORMAT " of the overrides",
			field_number(result, "override_line"));
	else if (build)
		snprintf(source, sizeof(source), "the database of %.10s", screen_time(build, time));
	else
		snprintf(source, sizeof(source), "no country database");
	screen_cell(table, SCREEN_DIM, "place");
	if (*country)
		screen_cell(table, SCREEN_PLAIN, "%s (%s), continent %s: %s by %s",
			field_text(result, "country_name"), country,
			field_text(result, "continent"), field_text(result, "network"), source);
	else
		screen_cell(table, SCREEN_WARN, "no country: %s by %s",
			field_text(result, "network"), source);
	screen_row_end(table);
}

static void pool_show(struct screen_table *table, const json_t *result)
{
	json_int_t answers = field_number(result, "answers");
	char most[32] = "all";
	if (answers)
		snprintf(most, sizeof(most), "%" JSON_INTEGER_FORMAT, answers);
	screen_cell(table, SCREEN_DIM, "pool");
	screen_cell(table, SCREEN_PLAIN,
		"\"%s\" of zone %s, from = %s, answers = %s, min-members = %" JSON_INTEGER_FORMAT,
		field_text(result, "pool"), field_text(result, "zone"), field_text(result, "rule"),
		most, field_number(result, "min_members"));
	screen_row_end(table);
	screen_cell(table, SCREEN_DIM, "scope");
	screen_cell(table, SCREEN_PLAIN,
		"/%" JSON_INTEGER_FORMAT "; a change reaches clients within the TTL of "
		"%" JSON_INTEGER_FORMAT " s",
		field_number(result, "scope"), field_number(result, "ttl"));
	screen_row_end(table);
}

static void head_show(const json_t *result)
{
	struct screen_table table = {.right = 0};
	const char *from = field_text(result, "from"), *leads = field_text(result, "leads_to");
	size_t i;
	json_t *note;
	screen_line(SCREEN_BOLD, "%s%s%s for %s", field_text(result, "name"), *leads ? " -> " : "",
		leads, field_text(result, "client"));
	screen_cell(&table, SCREEN_DIM, "looks at");
	screen_cell(&table, SCREEN_PLAIN, "%s",
		strcmp(from, "ecs") == 0      ? "the client subnet (ECS)"
		: strcmp(from, "source") == 0 ? "the source address"
					      : "no address: the name is not a pool");
	screen_row_end(&table);
	place_show(&table, result);
	if (*field_text(result, "pool"))
		pool_show(&table, result);
	json_array_foreach (json_object_get(result, "notes"), i, note) {
		screen_cell(&table, SCREEN_DIM, "note");
		screen_cell(&table, SCREEN_WARN, "%s",
			json_is_string(note) ? json_string_value(note) : "");
		screen_row_end(&table);
	}
	screen_table_end(&table);
}

static void titles_add(struct screen_table *table, const char *const *titles)
{
	for (; *titles; titles++)
		screen_cell(table, SCREEN_DIM, "%s", *titles);
	screen_row_end(table);
}

static enum screen_colour use_colour(const char *use)
{
	if (strcmp(use, "own") == 0)
		return SCREEN_GOOD;
	if (strcmp(use, "top-up") == 0)
		return SCREEN_WARN;
	return strcmp(use, "empty") == 0 ? SCREEN_BAD : SCREEN_DIM;
}

static void levels_show(const json_t *levels)
{
	static const char *const titles[] = {
		"LEVEL", "PLACE", "FAMILY", "SERVED/LISTED", "GIVES", "AS", NULL};
	struct screen_table table = {.right = 1u << 3 | 1u << 4};
	size_t i;
	json_t *level;
	titles_add(&table, titles);
	json_array_foreach (levels, i, level) {
		const char *use = field_text(level, "use");
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(level, "level"));
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(level, "place"));
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(level, "family"));
		screen_cell(&table, SCREEN_PLAIN, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
			field_number(level, "served"), field_number(level, "members"));
		screen_cell(&table, SCREEN_PLAIN, "%" JSON_INTEGER_FORMAT,
			field_number(level, "candidates"));
		screen_cell(&table, use_colour(use), "%s", use);
		screen_row_end(&table);
	}
	screen_table_end(&table);
}

/* `beyond`: what --json has not either. */
static void more_say(size_t more, json_int_t beyond)
{
	if (beyond > 0)
		screen_line(SCREEN_DIM, "  and %lld more", (long long)more + beyond);
	else if (more)
		screen_line(SCREEN_DIM, "  and %zu more: --json has them", more);
}

static void candidates_show(const json_t *result)
{
	static const char *const titles[] = {
		"CANDIDATE", "HOST", "COUNTRY", "STATE", "SINCE", "WEIGHT", "FIRST", "FROM", NULL};
	const json_t *candidates = json_object_get(result, "candidates");
	struct screen_table table = {.right = 1u << 5 | 1u << 6};
	size_t i, count = json_array_size(candidates);
	screen_line(SCREEN_PLAIN, "%s", "");
	titles_add(&table, titles);
	for (i = 0; i < count && i < CANDIDATES_SHOWN; i++) {
		const json_t *one = json_array_get(candidates, i);
		const char *state = field_text(one, "state");
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "address"));
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "host"));
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "country"));
		screen_cell(&table,
			strcmp(state, "ok") == 0    ? SCREEN_GOOD
			: strcmp(state, "old") == 0 ? SCREEN_WARN
						    : SCREEN_BAD,
			"%s", state);
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "since"));
		screen_cell(
			&table, SCREEN_PLAIN, "%" JSON_INTEGER_FORMAT, field_number(one, "weight"));
		if (field_true(one, "top_up"))
			screen_cell(&table, SCREEN_DIM, "never");
		else
			screen_cell(
				&table, SCREEN_PLAIN, "%.1f %%", 100.0 * field_real(one, "share"));
		screen_cell(&table, SCREEN_PLAIN, "%s%s", field_text(one, "level"),
			field_true(one, "top_up") ? " (top-up)" : "");
		screen_row_end(&table);
	}
	if (!count) {
		screen_cell(&table, SCREEN_BAD, "none: the answer is NODATA");
		screen_row_end(&table);
	}
	screen_table_end(&table);
	more_say(count - i, field_number(result, "candidates_more"));
}

static void left_show(const json_t *result)
{
	static const char *const titles[] = {"LEFT OUT", "HOST", "COUNTRY", "WHY", NULL};
	const json_t *left = json_object_get(result, "left_out");
	struct screen_table table = {.right = 0};
	size_t i, count = json_array_size(left);
	json_int_t beyond = field_number(result, "left_out_more");
	if (!count)
		return;
	screen_line(SCREEN_PLAIN, "%s", "");
	titles_add(&table, titles);
	for (i = 0; i < count && i < LEFT_SHOWN; i++) {
		const json_t *one = json_array_get(left, i);
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "address"));
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "host"));
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(one, "country"));
		screen_cell(&table, SCREEN_BAD, "%s", field_text(one, "why"));
		screen_row_end(&table);
	}
	screen_table_end(&table);
	more_say(count - i, beyond);
}

static void answer_show(const json_t *result)
{
	static const char *const types[] = {"A", "AAAA"};
	struct screen_table table = {.right = 0};
	screen_line(SCREEN_PLAIN, "%s", "");
	screen_line(SCREEN_BOLD, "An actual answer (%s)", field_text(result, "rcode"));
	for (unsigned t = 0; t < 2; t++) {
		const json_t *list = json_object_get(json_object_get(result, "answer"), types[t]);
		char line[LINE_MAX_SIZE] = "";
		size_t i, used = 0;
		json_t *address;
		json_array_foreach (list, i, address) {
			const char *text = json_string_value(address);
			if (used + 80 > sizeof(line) || !text || strlen(text) > 64)
				break;
			used += (size_t)snprintf(
				line + used, sizeof(line) - used, "%s%s", i ? " " : "", text);
		}
		if (i < json_array_size(list))
			snprintf(line + used, sizeof(line) - used, " and %zu more",
				json_array_size(list) - i);
		screen_cell(&table, SCREEN_DIM, "%s", types[t]);
		screen_cell(&table, SCREEN_PLAIN, "%s", used ? line : "none");
		screen_row_end(&table);
	}
	screen_table_end(&table);
}

void view_explain(const json_t *result, const json_t *before)
{
	(void)before;
	head_show(result);
	if (*field_text(result, "pool")) {
		levels_show(json_object_get(result, "levels"));
		candidates_show(result);
		left_show(result);
	}
	answer_show(result);
}
