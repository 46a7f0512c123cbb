#include "dns/explain/pool_table.h"

#include "dns/base/json.h"
#include "dns/load/drain.h"
#include "dns/snapshot/find.h"
#include "geo/walk.h"

#include <stdio.h>
#include <string.h>

enum { PATTERN_SHOWN_MAX = 300 };

/* One counting under way. */
struct pool_table {
	const struct snapshot *snapshot;
	const char *pattern;
	const struct snapshot_zone *zone;
	const struct config_pool *config;
	json_t *rows;
	size_t more; /* rows beyond the list */
};

/* The flag of a family; "": nothing is remarkable. */
static const char *flag_find(const struct pool_rule *rule, const struct walk *walk, unsigned family)
{
	int own = walk->own[family];
	if (!rule->families[family])
		return "not answered";
	if (own == WALK_NONE)
		return "empty";
	if (walk->open)
		return "fail-open";
	return walk->levels[own].candidates[family] < rule->min_members ? "thin" : "";
}

static json_t *family_json(const struct pool_rule *rule, const struct walk *walk, unsigned family)
{
	char level[WALK_PLACE_MAX] = "";
	if (walk->own[family] != WALK_NONE)
		walk_place_write(&walk->levels[walk->own[family]].place, level);
	return json_pack("{s:I, s:I, s:s, s:I, s:s}", "served",
		(json_int_t)walk->levels[0].in_service[family], "listed",
		(json_int_t)walk->levels[0].listed[family], "level", level, "members",
		(json_int_t)walk->members[family], "flag", flag_find(rule, walk, family));
}

static bool row_matches(const struct pool_table *table, const char *name)
{
	char whole[2 * NAME_TEXT_MAX];
	if (!table->pattern)
		return true;
	snprintf(whole, sizeof(whole), "%s.%s", name, table->zone->config->name);
	return drain_glob(table->pattern, name) || drain_glob(table->pattern, whole);
}

static bool row_add(struct pool_table *table, const char *name, unsigned country)
{
	const struct pool_rule *rule = &table->config->rule;
	struct walk walk;
	char place[WALK_PLACE_MAX], text[WALK_RULE_MAX];
	if (!row_matches(table, name))
		return true;
	if (json_array_size(table->rows) == POOL_TABLE_ROWS_MAX) {
		table->more++;
		return true;
	}
	pools_decide(table->zone->pools, rule, country, &walk);
	json_t *json = json_pack("{s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o}", "zone",
		plain_json(table->zone->config->name), "pool", plain_json(table->config->name),
		"name", plain_json(name), "rule", walk_rule_write(rule, text), "country",
		country_code(country), "place", walk_place_write(&walk.levels[0].place, place),
		"ipv4", family_json(rule, &walk, POOL_IPV4), "ipv6",
		family_json(rule, &walk, POOL_IPV6));
	return json_array_append_new(table->rows, json) == 0;
}

/* A name in text without its zone's. */
static const char *name_short(
	const struct pool_table *table, const uint8_t *name, char text[NAME_TEXT_MAX])
{
	char apex[NAME_TEXT_MAX];
	size_t cut = strlen(name_write(table->zone->apex, apex)) + 1;
	size_t size = strlen(name_write(name, text));
	if (size > cut)
		text[size - cut] = '\0';
	return text;
}

static bool labels_add(struct pool_table *table)
{
	for (size_t i = 0; i < COUNTRY_MAX; i++) {
		uint8_t name[NAME_SIZE_MAX];
		char text[NAME_TEXT_MAX];
		struct find_name found;
		unsigned country;
		const char *label = country_label(i, &country);
		if (!walk_expand(name, table->config, label) ||
			!find_name_at(&found, table->snapshot, name) || !found.pool ||
			found.pool->config != table->config)
			continue; /* an exact name, or the zone file, has it */
		if (!row_add(table, name_short(table, name, text), country))
			return false;
	}
	return true;
}

/* One of the names that this configuration is bound to: all have the same outcomes. */
static const struct snapshot_pool *pool_of(
	const struct snapshot *snapshot, const struct config_pool *config)
{
	for (size_t i = 0; i < snapshot->pool_count; i++)
		if (snapshot->pools[i].config == config)
			return &snapshot->pools[i];
	return NULL;
}

static bool pool_add(struct pool_table *table)
{
	char text[NAME_TEXT_MAX];
	const struct pool_rule *rule = &table->config->rule;
	if (rule->from == POOL_FROM_LABEL)
		return labels_add(table);
	const struct snapshot_pool *pool = pool_of(table->snapshot, table->config);
	if (!pool) /* the zone file has all of its names */
		return true;
	const char *name = name_short(table, table->config->wire, text);
	unsigned last = pool->map ? COUNTRY_MAX : 0;
	for (unsigned country = 0; country <= last; country++)
		if (!row_add(table, name, country))
			return false;
	return true;
}

static bool everything_add(struct pool_table *table)
{
	const struct snapshot *snapshot = table->snapshot;
	for (size_t z = 0; z < snapshot->zone_count; z++) {
		table->zone = &snapshot->zones[z];
		for (size_t p = 0; p < table->zone->config->pool_count; p++) {
			table->config = &table->zone->config->pools[p];
			if (!pool_add(table))
				return false;
		}
	}
	return true;
}

json_t *pool_table_json(
	const struct snapshot *snapshot, const char *pattern, char *why, size_t size)
{
	struct pool_table table = {.snapshot = snapshot, .pattern = pattern, .rows = json_array()};
	bool good = table.rows && everything_add(&table);
	if (!good)
		snprintf(why, size, "out of memory for the pool table");
	if (good && pattern && json_array_size(table.rows) == 0) {
		snprintf(why, size,
			"no pool matches \"%.*s\": `mirrornsctl pools` without a pattern lists all",
			PATTERN_SHOWN_MAX, pattern);
		good = false;
	}
	if (good)
		return json_pack("{s:o, s:I}", "pools", table.rows, "more", (json_int_t)table.more);
	json_decref(table.rows);
	return NULL;
}
