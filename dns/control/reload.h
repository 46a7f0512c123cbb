/* dns/control/reload.h - when to build a snapshot, off the serving threads, and its way to the
 * workers.
 *
 * One build at a time, in libuv's thread pool; what is asked for meanwhile is one more build after
 * it. The loop's thread owns all of this. */
#ifndef DNS_CONTROL_RELOAD_H
#define DNS_CONTROL_RELOAD_H

#include "dns/base/watch.h"
#include "dns/control/expiry.h"
#include "dns/net/worker.h"
#include "dns/stats/totals.h"

enum { RELOAD_WHY_MAX = 2048 };

/* How a build ended. */
struct reload_outcome {
	int64_t when; /* Unix seconds */
	bool served; /* by every worker */
	unsigned refused; /* files whose last good copy is served instead */
	char why[RELOAD_WHY_MAX]; /* "" when all went well; else the first sentence */
};
typedef void reload_done(void *owner, const struct reload_outcome *outcome);

struct reload_wish {
	bool all; /* configuration and every file; else only what has changed, as drains are now */
	bool force; /* of an export its serial, age and shrink do not count */
	reload_done *done; /* called once, on the loop's thread; NULL: no caller waits */
	void *owner;
};

struct reload_waiter;

/* What a build is asked for. */
struct reload_job {
	bool all; /* configuration and zone files too */
	bool relink; /* nothing was changed but the time or the drains */
	bool force;
	bool *changed; /* by watched file */
	struct reload_waiter *waiting;
};

struct reload {
	uv_loop_t *loop;
	const char *config_path;
	struct worker_shared *workers;
	struct totals *totals;
	struct snapshot *current; /* what the workers serve */
	struct snapshot *retired; /* what they served before; freed after the hand-over */
	struct refcount *drains; /* struct drains: what the next build takes out */
	struct refcount
		*started; /* the configuration of the start: what needs a restart to change */
	struct watch watch;
	uv_work_t work;
	uv_async_t taken;
	uv_timer_t clock; /* TXT strings age */
	struct stale stale;
	bool busy; /* a build, a hand-over or the tidying after it is under way */
	bool handing; /* some worker has yet to take `current` */
	bool tidying; /* what was taken is being saved */
	unsigned forced; /* builds that were served whatever serial, age and shrink */
	bool stopping;
	bool missed; /* threads, for what is wanted; it was said */
	size_t file_count; /* watched ones */
	struct reload_job want; /* the next build */
	/* The build under way: the loop's thread does not touch it until it is done. */
	struct reload_job build;
	struct refcount *build_drains;
	struct snapshot *built;
	struct reload_outcome outcome;
	struct reload_outcome last; /* of the last reload of everything, or the start */
};

/* Takes over `first`, which the workers serve already. `workers->taken` becomes its async handle:
 * it must be initialised before the workers start. The totals has the first snapshot's book
 * open. */
bool reload_init(struct reload *reload, uv_loop_t *loop, struct worker_shared *workers,
	struct totals *totals);
bool reload_start(struct reload *reload, const char *config_path, struct snapshot *first);
/* Asks for a build, which begins after this; two that ask before it begins share it. False: no
 * memory, `done` is not called. */
bool reload_ask(struct reload *reload, const struct reload_wish *wish);
/* Is what the workers serve saved in state-dir, as far as that goes? */
static inline bool reload_is_settled(const struct reload *reload)
{
	return !reload->handing && !reload->tidying;
}
/* Drains in force from the next build on; takes the hold over. */
void reload_drains_set(struct reload *reload, struct refcount *drains);
/* Ends watching; callers that wait are told so, and a build under way is waited for by running the
 * loop. */
void reload_stop(struct reload *reload);
/* After the loop has run out: saves what was taken right before. */
void reload_save(struct reload *reload);
/* After the workers have stopped, too. */
void reload_free(struct reload *reload);

#endif
