#include "dns/explain/diff_pools.h"

#include "dns/base/json.h"
#include "geo/country.h"
#include "geo/walk.h"

#include <stdio.h>
#include <string.h>

enum { LEVEL_TEXT_MAX = WALK_PLACE_MAX + 16 };

static json_t *counts_json(uint32_t before, uint32_t after)
{
	return json_pack("{s:I, s:I}", "before", (json_int_t)before, "after", (json_int_t)after);
}

/* The country alone, as a fixed place without fallback. */
static struct walk_level country_level(const struct pools *pools, unsigned country)
{
	struct pool_rule rule = {
		.from = POOL_FROM_FIXED, .fixed = {PLACE_COUNTRY, (uint16_t)country}};
	struct walk walk;
	pools_decide(pools, &rule, country, &walk);
	return walk.levels[0];
}

json_t *diff_countries(const struct diff_pair *pair)
{
	json_t *list = json_array();
	bool good = list;
	for (unsigned country = 1; good && country <= COUNTRY_MAX; country++) {
		struct walk_level before = country_level(pair->before, country);
		struct walk_level after = country_level(pair->after, country);
		if (memcmp(before.in_service, after.in_service, sizeof(before.in_service)) == 0)
			continue;
		json_t *row = json_pack("{s:s, s:s, s:o, s:o}", "country", country_code(country),
			"name", country_name(country), "ipv4",
			counts_json(before.in_service[POOL_IPV4], after.in_service[POOL_IPV4]),
			"ipv6",
			counts_json(before.in_service[POOL_IPV6], after.in_service[POOL_IPV6]));
		good = json_array_append_new(list, row) == 0;
	}
	return whole_json(list, good);
}

/* "country:DE"; "nobody"; with "(removed)" when removed ones are served. */
static const char *level_write(const struct walk *walk, unsigned family, char text[LEVEL_TEXT_MAX])
{
	char place[WALK_PLACE_MAX];
	int own = walk->own[family];
	if (own == WALK_NONE)
		snprintf(text, LEVEL_TEXT_MAX, "nobody");
	else
		snprintf(text, LEVEL_TEXT_MAX, "%s%s",
			walk_place_write(&walk->levels[own].place, place),
			walk->open ? " (removed)" : "");
	return text;
}

/* The row of a change, made if need be; NULL: no memory. */
static json_t *change_row(json_t *rows, const char *before, const char *after)
{
	size_t i;
	json_t *row;
	json_array_foreach (rows, i, row)
		if (strcmp(json_string_value(json_object_get(row, "before")), before) == 0 &&
			strcmp(json_string_value(json_object_get(row, "after")), after) == 0)
			return row;
	row = json_pack("{s:s, s:s, s:[]}", "before", before, "after", after, "countries");
	return json_array_append_new(rows, row) == 0 ? row : NULL;
}

/* What one pool's family does in one country: countries that change alike share a row. */
static bool change_add(json_t *rows, const struct walk walks[2], unsigned family, unsigned country)
{
	char before[LEVEL_TEXT_MAX], after[LEVEL_TEXT_MAX];
	level_write(&walks[0], family, before);
	level_write(&walks[1], family, after);
	if (strcmp(before, after) == 0)
		return true;
	json_t *row = change_row(rows, before, after);
	return row && json_array_append_new(json_object_get(row, "countries"),
			      json_string(country_code(country))) == 0;
}

/* One pool's rows of one family; those beyond the list's room are counted. */
static bool rows_add(json_t *list, json_t *rows, const char *pool, unsigned family, size_t *more)
{
	size_t i;
	json_t *row;
	json_array_foreach (rows, i, row) {
		if (json_array_size(list) >= DIFF_LIST_MAX)
			(*more)++;
		else if (json_object_set_new(row, "pool", plain_json(pool)) != 0 ||
			 json_object_set_new(row, "family", json_string(walk_family(family))) !=
				 0 ||
			 json_array_append(list, row) != 0)
			return false;
	}
	return true;
}

static bool pool_add(
	json_t *list, const struct diff_pair *pair, const struct config_pool *config, size_t *more)
{
	json_t *rows[POOL_FAMILIES] = {json_array(), json_array()};
	bool fixed = config->rule.from == POOL_FROM_FIXED;
	unsigned first = config->rule.from == POOL_FROM_LABEL;
	bool good = rows[POOL_IPV4] && rows[POOL_IPV6];
	for (unsigned country = first; good && country <= (fixed ? 0 : COUNTRY_MAX); country++) {
		struct walk walks[2];
		pools_decide(pair->before, &config->rule, country, &walks[0]);
		pools_decide(pair->after, &config->rule, country, &walks[1]);
		for (unsigned f = 0; good && f < POOL_FAMILIES; f++)
			good = !config->rule.families[f] || change_add(rows[f], walks, f, country);
	}
	for (unsigned f = 0; good && f < POOL_FAMILIES; f++)
		good = rows_add(list, rows[f], config->name, f, more);
	json_decref(rows[POOL_IPV4]);
	json_decref(rows[POOL_IPV6]);
	return good;
}

json_t *diff_levels(const struct diff_pair *pair, size_t *more)
{
	json_t *list = json_array();
	bool good = list;
	*more = 0;
	for (size_t p = 0; good && p < pair->config->pool_count; p++)
		good = pool_add(list, pair, &pair->config->pools[p], more);
	return whole_json(list, good);
}
