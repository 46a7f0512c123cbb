/* dns/net/listen.h - the sockets to listen on: each worker has its own for every address.
 *
 * What another process has bound comes first: all of it goes on being read, so a worker may have
 * several sockets of one address, or share one with others. While that process serves, nothing may
 * take a packet from its sockets: what would is made ready by listen_open and begins by
 * listen_join. */
#ifndef DNS_NET_LISTEN_H
#define DNS_NET_LISTEN_H

#include "dns/net/inherited.h"

struct listen_socket {
	int udp, tcp; /* -1: taken over by a worker, or not there */
	bool any_address; /* bound to a wildcard: replies must name their source (IP_PKTINFO) */
	bool leaving; /* its address is not configured: what waits is answered, then it is closed */
	/* a further descriptor of a UDP socket that another worker has, and counts for */
	bool again;
};

/* A socket that does not receive yet: a datagram one is not bound, a stream one does not listen. */
struct listen_join {
	int fd; /* its worker's */
	int type;
	const struct config_listen *at;
};

struct listen_sockets {
	struct listen_socket *list; /* worker by worker, `count` each */
	size_t count;
	size_t addresses; /* of `listen` that are listened on */
	unsigned workers; /* the caller sets it before listen_open */
	struct config_listen
		*at; /* those of `listen`, then given ones that a wildcard among them covers */
	size_t at_count;
	struct listen_join *joins; /* in the order of their workers */
	size_t join_count;
};

enum { LISTEN_BACKLOG = 511 };

/* Binds UDP and TCP of every configured address once for each worker (SO_REUSEPORT), but for what
 * is given, which it takes over. Given sockets that are fewer than the workers will be joined by
 * more of their group; without a group the workers share them. A given address that `listen` covers
 * by a wildcard stays: closing it would lose what arrives meanwhile. False: one sentence, nothing
 * stays open. An address family that the machine has not is left out with a log line. `config` must
 * outlive the sockets. */
bool listen_open(struct listen_sockets *sockets, const struct config *config,
	struct listen_given *given, char *why, size_t size);
/* The sockets are the workers' by now, but are not read yet: those of `joins` begin to receive,
 * which takes packets and connections from groups and wildcards that were given. False: one
 * sentence, all others have begun. */
bool listen_join(struct listen_sockets *sockets, char *why, size_t size);
void listen_close(struct listen_sockets *sockets);

#endif
