/* dns/stats/totals.h - everything that is counted, for its readers: over reloads, and without
 * stopping a worker.
 *
 * Turns belong to a snapshot, so counts are kept for the one that is served and, while workers
 * change over, for the one before. The lock guards them: its holder may read both snapshots
 * and all their turns, which are freed only under it. Workers never take it; the loop's thread does
 * at a hand-over, so hold it for computing, never for I/O. */
#ifndef DNS_STATS_TOTALS_H
#define DNS_STATS_TOTALS_H

#include "dns/net/worker.h"
#include "dns/query/counters.h"
#include "dns/stats/pool_counts.h"

#include <pthread.h>

enum totals_reload {
	RELOAD_OK,
	RELOAD_PARTLY, /* served, but for files that were refused */
	RELOAD_FAILED, /* what was served goes on being served */
	TOTALS_RELOADS
};
extern const char *const totals_reloads[TOTALS_RELOADS]; /* as operators read them */

/* One worker's part of the counts of a snapshot; owned. */
struct totals_worker {
	struct turn *turns;
	struct ping_counts *pings;
};

/* What one snapshot's turns and statistics names have told in all workers. */
struct totals_snapshot {
	const struct snapshot *snapshot; /* NULL: none */
	struct totals_worker *workers_turns; /* by worker; owned */
};

/* What outlasts snapshots and, after a takeover, the process. */
struct totals_values {
	struct counters counters; /* of workers that are no more */
	struct pool_counts pool_counts; /* of turns that are no more */
	uint64_t reloads[TOTALS_RELOADS];
};

struct totals {
	pthread_mutex_t lock;
	struct worker_shared *workers; /* outlives the totals */
	struct totals_snapshot now, before;
	struct totals_values values;
	_Atomic uint64_t beat; /* ms of uv_hrtime: the loop's last sign of life */
	_Atomic uint64_t
		control_closed; /* clients of the control socket that went for want of room */
};

void totals_init(struct totals *totals, struct worker_shared *workers);
/* After the workers' end. */
void totals_free(struct totals *totals);

/* Attaches a snapshot on its way to all workers: the handovers' turns and pings become the totals'.
 * Its refused exports are counted. False: no memory, they are still the caller's. */
bool totals_attach(struct totals *totals, const struct snapshot *snapshot,
	struct worker_handover *const *handovers);
/* Every worker has left the snapshot before, which may be freed after this: its counts are added to
 * the totals. */
void totals_detach(struct totals *totals);

/* A sign of life of the loop's thread, which asks the workers for theirs. */
void totals_heartbeat(struct totals *totals);

void totals_reload(struct totals *totals, enum totals_reload result);

/* The totals with what is being counted now. Under the lock. False: no memory, `values` is
 * empty. */
bool totals_sum(const struct totals *totals, struct totals_values *values);
/* The same for who does not hold the lock. */
bool totals_copy(struct totals *totals, struct totals_values *values);
/* Takes over what another process counted before this one, before the first snapshot is attached.
 * False: no memory. */
bool totals_inherit(struct totals *totals, const struct totals_values *values);

#endif
