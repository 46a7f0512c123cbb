#include "dns/base/json.h"
#include "tools/ctl/list.h"
#include "tools/ctl/view.h"

#include <stdio.h>
#include <string.h>

enum { VALUE_SHOWN = 80, WHENS_MAX = 64 };

/* A time as seconds or as text. */
static const char *when_write(const json_t *object, const char *key, char text[WHENS_MAX])
{
	const json_t *value = json_object_get(object, key);
	char time[SCREEN_TIME_MAX];
	if (json_is_number(value))
		snprintf(text, WHENS_MAX, "%s",
			screen_time((long long)json_number_value(value), time));
	else
		snprintf(text, WHENS_MAX, "%.60s",
			json_is_string(value) ? json_string_value(value) : "none");
	return text;
}

static enum screen_colour state_colour(const char *state)
{
	static const char *const good[] = {"ok", "served", "good"};
	for (unsigned i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (strcmp(state, good[i]) == 0)
			return SCREEN_GOOD;
	return SCREEN_BAD;
}

static void head_show(const json_t *result)
{
	char span[SCREEN_SPAN_MAX], when[WHENS_MAX];
	const json_t *reload = json_object_get(result, "reload");
	const char *outcome = field_text(reload, "result"), *why = field_text(reload, "why");
	struct screen_table table = {.right = 0};
	screen_line(SCREEN_BOLD, "mirrorns %s, up %s, workers: %" JSON_INTEGER_FORMAT ", %s",
		field_text(result, "version"),
		screen_span(field_number(result, "uptime_seconds"), span),
		field_number(result, "workers"), field_text(result, "config"));
	if (*outcome)
		screen_field(&table, "last reload", state_colour(outcome), "%s, %s%s%s",
			when_write(reload, "when", when), outcome, *why ? ": " : "", why);
	else
		screen_field(&table, "last reload", SCREEN_PLAIN, "none since the start");
	const json_t *geo = json_object_get(result, "geo");
	const char *state = field_text(geo, "state");
	char countries[48] = "", unknown[64] = "";
	if (field_number(geo, "countries") > 0)
		snprintf(countries, sizeof(countries), " of %" JSON_INTEGER_FORMAT " countries",
			field_number(geo, "countries"));
	if (field_number(geo, "unknown_networks") > 0)
		snprintf(unknown, sizeof(unknown),
			", %" JSON_INTEGER_FORMAT " of unknown countries left out",
			field_number(geo, "unknown_networks"));
	screen_field(&table, "countries", *state ? state_colour(state) : SCREEN_PLAIN,
		"%s, built %s, %" JSON_INTEGER_FORMAT " networks%s%s%s%s%s%s",
		*field_text(geo, "database") ? field_text(geo, "database") : "no country database",
		when_write(geo, "build", when), field_number(geo, "networks"), countries, unknown,
		*state ? ", " : "", state, *field_text(geo, "why") ? ": " : "",
		field_text(geo, "why"));
	screen_table_end(&table);
}

/* A zone without pools has no export, and its cells are empty. */
static void export_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	char text[64];
	const json_t *export = json_object_get(row, "export");
	const char *key = column->key;
	if (!json_is_object(export))
		screen_cell(table, SCREEN_PLAIN, "%s", "");
	else if (strcmp(key, "serial") == 0 && !json_is_integer(json_object_get(export, key)))
		screen_cell(table, SCREEN_PLAIN, "none");
	else if (strcmp(key, "serial") == 0)
		list_number(table, export, column);
	else if (strcmp(key, "generated") == 0)
		screen_cell(table, SCREEN_PLAIN, "%s", when_write(export, key, text));
	else if (strcmp(key, "age_seconds") == 0)
		screen_cell(
			table, SCREEN_PLAIN, "%s", screen_span(field_number(export, key), text));
	else
		screen_cell(table, SCREEN_PLAIN, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
			field_number(export, "served"), field_number(export, "mirrors"));
}

/* Of the export and the strings the worst. */
static void state_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	const char *state = field_text(row, column->key);
	if (!*state) /* from a server that knows the export's alone */
		state = field_text(json_object_get(row, "export"), column->key);
	screen_cell(table, state_colour(state), "%s", state);
}

static const struct column zones_columns[9 + 1] = {
	{"ZONE", list_text, "zone", SCREEN_BOLD, false},
	{"SERIAL", list_number, "serial", SCREEN_PLAIN, true},
	{"NAMES", list_number, "names", SCREEN_PLAIN, true},
	{"POOLS", list_number, "pools", SCREEN_PLAIN, true},
	{"EXPORT", export_cell, "serial", SCREEN_PLAIN, true},
	{"GENERATED", export_cell, "generated", SCREEN_PLAIN, false},
	{"AGE", export_cell, "age_seconds", SCREEN_PLAIN, false},
	{"SERVED/MIRRORS", export_cell, "served", SCREEN_PLAIN, true},
	{"STATE", state_cell, "state", SCREEN_PLAIN, false},
};

/* What is not as it should be, in whole sentences. */
static void whys_show(const json_t *zones)
{
	size_t i, k;
	json_t *zone, *txt;
	json_array_foreach (zones, i, zone) {
		const char *why = field_text(json_object_get(zone, "export"), "why");
		if (*why)
			screen_line(SCREEN_BAD, "  %s: %s", field_text(zone, "zone"), why);
		json_array_foreach (json_object_get(zone, "txt"), k, txt) {
			why = field_text(txt, "why");
			if (*why)
				screen_line(SCREEN_BAD, "  %s: %s", field_text(txt, "name"), why);
		}
	}
}

static void txts_show(const json_t *zones)
{
	struct screen_table table = {.right = 0};
	size_t i, k;
	json_t *zone, *txt;
	json_array_foreach (zones, i, zone)
		json_array_foreach (json_object_get(zone, "txt"), k, txt) {
			char span[SCREEN_SPAN_MAX];
			bool stale = field_true(txt, "stale");
			const char *value = field_text(txt, "value");
			screen_cell(&table, SCREEN_BOLD, "%s", field_text(txt, "name"));
			if (*value) {
				screen_cell(&table, stale ? SCREEN_BAD : SCREEN_GOOD, "%s old%s",
					screen_span(field_number(txt, "age_seconds"), span),
					stale ? ", stale" : "");
				screen_cell(&table, SCREEN_PLAIN, "\"%.*s%s\"", VALUE_SHOWN, value,
					strlen(value) > VALUE_SHOWN ? "..." : "");
			} else {
				screen_cell(&table, SCREEN_BAD, "never read: SERVFAIL");
			}
			screen_row_end(&table);
		}
	screen_table_end(&table);
}

static void drains_show(const json_t *drains)
{
	struct screen_table table = {.right = 0};
	size_t i;
	json_t *drain;
	json_array_foreach (drains, i, drain) {
		char when[WHENS_MAX];
		json_int_t addresses = field_number(drain, "addresses");
		const json_t *until = json_object_get(drain, "until");
		bool for_ever = !until || json_is_null(until) ||
				(json_is_integer(until) && !json_integer_value(until));
		screen_cell(&table, SCREEN_WARN, "drained");
		screen_cell(&table, SCREEN_BOLD, "%s", field_text(drain, "glob"));
		screen_cell(&table, SCREEN_PLAIN, "%s%s", for_ever ? "until undrain" : "until ",
			for_ever ? "" : when_write(drain, "until", when));
		if (json_is_integer(json_object_get(drain, "addresses")))
			screen_cell(&table, SCREEN_PLAIN, "%" JSON_INTEGER_FORMAT " address%s",
				addresses, addresses == 1 ? "" : "es");
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(drain, "why"));
		screen_row_end(&table);
	}
	screen_table_end(&table);
}

void view_status(const json_t *result, const json_t *before)
{
	const json_t *zones = json_object_get(result, "zones");
	(void)before;
	head_show(result);
	list_show(zones, zones_columns, SIZE_MAX);
	whys_show(zones);
	txts_show(zones);
	drains_show(json_object_get(result, "drains"));
}
