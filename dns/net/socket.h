/* dns/net/socket.h - one socket of an address, and its options. -1 and false: errno says why. */
#ifndef DNS_NET_SOCKET_H
#define DNS_NET_SOCKET_H

#include "dns/config/config.h"

/* A burst that arrives while a worker is busy waits here; the default holds only some hundred
 * packets. */
enum { LISTEN_BUFFER = 4 << 20 };

/* Of each TCP connection: octets that the kernel keeps unsent and unread (it counts twice as many,
 * with its own overhead), and for how long it waits for a client to take some. */
enum {
	LISTEN_STREAM_BUFFER = 16 << 10,
	LISTEN_STREAM_RECEIVE = 32 << 10,
	LISTEN_STREAM_TIMEOUT_MS = 8000
};

/* A wildcard, which every address of its family and port is one of? */
bool listen_socket_is_any(const struct config_listen *at);
/* Has `wide` the wildcard that `at` is an address of? */
bool listen_socket_covers(const struct config_listen *wide, const struct config_listen *at);

/* The value of an option of SOL_SOCKET; 0: it has none. */
int listen_socket_option(int fd, int option);

/* Not bound yet; `share`: others of this user may have the address too (SO_REUSEPORT). */
int listen_socket_new(const struct config_listen *at, int type, bool share);
int listen_socket_bind(const struct config_listen *at, int type, bool share);
/* Does no process at all have the address? */
bool listen_socket_is_free(const struct config_listen *at, int type);
/* May we bind others beside this one, to its address or to one that it covers? */
bool listen_socket_is_joinable(int fd);
/* Buffers and what DNS wants; *granted: octets of a UDP receive buffer. */
bool listen_socket_tune(int fd, const struct config_listen *at, int type, int *granted);

/* The sentence on errno, which begins with the address. */
void listen_socket_why(const struct config_listen *at, int type, char *why, size_t size);

#endif
