/* dns/stats/metrics_server.h - the HTTP page: /metrics for Prometheus, /health for what decides
 * where queries go.
 *
 * libmicrohttpd serves it on one thread of its own: few connections, little memory for each, one
 * request each, GET and HEAD alone, and 10 s for all of it. A page is made whole in memory under
 * the totals's lock, then sent without it, so a slow reader holds up no thread. */
#ifndef DNS_STATS_METRICS_SERVER_H
#define DNS_STATS_METRICS_SERVER_H

#include "dns/stats/totals.h"

struct metrics;

/* On a socket that listens already, maybe in another process too, but is not answered yet; it is
 * taken over, also on failure. NULL: one sentence. */
struct metrics *metrics_inherit(int fd, struct totals *totals, char *why, size_t size);
/* The listening socket, to be handed on; it stays the metrics'. */
int metrics_socket(const struct metrics *metrics);

/* Answers from now on; the totals has a book. False: one sentence. */
bool metrics_start(struct metrics *metrics, char *why, size_t size);
/* Stops answering. Another process that has the socket goes on listening. NULL: nothing. */
void metrics_free(struct metrics *metrics);

#endif
