/* dns/net/tcp_connections.h - all TCP connections of one worker: how many there may be, how long
 * one may be idle, who goes where one must, and the turns in which they are visited. */
#ifndef DNS_NET_TCP_CONNECTIONS_H
#define DNS_NET_TCP_CONNECTIONS_H

#include "dns/net/tcp_connection.h"

void tcp_connections_init(struct tcp_connections *connections, const struct tcp_place *place);

/* Holds a place for one more connection; `make`: the idlest's if need be. */
enum accept_room tcp_connections_room(struct tcp_connections *connections, bool make);
/* Gives the place back: no connection came. */
void tcp_connections_unroom(struct tcp_connections *connections);
/* Closes the idlest. False: there is none. */
bool tcp_connections_yield(struct tcp_connections *connections);

/* Begins a turn: those that wait are visited, for half of its budget. True: some still wait. */
bool tcp_connections_turn(struct tcp_connections *connections);
/* Closes those that are idle for too long or too many, some at a time. Returns the milliseconds
 * until it wants to be called again. */
uint64_t tcp_connections_sweep(struct tcp_connections *connections);
bool tcp_connections_any(const struct tcp_connections *connections);

/* Tells each client that no more is read: a query that is on its way meets an end of the stream,
 * not a reset. */
void tcp_connections_end(struct tcp_connections *connections);
/* From now on each is closed once what was read is answered and taken: in turns. */
void tcp_connections_stop(struct tcp_connections *connections);
void tcp_connections_close(struct tcp_connections *connections);

#endif
