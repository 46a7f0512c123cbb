/* dns/affinity.h - keeps a packet on the CPU that received it: worker i runs on CPU i, and takes what arrives there.
 *
 * For network cards with a queue for each CPU. Where fewer queues than workers receive, some workers would have nothing to
 * do: so it is asked for (`socket-affinity`), and off otherwise. */
#ifndef DNS_AFFINITY_H
#define DNS_AFFINITY_H

#include "dns/listen.h"

#include <uv.h>

enum { AFFINITY_WORKERS_MAX = 1024 };

struct affinity {
	unsigned workers; /* 0: off */
	unsigned cpus
		[AFFINITY_WORKERS_MAX]; /* by worker: of those that this process may run on, the lowest */
};

/* One CPU for each of the sockets' workers, and the kernel told which of an address's UDP sockets is whose. The sockets
 * must not be handed to the workers yet. False: one sentence; nothing was changed that matters. */
bool affinity_open(
	struct affinity *affinity, const struct listen_sockets *sockets, char *why, size_t size);

/* Lets the kernel share out by addresses again what was taken over from a server that asked for it. */
void affinity_close(const struct listen_sockets *sockets);

/* Binds a started worker's thread to its CPU. */
bool affinity_pin(const struct affinity *affinity, unsigned worker, uv_thread_t *thread);

#endif
