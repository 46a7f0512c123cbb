/* dns/query/serve.h - the border: query octets + client + snapshot to reply octets.
 *
 * The same function answers UDP, TCP, tests and fuzzers. No I/O, clock, malloc, lock or global. */
#ifndef DNS_QUERY_SERVE_H
#define DNS_QUERY_SERVE_H

#include "dns/query/counters.h"
#include "dns/query/lookup.h"
#include "dns/query/ping_count.h"

enum { SERVE_REPLY_MAX = 65535, SERVE_UDP_IPV6_MAX = 1232 };

/* What one thread serves from: the snapshot is read, the rest is written. */
struct serving {
	const struct snapshot *snapshot;
	struct turn *turns; /* one for each of the snapshot's */
	struct counters *counters; /* rcodes and subnets are counted there; NULL: nowhere */
	struct ping_counts *pings; /* what statistics names tell, likewise */
	/* Room for one under way, not cleared between. Too large for the stack, each page of which
	 * a hardened function would have to touch. */
	struct answer *answer;
};

/* Returns the octets of the reply at `out` (room for SERVE_REPLY_MAX over TCP, the snapshot's
 * max_udp_size over UDP, at least 512); 0: no reply. */
size_t serve(const struct serving *serving, const struct client *client, const uint8_t *packet,
	size_t size, uint8_t *out);

#endif
