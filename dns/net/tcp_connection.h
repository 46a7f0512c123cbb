/* dns/net/tcp_connection.h - a TCP connection of a worker: frames in, serve(), frames out, on libuv
 * (RFC 7766).
 *
 * Bounded: the octets that one may have unsent, and what all of a worker's may cost in one turn of
 * the loop: UDP is looked at between two. What a turn leaves waits on a list, or unread in the
 * socket. */
#ifndef DNS_NET_TCP_CONNECTION_H
#define DNS_NET_TCP_CONNECTION_H

#include "dns/net/accept.h"
#include "dns/query/serve.h"

#include <stdatomic.h>
#include <sys/queue.h>
#include <uv.h>

enum {
	TCP_FRAME_HEAD = 2,
	TCP_FRAME_MAX = TCP_FRAME_HEAD + 65535,
	/* What one visit of a connection answers at most before others get their turn. */
	TCP_VISIT_FRAMES = 64,
	TCP_VISIT_OCTETS = 16384,
	/* A turn's budget is in about the cost of one small answer, 1 µs; a visit's system calls
	 * cost some more. */
	TCP_TURN_BUDGET = 512,
	TCP_VISIT_COST = 8,
	TCP_READ_COST = 48, /* of a visit with what has been read */
	TCP_OCTETS_COST = 1024, /* so many octets of replies cost 1 */
};

/* What the TCP of all workers counts together. */
struct tcp_shared {
	atomic_uint connections;
	/* Set before the workers begin. */
	unsigned workers;
	unsigned room; /* connections that the limit of descriptors allows */
};

/* A worker's side of it: all outlive the connections. */
struct tcp_place {
	uv_loop_t *loop;
	const struct serving *serving;
	struct tcp_shared *shared;
	bool *active; /* set where a watcher is new: libuv registers it only in its next turn */
};

TAILQ_HEAD(tcp_list, tcp_connection);

struct tcp_connection {
	uv_tcp_t handle;
	struct tcp_connections *connections;
	struct client client;
	TAILQ_ENTRY(tcp_connection) by_activity, by_visit;
	uint64_t active_ms;
	uint8_t *in;
	size_t in_size, in_room;
	unsigned unsent; /* writes under way: while there are, nothing more is read */
	bool waits; /* on the list of those, and not read from */
	bool half_closed; /* the client has sent its last octet, or something that is no DNS */
	bool malformed; /* the latter */
	bool ended; /* the client was told the end: what it still sends is not read */
	bool closing;
};

struct tcp_connections {
	struct tcp_place place;
	struct tcp_list all; /* in the order of their last activity, the idlest first */
	struct tcp_list waiting; /* for a visit, the next first */
	unsigned count; /* of `all` */
	int budget; /* of this turn */
	/* one of `shared->connections` is held for the connection that is being accepted */
	bool slot;
	bool stopping; /* what has been read is answered, then each is closed */
	uint8_t out[TCP_VISIT_OCTETS +
		    TCP_FRAME_MAX]; /* a worker answers one connection at a time */
};

/* Takes over `fd` and the place that is held. */
void tcp_connection_add(
	struct tcp_connections *connections, int fd, const struct sockaddr_storage *peer);
/* Answers what has arrived whole, as much as one visit may; reads on only when all of it is
 * answered and taken. */
void tcp_connection_visit(struct tcp_connection *connection);
/* Puts it on the list of those that wait for a visit. */
void tcp_connection_wait(struct tcp_connection *connection);
/* Has a whole query arrived that is not answered yet? */
bool tcp_connection_asks(struct tcp_connection *connection);
/* Closes it at once and gives its place back. */
void tcp_connection_close(struct tcp_connection *connection, enum counter_close why);
/* The same, but its place is the caller's. */
void tcp_connection_end(struct tcp_connection *connection, enum counter_close why);
/* Gives a place back that is held. */
void tcp_place_release(const struct tcp_connections *connections);

#endif
