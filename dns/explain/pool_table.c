#include "dns/explain/pool_table.h"

#include "dns/base/json.h"
#include "dns/load/drain.h"
#include "dns/snapshot/find.h"
#include "geo/walk.h"

#include <stdio.h>
#include <string.h>

enum { PATTERN_SHOWN_MAX = 300 };

/* One counting under way. */
struct census {
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

static bool row_matches(const struct census *census, const char *name)
{
	char whole[2 * NAME_TEXT_MAX];
	if (!census->pattern)
		return true;
	snprintf(whole, sizeof(whole), "%s.%s", name, census->zone->config->name);
	return drain_glob(census->pattern, name) || drain_glob(census->pattern, whole);
}

static bool row_add(struct census *census, const char *name, unsigned country)
{
	const struct pool_rule *rule = &census->config->rule;
	struct walk walk;
	char place[WALK_PLACE_MAX], text[WALK_RULE_MAX];
	if (!row_matches(census, name))
		return true;
	if (json_array_size(census->rows) == CENSUS_ROWS_MAX) {
		census->more++;
		return true;
	}
	pools_decide(census->zone->pools, rule, country, &walk);
	json_t *json = json_pack("{s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o}", "zone",
		plain_json(census->zone->config->name), "pool", plain_json(census->config->name),
		"name", plain_json(name), "rule", walk_rule_write(rule, text), "country",
		country_code(country), "place", walk_place_write(&walk.levels[0].place, place),
		"ipv4", family_json(rule, &walk, POOL_IPV4), "ipv6",
		family_json(rule, &walk, POOL_IPV6));
	return json_array_append_new(census->rows, json) == 0;
}

/* A name in text without its zone's. */
static const char *name_short(
	const struct census *census, const uint8_t *name, char text[NAME_TEXT_MAX])
{
	char apex[NAME_TEXT_MAX];
	size_t cut = strlen(name_write(census->zone->apex, apex)) + 1;
	size_t size = strlen(name_write(name, text));
	if (size > cut)
		text[size - cut] = '\0';
	return text;
}

static bool labels_add(struct census *census)
{
	for (size_t i = 0; i < COUNTRY_MAX; i++) {
		uint8_t name[NAME_SIZE_MAX];
		char text[NAME_TEXT_MAX];
		struct walk_name found;
		unsigned country;
		const char *label = country_label(i, &country);
		if (!walk_expand(name, census->config, label) ||
			!walk_name_find(&found, census->snapshot, name) || !found.pool ||
			found.pool->config != census->config)
			continue; /* an exact name, or the zone file, has it */
		if (!row_add(census, name_short(census, name, text), country))
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

static bool pool_add(struct census *census)
{
	char text[NAME_TEXT_MAX];
	const struct pool_rule *rule = &census->config->rule;
	if (rule->from == POOL_FROM_LABEL)
		return labels_add(census);
	const struct snapshot_pool *pool = pool_of(census->snapshot, census->config);
	if (!pool) /* the zone file has all of its names */
		return true;
	const char *name = name_short(census, census->config->wire, text);
	unsigned last = pool->map ? COUNTRY_MAX : 0;
	for (unsigned country = 0; country <= last; country++)
		if (!row_add(census, name, country))
			return false;
	return true;
}

static bool everything_add(struct census *census)
{
	const struct snapshot *snapshot = census->snapshot;
	for (size_t z = 0; z < snapshot->zone_count; z++) {
		census->zone = &snapshot->zones[z];
		for (size_t p = 0; p < census->zone->config->pool_count; p++) {
			census->config = &census->zone->config->pools[p];
			if (!pool_add(census))
				return false;
		}
	}
	return true;
}

json_t *census_json(const struct snapshot *snapshot, const char *pattern, char *why, size_t size)
{
	struct census census = {.snapshot = snapshot, .pattern = pattern, .rows = json_array()};
	bool good = census.rows && everything_add(&census);
	if (!good)
		snprintf(why, size, "no memory to count the pools");
	if (good && pattern && json_array_size(census.rows) == 0) {
		snprintf(why, size,
			"no pool's name is like \"%.*s\": mirrornsctl pools without a pattern "
			"shows "
			"all",
			PATTERN_SHOWN_MAX, pattern);
		good = false;
	}
	if (good)
		return json_pack(
			"{s:o, s:I}", "pools", census.rows, "more", (json_int_t)census.more);
	json_decref(census.rows);
	return NULL;
}
