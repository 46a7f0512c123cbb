/* dns/listen_given.h - which of the sockets that another process has bound are of an address. */
#ifndef DNS_LISTEN_GIVEN_H
#define DNS_LISTEN_GIVEN_H

#include "dns/listen.h"

/* Closes what is no socket that can be served on, and further descriptors of one socket. */
void listen_given_sift(struct listen_given *given);
/* Is a descriptor bound to an address, with this type? */
bool listen_given_is(int fd, const struct config_listen *at, int type);
/* How many there are of an address and a type (SOCK_DGRAM, SOCK_STREAM). */
size_t listen_given_count(
	const struct listen_given *given, const struct config_listen *at, int type);
/* How many UDP sockets are left, of all addresses. */
size_t listen_given_udp(const struct listen_given *given);
/* The first that is left, which is taken; -1: none. */
int listen_given_take(struct listen_given *given, const struct config_listen *at, int type);
/* The first UDP socket that is left, of whatever address, and whether that is a wildcard; -1: none. */
int listen_given_rest(struct listen_given *given, bool *any_address);

#endif
