/* dns/net/tcp.h - one worker's TCP: the sockets it listens on, and its connections from the first
 * to the last. */
#ifndef DNS_NET_TCP_H
#define DNS_NET_TCP_H

#include "dns/net/listen.h"
#include "dns/net/tcp_connections.h"

struct tcp;

/* Says so where descriptors do not suffice for `tcp-connections`. */
void tcp_room_say(const struct tcp_shared *shared, const struct config *config);

/* Takes over the `tcp` descriptors of `count` sockets. NULL: one sentence. */
struct tcp *tcp_new(const struct tcp_place *place, struct listen_socket *sockets, size_t count,
	char *why, size_t size);

/* Listens, in the worker's thread. `leave`: on sockets that are `leaving` for some seconds only, so
 * that connections that had begun there become whole. */
void tcp_begin(struct tcp *tcp, bool leave);
/* Before each turn of the loop. True: the next one must not wait. */
bool tcp_turn(struct tcp *tcp);
/* Stops listening, sends what is unsent within a second or two, closes everything. Runs the
 * loop. */
void tcp_stop(struct tcp *tcp);
/* The same when another process has the listening sockets: connections go on being served until
 * their clients close them, or for as long as that is bearable: 10 s. */
void tcp_leave(struct tcp *tcp);
void tcp_free(struct tcp *tcp);

/* Its listening sockets, as many as it was given, -1 for one that is closed; returns how many. */
size_t tcp_descriptors(const struct tcp *tcp, int *fds);

#endif
