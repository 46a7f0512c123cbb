/* dns/snapshot/turn.h - how far one rotation has come: a worker's own, one for each of the
 * snapshot's turns.
 *
 * What was answered is told afterwards from where it began and how often it moved: no packet counts
 * more. */
#ifndef DNS_SNAPSHOT_TURN_H
#define DNS_SNAPSHOT_TURN_H

#include <stdatomic.h>
#include <stdint.h>

struct turn {
	uint32_t next; /* below the set's period */
	uint32_t first; /* where `answers` began to count */
	_Atomic uint64_t answers; /* how often it moved; one writer, others may read */
};

/* One answer has gone out. Only its worker writes, so no locked instruction is needed. */
static inline void turn_advance(struct turn *turn, uint32_t period)
{
	uint64_t answers = atomic_load_explicit(&turn->answers, memory_order_relaxed);
	atomic_store_explicit(&turn->answers, answers + 1, memory_order_relaxed);
	turn->next = turn->next + 1 < period ? turn->next + 1 : 0;
}

#endif
