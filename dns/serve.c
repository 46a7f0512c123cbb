#include "dns/serve.h"

#include "dns/reply.h"

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

size_t serve(const struct serving *serving, const struct client *client, const uint8_t *packet,
	size_t size, uint8_t *out)
{
	const struct snapshot *snapshot = serving->snapshot;
	struct query query;
	enum query_word word = query_parse(&query, packet, size);
	struct reply_limits limits = {
		.size = size_limit(snapshot, client, &query),
		.udp_size = snapshot->max_udp_size,
		.identity = snapshot->identity,
		.identity_size = query.nsid ? snapshot->identity_size : 0,
	};
	switch (word) {
	case QUERY_SILENCE:
		return 0;
	case QUERY_MALFORMED:
		return reply_write_error(out, &limits, &query, RCODE_FORMERR);
	case QUERY_UNKNOWN_OPCODE:
		return reply_write_error(out, &limits, &query, RCODE_NOTIMP);
	case QUERY_BAD_VERSION:
		return reply_write_error(out, &limits, &query, RCODE_BADVERS);
	case QUERY_GOOD:
		break;
	}
	struct answer answer; /* not cleared: answer_query sets what reply_write reads */
	answer_query(&answer, snapshot, serving->turns, client, &query);
	return reply_write(out, &limits, &query, &answer);
}
