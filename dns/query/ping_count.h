/* dns/query/ping_count.h - what statistics names have told: one worker's counts, and the sums of
 * them.
 *
 * Mirrors that the export lists have a counter of their own each, by the number of their address;
 * all others share one, and the most frequent of them have rows, as releases have. So no flood of
 * invented mirrors touches what is counted for a listed one, and memory does not grow. One thread
 * writes, any may read meanwhile. */
#ifndef DNS_QUERY_PING_COUNT_H
#define DNS_QUERY_PING_COUNT_H

#include "dns/query/counters.h"
#include "dns/query/heavy_hitters.h"
#include "dns/snapshot/ping.h"

struct ping_count {
	_Atomic uint64_t malformed;
	_Atomic uint64_t unknown[PING_RESULTS]; /* of mirrors that are not listed */
	_Atomic uint64_t flevels[PING_FLEVELS];
	struct heavy_hitters mirrors; /* of those that are not listed, by ping.mirror */
	struct heavy_hitters releases; /* by ping.release */
	_Atomic uint64_t (
		*listed)[PING_RESULTS]; /* by the number of the export's address; sums have none */
};

/* NULL: no memory. `addresses`: how many the export has. */
struct ping_count *ping_count_new(size_t addresses);
void ping_count_free(struct ping_count *count);

/* Counts one ping of a zone whose counts these are. */
void ping_count_add(
	struct ping_count *count, const struct snapshot_zone *zone, const struct ping *ping);

/* Adds all of `from` but what is listed. */
void ping_count_merge(struct ping_count *to, const struct ping_count *from);

/* One worker's counts of a snapshot, by zone; NULL for one without ping names. */
struct ping_counts {
	size_t zone_count;
	struct ping_count *zones[];
};

/* NULL: no memory. */
struct ping_counts *ping_counts_new(const struct snapshot *snapshot);
void ping_counts_free(struct ping_counts *counts);

#endif
