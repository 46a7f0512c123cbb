#include "dns/base/json.h"
#include "tools/ctl/list.h"
#include "tools/ctl/view.h"

#include <stdio.h>

/* So many pings and more say something; fewer may be one client. */
enum { PINGS_MIN = 10, BAD_PERCENT = 50, WARN_PERCENT = 10 };

static void host_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	const char *host = field_text(row, column->key);
	screen_cell(table, *host ? SCREEN_PLAIN : SCREEN_DIM, "%s", *host ? host : "(not listed)");
}

static void share_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	json_int_t pings = field_number(row, "ok") + field_number(row, "failed");
	double percent = 100 * field_real(row, column->key);
	enum screen_colour colour = percent >= WARN_PERCENT ? SCREEN_WARN : SCREEN_PLAIN;
	if (percent >= BAD_PERCENT)
		colour = SCREEN_BAD;
	screen_cell(table, pings < PINGS_MIN ? SCREEN_DIM : colour, "%.1f %%", percent);
}

/* What a row may have missed; nothing, mostly. */
static void error_cell(struct screen_table *table, const json_t *row, const struct column *column)
{
	json_int_t error = field_number(row, column->key);
	if (error > 0)
		screen_cell(table, SCREEN_DIM, "up to %" JSON_INTEGER_FORMAT " more", error);
	else
		screen_cell(table, SCREEN_DIM, "%s", "");
}

static const struct {
	const char *key;
	struct column columns[7];
} lists[] = {
	{"mirrors", {{"ADDRESS", list_text, "address", SCREEN_PLAIN, false},
			    {"HOST", host_cell, "host", SCREEN_PLAIN, false},
			    {"OK", list_number, "ok", SCREEN_PLAIN, true},
			    {"FAILED", list_number, "failed", SCREEN_PLAIN, true},
			    {"SHARE", share_cell, "share_failed", SCREEN_PLAIN, true},
			    {"", error_cell, "error", SCREEN_PLAIN, false}}},
	{"versions", {{"DATABASE", list_text, "db", SCREEN_PLAIN, false},
			     {"VERSION", list_number, "version", SCREEN_PLAIN, true},
			     {"PINGS", list_number, "count", SCREEN_PLAIN, true},
			     {"", error_cell, "error", SCREEN_PLAIN, false}}},
	{"flevels", {{"FLEVEL", list_number, "flevel", SCREEN_PLAIN, true},
			    {"PINGS", list_number, "count", SCREEN_PLAIN, true}}},
};

static void zone_show(const json_t *zone)
{
	const json_t *pings = json_object_get(zone, "pings");
	json_int_t ok = field_number(pings, "ok"), failed = field_number(pings, "failed");
	screen_line(SCREEN_BOLD,
		"%s: %" JSON_INTEGER_FORMAT " ok, %" JSON_INTEGER_FORMAT
		" failed; %" JSON_INTEGER_FORMAT
		" for mirrors that are not listed, %" JSON_INTEGER_FORMAT " malformed",
		field_text(zone, "zone"), ok, failed, field_number(pings, "unknown"),
		field_number(pings, "malformed"));
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		const json_t *list = json_object_get(zone, lists[i].key);
		if (json_array_size(list))
			list_show(list, lists[i].columns, SIZE_MAX);
	}
}

void view_pings(const json_t *result, const json_t *before)
{
	const json_t *zones = json_object_get(result, "zones");
	size_t i;
	json_t *zone;
	(void)before;
	json_array_foreach (zones, i, zone)
		zone_show(zone);
	if (json_array_size(zones))
		screen_line(SCREEN_DIM, "  Reports are unauthenticated: a hint, not proof.");
	else
		screen_line(SCREEN_PLAIN, "  No zone has a ping name: see mirrorns.conf(5).");
}
