#include "dns/stats/metrics.h"

#include "dns/base/log_out.h"
#include "dns/base/process.h"
#include "dns/stats/metrics_page.h"

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

/* --- the server --- */

static double count_of(const _Atomic uint64_t *counter)
{
	return (double)counter_get(counter);
}

static void build_write(const struct page *page)
{
	page_sample(page, 1, (struct label){"version", MIRRORNS_VERSION}, (struct label){0});
}

static void queries_write(const struct page *page)
{
	const _Atomic uint64_t *queries = page->values->counters.queries;
	page_sample(page,
		count_of(&queries[TRANSPORT_UDP_IPV4]) + count_of(&queries[TRANSPORT_UDP_IPV6]),
		(struct label){"transport", "udp"}, (struct label){0});
	page_sample(page,
		count_of(&queries[TRANSPORT_TCP_IPV4]) + count_of(&queries[TRANSPORT_TCP_IPV6]),
		(struct label){"transport", "tcp"}, (struct label){0});
}

static void families_write(const struct page *page)
{
	for (unsigned i = 0; i < COUNTER_TRANSPORTS; i++)
		page_sample(page, count_of(&page->values->counters.queries[i]),
			(struct label){"transport", counter_ways[i].transport},
			(struct label){"family", counter_ways[i].family});
}

static void replies_write(const struct page *page)
{
	for (unsigned i = 0; i < COUNTER_RCODES; i++) {
		char text[COUNTER_RCODE_TEXT];
		bool named;
		double count = count_of(&page->values->counters.replies[i]);
		const char *name = counter_rcode(i, text, &named);
		if (named || count > 0)
			page_sample(page, count, (struct label){"rcode", name}, (struct label){0});
	}
}

static double connections_value(const struct page *page)
{
	return (double)atomic_load_explicit(
		&page->totals->workers->tcp.connections, memory_order_relaxed);
}

static double control_value(const struct page *page)
{
	return count_of(&page->totals->control_closed);
}

static double workers_value(const struct page *page)
{
	return page->totals->workers->count;
}

static void reloads_write(const struct page *page)
{
	for (unsigned i = 0; i < TOTALS_RELOADS; i++)
		page_sample(page, (double)page->values->reloads[i],
			(struct label){"result", totals_reloads[i]}, (struct label){0});
}

static double log_value(const struct page *page)
{
	(void)page;
	return (double)log_out_dropped();
}

static void geo_write(const struct page *page)
{
	const struct place_database *database = refcount_get(page->inputs->database);
	if (database)
		page_sample(page, (double)database->build, (struct label){0}, (struct label){0});
}

/* --- all of them --- */

/* Counters that stand side by side. */
struct counted {
	size_t first; /* its place in struct counters */
	unsigned count;
	const char *const *reasons; /* NULL: the only sample, without labels */
};

struct metric {
	const char *name, *type, *help;
	struct counted counters;
	double (*value)(const struct page *page); /* of the only sample, without labels; or NULL */
	page_write *write; /* of several, or of none */
	page_write *write_zone; /* of each zone */
};

/* doc/mirrorns.8 has them all, too. */
static const struct metric metrics[] = {
	{"mirrorns_build_info", "gauge", "Version of the running server, always 1.",
		.write = build_write},
	{"mirrorns_workers", "gauge", "Worker threads.", .value = workers_value},
	{"mirrorns_queries_total", "counter", "Queries received, with or without a reply.",
		.write = queries_write},
	{"mirrorns_family_queries_total", "counter", "Queries received, by address family.",
		.write = families_write},
	{"mirrorns_ecs_queries_total", "counter",
		"Queries with a well-formed EDNS Client Subnet option.",
		.counters = {offsetof(struct counters, ecs_queries), 1, NULL}},
	{"mirrorns_replies_total", "counter", "Replies by rcode.", .write = replies_write},
	{"mirrorns_truncated_total", "counter", "Replies with the TC bit set.",
		.counters = {offsetof(struct counters, truncated), 1, NULL}},
	{"mirrorns_dropped_total", "counter",
		"Queries without a reply: malformed (not a query), send "
		"(sending the reply failed), receive (the socket receive queue was full).",
		.counters = {offsetof(struct counters, drops), COUNTER_DROPS, counter_drops}},
	{"mirrorns_tcp_connections", "gauge", "Open TCP connections.", .value = connections_value},
	{"mirrorns_tcp_connections_accepted_total", "counter", "TCP connections accepted.",
		.counters = {offsetof(struct counters, tcp_accepted), 1, NULL}},
	{"mirrorns_tcp_connections_closed_total", "counter", "TCP connections closed, by reason.",
		.counters = {offsetof(struct counters, tcp_closed), COUNTER_CLOSES,
			counter_closes}},
	{"mirrorns_tcp_refused_total", "counter",
		"TCP connections refused: limit (tcp-connections), descriptors "
		"(the remaining ones are reserved).",
		.counters = {offsetof(struct counters, tcp_refused), REFUSAL_PAUSE,
			counter_refusals}},
	{"mirrorns_tcp_pauses_total", "counter",
		"Pauses in accepting TCP connections: out of descriptors or memory.",
		.counters = {offsetof(struct counters, tcp_refused[REFUSAL_PAUSE]), 1, NULL}},
	{"mirrorns_control_closed_total", "counter",
		"Control socket clients closed or refused because the client limit was reached.",
		.value = control_value},
	{"mirrorns_answers_total", "counter",
		"Answers with addresses of a pool, by pool as configured.",
		.write_zone = page_answers},
	{"mirrorns_decisions_total", "counter",
		"Answers of a pool by the level that served: own, a fallback as configured, "
		"removed (no mirror was in service).",
		.write_zone = page_decisions},
	{"mirrorns_member_answers_total", "counter",
		"Answers with this address in first place. "
		"At most 5000 addresses per zone have a series, all others count as \"other\".",
		.write_zone = page_members},
	{"mirrorns_member_weight", "gauge",
		"Weight of an address in the export, 0 while it is drained or not in service.",
		.write_zone = page_weights},
	{"mirrorns_pings_total", "counter",
		"Queries for ping names, by reported address and result. "
		"Addresses that are not in the export count as \"other\".",
		.write_zone = page_pings},
	{"mirrorns_pings_malformed_total", "counter",
		"Queries below a ping name that do not have the form of a report.",
		.write_zone = page_pings_malformed},
	{"mirrorns_mirrors", "gauge", "Mirrors in the export by state.",
		.write_zone = page_mirrors},
	{"mirrorns_mirrors_in_service", "gauge",
		"Mirrors in service and not drained, by country; "
		"countries without a mirror in the export have no series.",
		.write_zone = page_countries},
	{"mirrorns_drained_addresses", "gauge", "Drained addresses.", .write_zone = page_drained},
	{"mirrorns_export_serial", "gauge", "Serial of the export in service.",
		.write_zone = page_serial},
	{"mirrorns_export_age_seconds", "gauge",
		"Age of the export in service, by its `generated` time.",
		.write_zone = page_export_age},
	{"mirrorns_export_good", "gauge",
		"1: the export on disk is in service; 0: it was refused or is missing.",
		.write_zone = page_good},
	{"mirrorns_export_refused_total", "counter", "Exports refused.",
		.write_zone = page_refused},
	{"mirrorns_txt_age_seconds", "gauge", "Age of the string of a txt name.",
		.write_zone = page_txt_age},
	{"mirrorns_geo_build_timestamp_seconds", "gauge",
		"Build time of the country database, in Unix seconds.", .write = geo_write},
	{"mirrorns_reloads_total", "counter",
		"Reloads, requested or by file change: ok, partly (a file was refused), failed.",
		.write = reloads_write},
	{"mirrorns_log_dropped_total", "counter",
		"Log lines lost because the log could not be written.", .value = log_value},
};

static void counters_write(const struct page *page, const struct counted *counted)
{
	const void *first = (const char *)&page->values->counters + counted->first;
	const _Atomic uint64_t *counters = first;
	for (unsigned i = 0; i < counted->count; i++) {
		struct label reason = {0};
		if (counted->reasons)
			reason = (struct label){"reason", counted->reasons[i]};
		page_sample(page, count_of(&counters[i]), reason, (struct label){0});
	}
}

static void metric_write(struct page *page, const struct metric *metric)
{
	page->name = metric->name;
	metric_begin(page->out, metric->name, metric->type, metric->help);
	counters_write(page, &metric->counters);
	if (metric->value)
		page_sample(page, metric->value(page), (struct label){0}, (struct label){0});
	if (metric->write)
		metric->write(page);
	for (page->zone = 0; metric->write_zone && page->zone < page->config->zone_count;
		page->zone++)
		metric->write_zone(page);
}

static bool page_fill(FILE *out, struct totals *totals)
{
	struct totals_values values;
	struct page page = {.out = out, .totals = totals, .values = &values, .now = time(NULL)};
	pthread_mutex_lock(&totals->lock);
	bool good = totals_sum(totals, &values);
	page.inputs = totals->now.snapshot->inputs;
	page.config = inputs_config(page.inputs);
	for (size_t i = 0; good && i < sizeof(metrics) / sizeof(*metrics); i++)
		metric_write(&page, &metrics[i]);
	pthread_mutex_unlock(&totals->lock);
	process_metrics_write(out);
	pool_counts_free(&values.pool_counts);
	return good;
}

char *metrics_page(void *owner, bool *good)
{
	struct totals *totals = owner;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	(void)good;
	if (!out)
		return NULL;
	bool whole = page_fill(out, totals) && !ferror(out);
	if (fclose(out) == 0 && whole)
		return text;
	free(text);
	return NULL;
}
