#include "dns/stats/totals_json.h"

#include "dns/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ZONES_MAX = 10000, POOLS_MAX = 10000 };

static uint64_t count_of(const json_t *json)
{
	json_int_t count = json_integer_value(json);
	return count > 0 ? (uint64_t)count : 0;
}

/* --- out --- */

static json_t *counters_json(const struct counters *counters)
{
	json_t *json = json_object();
	for (size_t i = 0; i < COUNTER_GROUPS; i++) {
		const struct counter_group *group = counter_group(i);
		const _Atomic uint64_t *first =
			(const _Atomic uint64_t *)((const char *)counters + group->offset);
		json_t *list = json_array();
		for (size_t k = 0; k < group->count; k++)
			json_array_append_new(list, count_json(counter_get(&first[k])));
		json_object_set_new(json, group->name, list);
	}
	return json;
}

static json_t *results_json(uint64_t ok, uint64_t failed)
{
	return json_pack("[o, o]", count_json(ok), count_json(failed));
}

/* Rows of the most frequent begin anew. */
static json_t *pings_json(const struct pool_counts_zone *zone)
{
	char text[ADDRESS_TEXT_MAX];
	const struct ping_count *pings = zone->pings;
	if (!pings)
		return json_object();
	json_t *mirrors = json_object(), *flevels = json_object();
	for (size_t i = 0; i < zone->member_count; i++) {
		const struct pool_counts_member *member = &zone->members[i];
		if (!member->pings[PING_OK] && !member->pings[PING_FAILED])
			continue;
		json_object_set_new(mirrors, address_write(&member->address, text),
			results_json(member->pings[PING_OK], member->pings[PING_FAILED]));
	}
	for (unsigned i = 0; i < PING_FLEVELS; i++) {
		snprintf(text, sizeof(text), "%u", i);
		if (counter_get(&pings->flevels[i]))
			json_object_set_new(
				flevels, text, count_json(counter_get(&pings->flevels[i])));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "mirrors", mirrors, "unknown",
		results_json(counter_get(&pings->unknown[PING_OK]),
			counter_get(&pings->unknown[PING_FAILED])),
		"malformed", count_json(counter_get(&pings->malformed)), "flevels", flevels);
}

static json_t *zone_json(const struct pool_counts_zone *zone)
{
	char name[NAME_TEXT_MAX], text[ADDRESS_TEXT_MAX], level[COUNTS_LEVEL_TEXT];
	json_t *pools = json_object(), *levels = json_object(), *members = json_object();
	for (size_t p = 0; p < zone->pool_count; p++)
		json_object_set_new(pools, name_write(zone->pools[p].wire, name),
			count_json(zone->pools[p].answers));
	for (unsigned i = 0; i < COUNTS_LEVELS; i++)
		if (zone->levels[i])
			json_object_set_new(levels, pool_counts_level_write(i, level),
				count_json(zone->levels[i]));
	for (size_t i = 0; i < zone->member_count; i++) {
		const struct pool_counts_member *member = &zone->members[i];
		json_object_set_new(
			members, address_write(&member->address, text), count_json(member->firsts));
	}
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "apex",
		name_write(zone->apex, name), "pools", pools, "levels", levels, "members", members,
		"others", count_json(zone->others), "refused", count_json(zone->refused), "pings",
		pings_json(zone));
}

/* The server that gets the sockets has the kernel's counts of them. */
static void drops_take_out(const struct totals *totals, struct counters *counters)
{
	_Atomic uint64_t *drops = &counters->drops[DROP_RECEIVE];
	for (unsigned i = 0; i < totals->workers->count; i++)
		counter_add(drops, -udp_drops_open(totals->workers->workers[i].udp));
}

json_t *totals_json(struct totals *totals)
{
	struct totals_values values;
	if (!totals_copy(totals, &values))
		return NULL;
	drops_take_out(totals, &values.counters);
	json_t *zones = json_array(), *reloads = json_array();
	for (size_t z = 0; z < values.pool_counts.zone_count; z++)
		json_array_append_new(zones, zone_json(&values.pool_counts.zones[z]));
	for (unsigned i = 0; i < TOTALS_RELOADS; i++)
		json_array_append_new(reloads, count_json(values.reloads[i]));
	json_t *json = json_pack("{s:o, s:o, s:o}", "counters", counters_json(&values.counters),
		"reloads", reloads, "zones", zones);
	pool_counts_free(&values.pool_counts);
	return json;
}

/* --- in --- */

static void counters_read(struct counters *counters, const json_t *json)
{
	for (size_t i = 0; i < COUNTER_GROUPS; i++) {
		const struct counter_group *group = counter_group(i);
		_Atomic uint64_t *first = (_Atomic uint64_t *)((char *)counters + group->offset);
		const json_t *list = json_object_get(json, group->name);
		for (size_t k = 0; k < group->count; k++)
			counter_add(&first[k], count_of(json_array_get(list, k)));
	}
}

static bool name_read(const char *text, uint8_t wire[NAME_SIZE_MAX])
{
	char why[256];
	static const uint8_t root[1] = {0};
	if (!text || !name_parse(text, root, wire, why, sizeof(why)))
		return false;
	name_lower(wire);
	return true;
}

static bool pools_read(struct pool_counts_zone *zone, json_t *json)
{
	const char *name;
	json_t *count;
	size_t room = json_object_size(json);
	room = room < POOLS_MAX ? room : POOLS_MAX;
	zone->pools = calloc(room + 1, sizeof(*zone->pools));
	json_object_foreach (json, name, count) {
		if (!zone->pools || zone->pool_count == room)
			break;
		struct pool_counts_pool *pool = &zone->pools[zone->pool_count];
		zone->pool_count += name_read(name, pool->wire);
		pool->answers = count_of(count);
	}
	return zone->pools;
}

static bool pings_read(struct pool_counts_zone *zone, const json_t *json)
{
	char text[16];
	if (!json_object_get(json, "unknown"))
		return true;
	zone->pings = ping_count_new(0);
	if (!zone->pings)
		return false;
	counter_add(&zone->pings->malformed, count_of(json_object_get(json, "malformed")));
	for (unsigned i = 0; i < PING_RESULTS; i++)
		counter_add(&zone->pings->unknown[i],
			count_of(json_array_get(json_object_get(json, "unknown"), i)));
	const json_t *flevels = json_object_get(json, "flevels");
	for (unsigned i = 0; i < PING_FLEVELS; i++) {
		snprintf(text, sizeof(text), "%u", i);
		counter_add(&zone->pings->flevels[i], count_of(json_object_get(flevels, text)));
	}
	return true;
}

/* `pings`: what statistics names told of them, by their addresses. */
static bool members_read(struct pool_counts_zone *zone, json_t *json, const json_t *pings)
{
	const char *text;
	json_t *count;
	size_t room = json_object_size(json);
	room = room < POOL_COUNTS_MEMBERS_MAX ? room : POOL_COUNTS_MEMBERS_MAX;
	zone->members = calloc(room + 1, sizeof(*zone->members));
	json_object_foreach (json, text, count) {
		if (!zone->members || zone->member_count == room)
			break;
		struct pool_counts_member *member = &zone->members[zone->member_count];
		member->firsts = count_of(count);
		for (unsigned i = 0; i < PING_RESULTS; i++)
			member->pings[i] =
				count_of(json_array_get(json_object_get(pings, text), i));
		zone->member_count += address_parse(&member->address, text);
	}
	return zone->members;
}

static bool zone_read(struct pool_counts_zone *zone, const json_t *json)
{
	char text[COUNTS_LEVEL_TEXT];
	const json_t *levels = json_object_get(json, "levels");
	for (unsigned i = 0; i < COUNTS_LEVELS; i++)
		zone->levels[i] =
			count_of(json_object_get(levels, pool_counts_level_write(i, text)));
	zone->others = count_of(json_object_get(json, "others"));
	zone->refused = count_of(json_object_get(json, "refused"));
	const json_t *pings = json_object_get(json, "pings");
	return pools_read(zone, json_object_get(json, "pools")) && pings_read(zone, pings) &&
	       members_read(
		       zone, json_object_get(json, "members"), json_object_get(pings, "mirrors"));
}

static bool pool_counts_read(struct pool_counts *pool_counts, const json_t *zones)
{
	size_t count = json_array_size(zones);
	count = count < ZONES_MAX ? count : ZONES_MAX;
	pool_counts->zones = calloc(count + 1, sizeof(*pool_counts->zones));
	for (size_t z = 0; pool_counts->zones && z < count; z++) {
		const json_t *json = json_array_get(zones, z);
		struct pool_counts_zone *zone = &pool_counts->zones[pool_counts->zone_count];
		if (!name_read(json_string_value(json_object_get(json, "apex")), zone->apex))
			continue;
		pool_counts->zone_count++;
		if (!zone_read(zone, json))
			return false;
	}
	pool_counts_sort(pool_counts);
	return pool_counts->zones;
}

bool totals_json_inherit(struct totals *totals, const json_t *json)
{
	struct totals_values values;
	memset(&values, 0, sizeof(values));
	counters_read(&values.counters, json_object_get(json, "counters"));
	const json_t *reloads = json_object_get(json, "reloads");
	for (unsigned i = 0; i < TOTALS_RELOADS; i++)
		values.reloads[i] = count_of(json_array_get(reloads, i));
	bool good = pool_counts_read(&values.pool_counts, json_object_get(json, "zones")) &&
		    totals_inherit(totals, &values);
	pool_counts_free(&values.pool_counts);
	return good;
}
