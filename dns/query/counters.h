/* dns/query/counters.h - what one worker counts: written by it alone, read by any thread.
 *
 * Adding is a load and a store without a lock; a reader may be one packet behind. */
#ifndef DNS_QUERY_COUNTERS_H
#define DNS_QUERY_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum counter_transport {
	TRANSPORT_UDP_IPV4,
	TRANSPORT_UDP_IPV6,
	TRANSPORT_TCP_IPV4,
	TRANSPORT_TCP_IPV6,
	COUNTER_TRANSPORTS
};

/* Why a query has no reply. */
enum counter_drop {
	DROP_SILENCE, /* it is none: too short, or a reply itself */
	DROP_SEND, /* the system would not send the reply */
	DROP_RECEIVE, /* a receive queue of the system was full */
	COUNTER_DROPS
};

/* Why a TCP connection has ended. */
enum counter_close {
	CLOSE_CLIENT, /* the client ended it, or the way to it */
	CLOSE_IDLE, /* tcp-idle */
	CLOSE_LIMIT, /* tcp-connections: the idlest makes room */
	CLOSE_MALFORMED, /* what it sent is no DNS */
	CLOSE_SYSTEM, /* no memory, or it was gone before it was there */
	CLOSE_STOP, /* the server ends */
	COUNTER_CLOSES
};

/* Why a TCP connection was not taken. */
enum counter_refusal {
	REFUSAL_LIMIT, /* closed: tcp-connections are there, and none of them is this worker's */
	REFUSAL_DESCRIPTORS, /* closed: it would have taken a descriptor of the reserve */
	REFUSAL_PAUSE, /* it waits: the system had no descriptor or memory */
	COUNTER_REFUSALS
};

enum { COUNTER_RCODES = 24, COUNTER_LINE = 64 };

/* What operators read, by the enums above; an rcode without a name is RCODEnn. */
struct counter_way {
	const char *transport, *family;
};
extern const struct counter_way counter_ways[COUNTER_TRANSPORTS];
extern const char *const counter_drops[COUNTER_DROPS];
extern const char *const counter_closes[COUNTER_CLOSES];
extern const char *const counter_refusals[COUNTER_REFUSALS]; /* PAUSE has a metric of its own */
enum { COUNTER_RCODE_TEXT = 16 };
/* Returns text, or the name. *named: it has one. */
const char *counter_rcode(unsigned rcode, char text[COUNTER_RCODE_TEXT], bool *named);

struct counters {
	_Atomic uint64_t queries[COUNTER_TRANSPORTS];
	_Atomic uint64_t replies[COUNTER_RCODES]; /* by rcode, with EDNS's upper bits */
	_Atomic uint64_t truncated;
	_Atomic uint64_t ecs_queries;
	_Atomic uint64_t drops[COUNTER_DROPS];
	_Atomic uint64_t tcp_accepted;
	_Atomic uint64_t tcp_closed[COUNTER_CLOSES];
	_Atomic uint64_t tcp_refused[COUNTER_REFUSALS];
};

static inline void counter_add(_Atomic uint64_t *counter, uint64_t count)
{
	uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);
	atomic_store_explicit(counter, before + count, memory_order_relaxed);
}

static inline uint64_t counter_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* A batch of datagrams, of which some have replies. */
static inline void counters_udp(
	struct counters *counters, bool ipv6, unsigned queries, unsigned replies)
{
	counter_add(&counters->queries[ipv6 ? TRANSPORT_UDP_IPV6 : TRANSPORT_UDP_IPV4], queries);
	counter_add(&counters->drops[DROP_SILENCE], queries - replies);
}

/* A frame and its reply of `size` octets; 0: none. */
static inline void counters_tcp(
	struct counters *counters, bool ipv6, const uint8_t *reply, size_t size)
{
	counter_add(&counters->queries[ipv6 ? TRANSPORT_TCP_IPV6 : TRANSPORT_TCP_IPV4], 1);
	counter_add(&counters->drops[DROP_SILENCE], size == 0);
	counter_add(&counters->truncated, size && reply[2] & 0x02); /* TC */
}

/* In cache lines of its own, so that no worker waits for another's; freed with free(). NULL: no
 * memory. */
struct counters *counters_new(void);

/* The counters by name, for what is kept or handed on; i below COUNTER_GROUPS. */
enum { COUNTER_GROUPS = 8 };
struct counter_group {
	const char *name;
	size_t offset, count; /* octets into struct counters; counters in a row */
};
const struct counter_group *counter_group(size_t i);

/* Adds all of `from`; `to` has the caller as its one writer. */
void counters_add(struct counters *to, const struct counters *from);

#endif
