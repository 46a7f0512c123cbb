/* dns/server/watchdog.h - signs of life for systemd: from the main loop, and only while every
 * worker's loop turns too.
 *
 * Each tick asks all workers for a beat and looks for the one it asked for before: it costs a
 * packet nothing. */
#ifndef DNS_SERVER_WATCHDOG_H
#define DNS_SERVER_WATCHDOG_H

#include "dns/net/worker.h"

struct watchdog {
	uv_timer_t timer;
	const struct worker_shared *workers;
	uint64_t *beats; /* of each worker, when it was asked last */
	bool asked;
	bool late; /* a worker's silence was said */
};

/* Ticks at half of the interval that systemd asks for; does nothing where it asks for none. False:
 * no memory. */
bool watchdog_start(
	struct watchdog *watchdog, uv_loop_t *loop, const struct worker_shared *workers);
/* The loop must run once more. */
void watchdog_stop(struct watchdog *watchdog);

#endif
