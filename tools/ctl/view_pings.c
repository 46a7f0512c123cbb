#include "dns/base/json.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/view.h"

#include <stdio.h>

/* So many pings and more say something; fewer may be one client. */
enum { TOLD_MIN = 10, BAD_PERCENT = 50, WARN_PERCENT = 10 };

static enum screen_colour share_colour(json_int_t told, double percent)
{
	if (told < TOLD_MIN)
		return SCREEN_DIM;
	if (percent >= BAD_PERCENT)
		return SCREEN_BAD;
	return percent >= WARN_PERCENT ? SCREEN_WARN : SCREEN_PLAIN;
}

static void head_add(struct screen_table *table, const char *const *titles)
{
	for (; *titles; titles++)
		screen_cell(table, SCREEN_DIM, "%s", *titles);
	screen_row_end(table);
}

static void number_cell(struct screen_table *table, const json_t *row, const char *key)
{
	screen_cell(table, SCREEN_PLAIN, "%" JSON_INTEGER_FORMAT, field_number(row, key));
}

/* What a row may have missed; nothing, mostly. */
static void error_cell(struct screen_table *table, const json_t *row)
{
	json_int_t error = field_number(row, "error");
	if (error > 0)
		screen_cell(table, SCREEN_DIM, "up to %" JSON_INTEGER_FORMAT " more", error);
}

static void mirrors_show(const json_t *mirrors)
{
	static const char *const titles[] = {"ADDRESS", "HOST", "OK", "FAILED", "SHARE", NULL};
	struct screen_table table = {.right = 1u << 2 | 1u << 3 | 1u << 4};
	size_t i;
	json_t *row;
	if (json_array_size(mirrors))
		head_add(&table, titles);
	json_array_foreach (mirrors, i, row) {
		json_int_t told = field_number(row, "ok") + field_number(row, "failed");
		double percent = 100 * field_real(row, "share_failed");
		const char *host = field_text(row, "host");
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(row, "address"));
		screen_cell(&table, *host ? SCREEN_PLAIN : SCREEN_DIM, "%s",
			*host ? host : "(not listed)");
		number_cell(&table, row, "ok");
		number_cell(&table, row, "failed");
		screen_cell(&table, share_colour(told, percent), "%.1f %%", percent);
		error_cell(&table, row);
		screen_row_end(&table);
	}
	screen_table_end(&table);
}

static void versions_show(const json_t *versions)
{
	static const char *const titles[] = {"DATABASE", "VERSION", "PINGS", NULL};
	struct screen_table table = {.right = 1u << 1 | 1u << 2};
	size_t i;
	json_t *row;
	if (json_array_size(versions))
		head_add(&table, titles);
	json_array_foreach (versions, i, row) {
		screen_cell(&table, SCREEN_PLAIN, "%s", field_text(row, "db"));
		number_cell(&table, row, "version");
		number_cell(&table, row, "count");
		error_cell(&table, row);
		screen_row_end(&table);
	}
	screen_table_end(&table);
}

static void flevels_show(const json_t *flevels)
{
	static const char *const titles[] = {"FLEVEL", "PINGS", NULL};
	struct screen_table table = {.right = 1u << 0 | 1u << 1};
	size_t i;
	json_t *row;
	if (json_array_size(flevels))
		head_add(&table, titles);
	json_array_foreach (flevels, i, row) {
		number_cell(&table, row, "flevel");
		number_cell(&table, row, "count");
		screen_row_end(&table);
	}
	screen_table_end(&table);
}

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
	mirrors_show(json_object_get(zone, "mirrors"));
	versions_show(json_object_get(zone, "versions"));
	flevels_show(json_object_get(zone, "flevels"));
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
