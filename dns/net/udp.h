/* dns/net/udp.h - datagrams in, serve(), datagrams out: in batches, on the bare sockets. */
#ifndef DNS_NET_UDP_H
#define DNS_NET_UDP_H

#include "dns/net/listen.h"
#include "dns/query/serve.h"

#include <poll.h>

struct udp;

/* Takes over the `udp` descriptors of `count` sockets. NULL: no memory. */
struct udp *udp_new(struct listen_socket *sockets, size_t count);
void udp_free(struct udp *udp);

/* Counts the datagrams that found a receive queue full, by the kernel's count; a socket that
 * workers share is one worker's. For its worker, or before that begins. */
void udp_drops_count(struct udp *udp, struct counters *counters);
/* How many of those counted were of sockets that are still open: who gets them counts them again.
 * While the worker holds. */
uint64_t udp_drops_open(const struct udp *udp);
size_t udp_count(const struct udp *udp);
/* Socket `i`; -1: there is none. */
int udp_descriptor(const struct udp *udp, size_t i);
/* Answers what waits on sockets that are `leaving`, and closes them. */
void udp_leave(struct udp *udp, const struct serving *serving);
/* Closes all, unread: another process reads them. Kept here they would get packets even after that
 * one has closed them. */
void udp_close(struct udp *udp);
/* Fills udp_count entries to poll for. */
void udp_poll_fill(const struct udp *udp, struct pollfd *fds);

/* Answers what waits on socket `i`, a bounded number of batches. True: more may wait. */
bool udp_serve(struct udp *udp, const struct serving *serving, size_t i);

#endif
