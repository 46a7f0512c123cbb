/* dns/net/tcp_connection.h - one worker's TCP connections: frames in, serve(), frames out, on libuv
 * (RFC 7766).
 *
 * Bounded: connections in all workers, the octets that one may have unsent, how long it may be
 * idle, and what all of them may cost in one turn of the loop: UDP is looked at between two. What a
 * turn leaves waits on a list, or unread in the socket. */
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

struct tcp_connection;
TAILQ_HEAD(tcp_list, tcp_connection);

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

void tcp_connections_init(struct tcp_connections *connections, const struct tcp_place *place);

/* Holds a place for one more connection; `make`: the idlest's if need be. */
enum accept_room tcp_connections_room(struct tcp_connections *connections, bool make);
/* Gives the place back: no connection came. */
void tcp_connections_unroom(struct tcp_connections *connections);
/* Takes over `fd` and the place that is held. */
void tcp_connections_add(
	struct tcp_connections *connections, int fd, const struct sockaddr_storage *peer);
/* Closes the idlest. False: there is none. */
bool tcp_connections_yield(struct tcp_connections *connections);

/* Begins a turn: those that wait are visited, for half of its budget. True: some still wait. */
bool tcp_connections_turn(struct tcp_connections *connections);
/* Closes those that are idle for too long or too many, some at a time. Returns the milliseconds
 * until it wants to be called again. */
uint64_t tcp_connections_sweep(struct tcp_connections *connections);
bool tcp_connections_any(const struct tcp_connections *connections);

/* Tells each client that no more is read: a query that is on its way meets an end of the stream,
 * not a reset. */
void tcp_connections_end(struct tcp_connections *connections);
/* From now on each is closed once what was read is answered and taken: in turns. */
void tcp_connections_stop(struct tcp_connections *connections);
void tcp_connections_close(struct tcp_connections *connections);

#endif
