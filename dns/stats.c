#include "dns/stats.h"

#include <stdio.h>

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* Counters of one group; a name for each. */
static json_t *group_json(const _Atomic uint64_t *counters, const char *const *names, size_t count)
{
	json_t *group = json_object();
	for (size_t i = 0; i < count; i++)
		json_object_set_new(group, names[i], number(counter_get(&counters[i])));
	return group;
}

/* By rcode, those that there were. */
static json_t *replies_json(const struct counters *counters)
{
	json_t *replies = json_object();
	for (unsigned i = 0; i < COUNTER_RCODES; i++) {
		uint64_t count = counter_get(&counters->replies[i]);
		char name[sizeof("rcode 23") + 8];
		snprintf(name, sizeof(name), "rcode_%u", i);
		if (count)
			json_object_set_new(replies, name, number(count));
	}
	return replies;
}

static json_t *zones_json(const struct tally *tally)
{
	json_t *zones = json_object();
	for (size_t z = 0; z < tally->zone_count; z++) {
		const struct tally_zone *zone = &tally->zones[z];
		char name[NAME_TEXT_MAX];
		uint64_t answers = 0;
		for (size_t p = 0; p < zone->pool_count; p++)
			answers += zone->pools[p].answers;
		json_object_set_new(zones, name_write(zone->apex, name),
			json_pack("{s:o, s:o}", "pool_answers", number(answers), "exports_refused",
				number(zone->refused)));
	}
	return zones;
}

static json_t *sums_json(const struct ledger_sums *sums)
{
	static const char *const transports[COUNTER_TRANSPORTS] = {
		"udp_ipv4", "udp_ipv6", "tcp_ipv4", "tcp_ipv6"};
	static const char *const drops[COUNTER_DROPS] = {"malformed", "send"};
	static const char *const reloads[LEDGER_RELOADS] = {"ok", "partly", "failed"};
	const struct counters *counters = &sums->counters;
	json_t *results = json_object();
	for (unsigned i = 0; i < LEDGER_RELOADS; i++)
		json_object_set_new(results, reloads[i], number(sums->reloads[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "queries",
		group_json(counters->queries, transports, COUNTER_TRANSPORTS), "replies",
		replies_json(counters), "truncated", number(counter_get(&counters->truncated)),
		"ecs_queries", number(counter_get(&counters->ecs_queries)), "dropped",
		group_json(counters->drops, drops, COUNTER_DROPS), "tcp_accepted",
		number(counter_get(&counters->tcp_accepted)), "reloads", results, "zones",
		zones_json(&sums->tally));
}

json_t *stats_json(const struct reload *reload)
{
	struct ledger *ledger = reload->ledger;
	struct ledger_sums sums;
	pthread_mutex_lock(&ledger->lock);
	bool good = ledger_sum(ledger, &sums);
	pthread_mutex_unlock(&ledger->lock);
	if (!good)
		return NULL;
	json_t *stats = sums_json(&sums);
	tally_free(&sums.tally);
	json_object_set_new(stats, "tcp_connections",
		number(atomic_load_explicit(
			&reload->workers->tcp.connections, memory_order_relaxed)));
	json_object_set_new(stats, "turns", number(reload->current->turn_count));
	return stats;
}
