#include "dns/base/json.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/view.h"

#include <stdio.h>

enum { KEY_MAX = 256, DEPTH_MAX = 8 };

/* Counters, and how much they grew since `before`; numbers alone, whatever holds them. */
static void counters_show(struct screen_table *table, const char *prefix, const json_t *object,
	const json_t *before, unsigned depth)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)object, key, value) {
		char title[KEY_MAX];
		const json_t *earlier = json_object_get(before, key);
		snprintf(title, sizeof(title), "%s%s%s", prefix, *prefix ? "." : "", key);
		if (json_is_object(value) && depth < DEPTH_MAX)
			counters_show(table, title, value, earlier, depth + 1);
		if (!json_is_number(value))
			continue;
		screen_cell(table, SCREEN_DIM, "%s", title);
		screen_cell(table, SCREEN_PLAIN, "%.15g", json_number_value(value));
		if (json_is_number(earlier)) {
			double grown = json_number_value(value) - json_number_value(earlier);
			screen_cell(table, grown > 0 ? SCREEN_GOOD : SCREEN_DIM, "%+.6g/s", grown);
		}
		screen_row_end(table);
	}
}

void view_stats(const json_t *result, const json_t *before)
{
	struct screen_table table = {.right = 1u << 1 | 1u << 2};
	if (json_is_object(result))
		counters_show(&table, "", result, before, 0);
	screen_table_end(&table);
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)result, key, value)
		if (json_is_string(value))
			screen_line(SCREEN_PLAIN, "  %s: %s", key, json_string_value(value));
}
