/* dns/listen.h - the sockets to listen on: each worker has its own for every address.
 *
 * What another process has bound comes first: all of it goes on being read, so a worker may have several sockets of one
 * address, or share one with others. */
#ifndef DNS_LISTEN_H
#define DNS_LISTEN_H

#include "dns/config.h"

struct listen_socket {
	int udp, tcp; /* -1: taken over by a worker, or not there */
	bool any_address; /* bound to a wildcard: replies must name their source (IP_PKTINFO) */
	bool leaving; /* its address is not configured: what waits is answered, then it is closed */
};

struct listen_sockets {
	struct listen_socket *list; /* worker by worker, `count` each */
	size_t count;
	size_t addresses; /* that are listened on */
	unsigned workers; /* the caller sets it before listen_open */
};

enum { LISTEN_GIVEN_MAX = 65536 };

/* Bound sockets of another process, UDP and TCP, in the order of their workers; -1: none, or taken. */
struct listen_given {
	int *fds;
	size_t count;
};

/* Binds UDP and TCP of every configured address once for each worker (SO_REUSEPORT), but for what is given, which it takes
 * over. Given sockets that are fewer than the workers are joined by more of their group; without a group the workers
 * share them. False: one sentence, nothing stays open. An address family that the machine has not is left out with
 * a log line. */
bool listen_open(struct listen_sockets *sockets, const struct config *config,
	struct listen_given *given, char *why, size_t size);
/* Every descriptor that is left in it. */
void listen_given_close(struct listen_given *given);
/* A TCP socket that listens, for a page of this server's own. -1: one sentence, which begins with the address. */
int listen_page(const struct config_listen *at, char *why, size_t size);
void listen_close(struct listen_sockets *sockets);

#endif
