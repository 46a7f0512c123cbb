/* dns/reload.h - when to build a snapshot, off the serving threads, and its way to the workers.
 *
 * One build at a time, in libuv's thread pool; what is asked for meanwhile is one more build after it. The loop's
 * thread owns all of this. */
#ifndef DNS_RELOAD_H
#define DNS_RELOAD_H

#include "dns/ledger.h"
#include "dns/watch.h"
#include "dns/worker.h"

struct reload {
	uv_loop_t *loop;
	const char *config_path;
	struct worker_shared *workers;
	struct ledger *ledger;
	struct snapshot *current; /* what the workers serve */
	struct snapshot *retired; /* what they served before; freed after the hand-over */
	struct shared *started; /* the configuration of the start: what needs a restart to change */
	struct watch watch;
	uv_work_t work;
	uv_async_t taken;
	uv_timer_t clock; /* TXT strings age */
	int64_t stale_said; /* Unix seconds of the last lines on stale strings */
	unsigned stale_count; /* strings that were stale at the last look */
	bool busy; /* a build, a hand-over or the tidying after it is under way */
	bool handing; /* some worker has yet to take `current` */
	bool stopping;
	/* What the next build is asked for. */
	bool want_all; /* configuration and zone files too */
	bool want_relink; /* nothing was changed but the time */
	bool *want; /* by watched file */
	size_t want_count;
	/* The build under way: the loop's thread does not touch it until it is done. */
	bool build_all;
	bool build_asked; /* not only for the time */
	bool *build_changed;
	struct snapshot *built;
	unsigned refused;
	char why[2048];
};

/* Takes over `first`, which the workers serve already. `workers->taken` becomes its async handle: it must be
 * initialised before the workers start. The ledger has the first snapshot's book open. */
bool reload_init(struct reload *reload, uv_loop_t *loop, struct worker_shared *workers,
	struct ledger *ledger);
bool reload_start(struct reload *reload, const char *config_path, struct snapshot *first);
/* Reads everything again, as SIGHUP asks. */
void reload_all(struct reload *reload);
/* Ends watching; a build under way is waited for by running the loop. */
void reload_stop(struct reload *reload);
/* After the workers have stopped and the loop has run out. */
void reload_free(struct reload *reload);

#endif
