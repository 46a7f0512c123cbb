/* dns/stats/totals.h - everything that is counted, for whoever looks: over reloads, and without stopping a worker.
 *
 * Turns belong to a snapshot, so a book is kept for the one that is served and, while workers change over, for the one
 * before. The lock guards the books: whoever holds it may read both snapshots and all their turns, which are freed only
 * under it. Workers never take it; the loop's thread does at a hand-over, so hold it for computing, never for I/O. */
#ifndef DNS_STATS_TOTALS_H
#define DNS_STATS_TOTALS_H

#include "dns/net/worker.h"
#include "dns/query/counters.h"
#include "dns/stats/pool_counts.h"

#include <pthread.h>

enum ledger_reload {
	RELOAD_OK,
	RELOAD_PARTLY, /* served, but for files that were refused */
	RELOAD_FAILED, /* what was served goes on being served */
	LEDGER_RELOADS
};
extern const char *const ledger_reloads[LEDGER_RELOADS]; /* as operators read them */

/* One worker's part of a book; owned. */
struct ledger_page {
	struct turn *turns;
	struct ping_book *pings;
};

/* What one snapshot's turns and statistics names have told in all workers. */
struct ledger_book {
	const struct snapshot *snapshot; /* NULL: no book */
	struct ledger_page *pages; /* by worker; owned */
};

/* What outlasts snapshots and, after a takeover, the process. */
struct ledger_sums {
	struct counters counters; /* of workers that are no more */
	struct tally tally; /* of turns that are no more */
	uint64_t reloads[LEDGER_RELOADS];
};

struct ledger {
	pthread_mutex_t lock;
	struct worker_shared *workers; /* outlives the ledger */
	struct ledger_book now, before;
	struct ledger_sums sums;
	_Atomic uint64_t beat; /* ms of uv_hrtime: the loop's last sign of life */
	_Atomic uint64_t
		control_closed; /* clients of the control socket that went for want of room */
};

void ledger_init(struct ledger *ledger, struct worker_shared *workers);
/* After the workers' end. */
void ledger_free(struct ledger *ledger);

/* Opens the book of a snapshot on its way to all workers: the handovers' turns and pings become the ledger's. Its refused exports are
 * counted. False: no memory, they are still the caller's. */
bool ledger_open(struct ledger *ledger, const struct snapshot *snapshot,
	struct worker_handover *const *handovers);
/* Every worker has left the snapshot before, which may be freed after this: its book is added up and closed. */
void ledger_close(struct ledger *ledger);

/* A sign of life of the loop's thread, which asks the workers for theirs. */
void ledger_beat(struct ledger *ledger);

void ledger_reload(struct ledger *ledger, enum ledger_reload result);

/* The sums with what is being counted now. Under the lock. False: no memory, `sums` is empty. */
bool ledger_sum(const struct ledger *ledger, struct ledger_sums *sums);
/* The same for who does not hold the lock. */
bool ledger_look(struct ledger *ledger, struct ledger_sums *sums);
/* Takes over what another process counted before this one, before the first book is opened. False: no memory. */
bool ledger_inherit(struct ledger *ledger, const struct ledger_sums *sums);

#endif
