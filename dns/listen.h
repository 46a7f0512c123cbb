/* dns/listen.h - the sockets to listen on: each worker has its own for every address. */
#ifndef DNS_LISTEN_H
#define DNS_LISTEN_H

#include "dns/config.h"

struct listen_socket {
	int udp, tcp; /* -1: taken over by a worker, or not there */
	bool any_address; /* bound to a wildcard: replies must name their source (IP_PKTINFO) */
};

struct listen_sockets {
	struct listen_socket *list; /* worker by worker, `count` each */
	size_t count;
	unsigned workers;
};

/* Binds UDP and TCP of every configured address once for each worker (SO_REUSEPORT). False: one sentence,
 * nothing stays open. An address family that the machine has not is left out with a log line. */
bool listen_open(struct listen_sockets *sockets, const struct config *config, unsigned workers,
	char *why, size_t size);
/* A TCP socket that listens, for a page of this server's own. -1: one sentence, which begins with the address. */
int listen_page(const struct config_listen *at, char *why, size_t size);

void listen_close(struct listen_sockets *sockets);

#endif
