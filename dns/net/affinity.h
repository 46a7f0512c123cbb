/* dns/net/affinity.h - keeps a packet on the CPU that received it: worker i runs on CPU i, and
 * takes what arrives there.
 *
 * For network cards with a queue for each CPU. Where fewer queues than workers receive, some
 * workers would have nothing to do: so it is asked for (`socket-affinity`), and off otherwise. */
#ifndef DNS_NET_AFFINITY_H
#define DNS_NET_AFFINITY_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum { AFFINITY_WORKERS_MAX = 1024 };

struct affinity {
	unsigned workers; /* 0: off */
	unsigned cpus
		/* by worker: of those that this process may run on, the lowest */
		[AFFINITY_WORKERS_MAX];
};

/* One CPU for each worker. False: one sentence. */
bool affinity_open(struct affinity *affinity, unsigned workers, char *why, size_t size);

/* Tells the kernel which of an address's UDP sockets, of which this is one, is whose: all of them
 * must be bound. False: one sentence. */
bool affinity_steer(const struct affinity *affinity, int fd, char *why, size_t size);
/* Lets the kernel share out by addresses again, if it was told. */
void affinity_release(int fd);

/* Binds a started worker's thread to its CPU. */
bool affinity_pin(const struct affinity *affinity, unsigned worker, uv_thread_t *thread);

#endif
