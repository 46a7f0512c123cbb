/* dns/net/systemd_sockets.h - the sockets that systemd has bound for us (sd_listen_fds(3)); none
 * where it has not started us. For the main thread alone. */
#ifndef DNS_NET_SYSTEMD_SOCKETS_H
#define DNS_NET_SYSTEMD_SOCKETS_H

#include "dns/config/config.h"

/* The sockets of one configured address that systemd has bound; -1: it has not. */
struct systemd_socket {
	int udp, tcp;
};

/* One for each configured address, or NULL and one sentence: a socket of another kind, or that
 * `listen` does not name, or no memory. systemd_sockets_free closes them, but for those that were
 * taken out (-1). */
struct systemd_socket *systemd_sockets_take(const struct config *config, char *why, size_t size);
void systemd_sockets_free(struct systemd_socket *sockets, const struct config *config);

#endif
