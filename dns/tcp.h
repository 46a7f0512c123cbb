/* dns/tcp.h - frames in, serve(), frames out, on libuv (RFC 7766).
 *
 * Bounded: connections in all workers, the octets a connection may have unsent, and how long it may be idle. */
#ifndef DNS_TCP_H
#define DNS_TCP_H

#include "dns/listen.h"
#include "dns/serve.h"

#include <stdatomic.h>
#include <uv.h>

struct tcp;

/* What the TCP of all workers counts together. */
struct tcp_shared {
	atomic_uint connections;
	struct tcp **peers; /* each worker's */
	unsigned count;
};

/* A worker's side of it: all outlive the tcp. */
struct tcp_place {
	uv_loop_t *loop;
	const struct serving *serving;
	struct tcp_shared *shared;
	bool *active; /* set by every callback: libuv registers new watchers only in its next turn */
};

/* Takes over the `tcp` descriptors of `count` sockets. NULL: one sentence. */
struct tcp *tcp_new(const struct tcp_place *place, struct listen_socket *sockets, size_t count,
	char *why, size_t size);

/* Listens, in the worker's thread. `leave`: on sockets that are `leaving` for some seconds only, so that connections that
 * had begun there become whole. */
void tcp_begin(struct tcp *tcp, bool leave);
/* Stops listening, sends what is unsent within a second or two, closes everything. Runs the loop. */
void tcp_stop(struct tcp *tcp);
/* The same when another process has the listening sockets: connections go on being served until their clients close them,
 * or for as long as that is bearable: 10 s. */
void tcp_leave(struct tcp *tcp);
void tcp_free(struct tcp *tcp);

/* Its listening sockets, as many as it was given, -1 for one that is closed; returns how many. */
size_t tcp_descriptors(const struct tcp *tcp, int *fds);

#endif
