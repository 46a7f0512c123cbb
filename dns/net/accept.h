/* dns/net/accept.h - accepts connections on one listening socket, on libuv.
 *
 * libuv's own listeners accept for as long as there is something to accept, and spin where
 * descriptors run out. This one takes a bounded number a turn, asks its owner for room first, and
 * rests for some milliseconds where there is none. */
#ifndef DNS_NET_ACCEPT_H
#define DNS_NET_ACCEPT_H

#include <stdbool.h>
#include <sys/socket.h>
#include <uv.h>

enum {
	ACCEPT_BUDGET = 32, /* connections a turn */
	/* Descriptors that DNS clients leave to files, control and metrics, whatever
	 * happens. */
	ACCEPT_RESERVE = 32,
	ACCEPT_RESERVE_CONTROL = 16, /* that control clients leave to files */
	ACCEPT_REST_MS = 10
};

enum accept_room {
	ACCEPT_FREE,
	ACCEPT_MADE, /* another connection was closed: one is accepted in this turn */
	ACCEPT_NONE /* the next connection is accepted and closed */
};

/* Why no connection was taken. */
enum accept_none {
	ACCEPT_EMPTY, /* none waits, or it has failed */
	ACCEPT_LIMITED, /* closed: there was no room */
	ACCEPT_SCARCE, /* closed: it would have taken a descriptor of the reserve */
	ACCEPT_RESTS /* no descriptor or memory is left: it waits in the kernel's queue */
};

struct acceptor;

/* What the owner does; all in the loop's thread. */
struct acceptor_owner {
	/* Before each accept: is there room for one more connection? `take` or `none` follows.
	 * `make`: one waits, so that it is right to close another one for it; else ACCEPT_NONE ends
	 * this turn, nothing follows. */
	enum accept_room (*room)(struct acceptor *acceptor, bool make);
	/* Takes over `fd`, which neither blocks nor is inherited. */
	void (*take)(struct acceptor *acceptor, int fd, const struct sockaddr_storage *peer);
	void (*none)(struct acceptor *acceptor, enum accept_none why);
	/* The system has no descriptor or memory left: closes one connection. False: none may
	 * go. */
	bool (*yield)(struct acceptor *acceptor);
};

struct acceptor {
	uv_poll_t poll;
	uv_timer_t rest;
	int fd;
	int descriptors_max; /* a descriptor with this number or more is one of the reserve */
	const struct acceptor_owner *owner;
	void *data; /* the owner's */
};

/* Prepares to accept on `fd`, which it takes over if this succeeds; `reserve` descriptors stay
 * free. Returns 0 or libuv's error. */
int acceptor_init(struct acceptor *acceptor, uv_loop_t *loop, int fd, unsigned reserve);
/* Listens. Returns 0 or libuv's error. */
int acceptor_start(struct acceptor *acceptor, int backlog);
/* Closes the socket at once; the loop must run once more before the acceptor may go. */
void acceptor_close(struct acceptor *acceptor);

#endif
