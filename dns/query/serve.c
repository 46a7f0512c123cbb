#include "dns/query/serve.h"

#include "dns/query/reply.h"

_Static_assert((int)SERVE_REPLY_MAX == (int)REPLY_MAX, "no reply is larger");

/* What both ends can take, and over IPv6 what every path carries in one piece: 1280 octets with its
 * headers. */
static size_t size_limit(
	const struct snapshot *snapshot, const struct client *client, const struct query *query)
{
	if (client->tcp)
		return SERVE_REPLY_MAX;
	size_t limit = snapshot->max_udp_size;
	if (client->ipv6 && limit > SERVE_UDP_IPV6_MAX)
		limit = SERVE_UDP_IPV6_MAX;
	return query->udp_size < limit ? query->udp_size : limit;
}

static enum rcode result_rcode(enum query_result result)
{
	switch (result) {
	case QUERY_GOOD:
	case QUERY_SILENCE:
		return RCODE_NOERROR;
	case QUERY_MALFORMED:
		return RCODE_FORMERR;
	case QUERY_UNKNOWN_OPCODE:
		return RCODE_NOTIMP;
	case QUERY_BAD_VERSION:
		return RCODE_BADVERS;
	}
	return RCODE_SERVFAIL;
}

/* Whatever becomes of it: malformed ones have a reply, too. */
static void query_count(struct counters *counters, const struct query *query, enum rcode rcode)
{
	counter_add(&counters->replies[rcode], 1);
	if (query->subnet.option)
		counter_add(&counters->ecs_queries, 1);
}

static void ping_count(const struct serving *serving, const struct answer *answer)
{
	const struct snapshot_zone *zone = answer->pinged;
	struct ping_count *count = serving->pings->zones[zone - serving->snapshot->zones];
	if (answer->ping_malformed)
		counter_add(&count->malformed, 1);
	else
		ping_count_add(count, zone, &answer->ping);
}

size_t serve(const struct serving *serving, const struct client *client, const uint8_t *packet,
	size_t size, uint8_t *out)
{
	const struct snapshot *snapshot = serving->snapshot;
	struct query query;
	struct answer *answer = serving->answer;
	enum query_result result = query_parse(&query, packet, size);
	if (result == QUERY_SILENCE)
		return 0;
	if (result == QUERY_GOOD)
		lookup_answer(answer, snapshot, serving->turns, client, &query);
	else
		answer_error(answer, result_rcode(result));
	if (serving->counters)
		query_count(serving->counters, &query, answer->rcode);
	if (answer->pinged && serving->pings)
		ping_count(serving, answer);
	return reply_write(out, size_limit(snapshot, client, &query), snapshot, &query, answer);
}
