#include "dns/stats/stats.h"

#include "dns/base/json.h"

#include <stdio.h>

static json_t *queries_json(const struct counters *counters)
{
	json_t *queries = json_object();
	for (size_t i = 0; i < COUNTER_TRANSPORTS; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%s_%s", counter_ways[i].transport,
			counter_ways[i].family);
		json_object_set_new(queries, name, count_json(counter_get(&counters->queries[i])));
	}
	return queries;
}

/* By rcode, those that there were. */
static json_t *replies_json(const struct counters *counters)
{
	json_t *replies = json_object();
	for (unsigned i = 0; i < COUNTER_RCODES; i++) {
		uint64_t count = counter_get(&counters->replies[i]);
		char text[COUNTER_RCODE_TEXT];
		bool named;
		if (count)
			json_object_set_new(
				replies, counter_rcode(i, text, &named), count_json(count));
	}
	return replies;
}

static json_t *zones_json(const struct pool_counts *pool_counts)
{
	json_t *zones = json_object();
	for (size_t z = 0; z < pool_counts->zone_count; z++) {
		const struct pool_counts_zone *zone = &pool_counts->zones[z];
		char name[NAME_TEXT_MAX];
		uint64_t answers = 0;
		for (size_t p = 0; p < zone->pool_count; p++)
			answers += zone->pools[p].answers;
		json_object_set_new(zones, name_write_plain(zone->apex, name),
			json_pack("{s:o, s:o}", "pool_answers", count_json(answers),
				"exports_refused", count_json(zone->refused)));
	}
	return zones;
}

static json_t *sums_json(const struct totals_values *values)
{
	const struct counters *counters = &values->counters;
	json_t *drops = json_object(), *results = json_object();
	for (unsigned i = 0; i < COUNTER_DROPS; i++)
		json_object_set_new(
			drops, counter_drops[i], count_json(counter_get(&counters->drops[i])));
	for (unsigned i = 0; i < TOTALS_RELOADS; i++)
		json_object_set_new(results, totals_reloads[i], count_json(values->reloads[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "queries",
		queries_json(counters), "replies", replies_json(counters), "truncated",
		count_json(counter_get(&counters->truncated)), "ecs_queries",
		count_json(counter_get(&counters->ecs_queries)), "dropped", drops, "tcp_accepted",
		count_json(counter_get(&counters->tcp_accepted)), "reloads", results, "zones",
		zones_json(&values->pool_counts));
}

json_t *stats_json(struct totals *totals, const struct snapshot *current)
{
	struct totals_values values;
	if (!totals_copy(totals, &values))
		return NULL;
	json_t *stats = sums_json(&values);
	pool_counts_free(&values.pool_counts);
	json_object_set_new(stats, "tcp_connections",
		count_json(atomic_load_explicit(
			&totals->workers->tcp.connections, memory_order_relaxed)));
	json_object_set_new(stats, "turns", count_json(current->turn_count));
	return stats;
}
