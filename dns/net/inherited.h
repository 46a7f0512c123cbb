/* dns/net/inherited.h - which of the sockets that another process has bound are of an address. */
#ifndef DNS_NET_INHERITED_H
#define DNS_NET_INHERITED_H

#include "dns/config/config.h"

enum { LISTEN_GIVEN_MAX = 65536 };

/* Bound sockets of another process, UDP and TCP, in the order of their workers; -1: none, or
 * taken. */
struct listen_given {
	int *fds;
	size_t count;
};

/* Closes what is no socket that can be served on, and further descriptors of one socket. */
void listen_given_sift(struct listen_given *given);
/* Where a descriptor is bound, without a text. False: nowhere. */
bool listen_given_address(int fd, struct config_listen *at);
/* Is a descriptor bound to an address, with this type? */
bool listen_given_is(int fd, const struct config_listen *at, int type);
/* How many there are of an address and a type (SOCK_DGRAM, SOCK_STREAM). */
size_t listen_given_count(
	const struct listen_given *given, const struct config_listen *at, int type);
/* How many of a type are left, of all addresses. */
size_t listen_given_of(const struct listen_given *given, int type);
/* The first that is left; that is bound to the wildcard of an address; that is bound to an address
 * of a wildcard. -1: none. */
int listen_given_first(const struct listen_given *given, const struct config_listen *at, int type);
int listen_given_cover(const struct listen_given *given, const struct config_listen *at, int type);
int listen_given_inside(const struct listen_given *given, const struct config_listen *at, int type);
/* The first that is left, which is taken; -1: none. */
int listen_given_take(struct listen_given *given, const struct config_listen *at, int type);
/* The first that is left, of whatever address, which it tells; -1: none. */
int listen_given_rest(struct listen_given *given, int type, struct config_listen *at);
/* Every descriptor that is left in it. */
void listen_given_close(struct listen_given *given);

#endif
