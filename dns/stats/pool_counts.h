/* dns/stats/pool_counts.h - what pools have answered: by pool, by level, and who was first; in
 * numbers that only grow.
 *
 * No pool's answer is counted while it is given: everything is told from the turns of a snapshot,
 * which end with it as the counts of statistics names do. What they told is kept here, in rows that
 * follow the present snapshot. */
#ifndef DNS_STATS_POOL_COUNTS_H
#define DNS_STATS_POOL_COUNTS_H

#include "dns/query/ping_count.h"
#include "dns/snapshot/turn.h"
#include "dns/stats/pool_level.h"

/* Addresses of one zone that have a row of their own, in the order in which they came; all others
 * are one row. */
enum { POOL_COUNTS_MEMBERS_MAX = 5000 };

struct pool_counts_member {
	struct address address;
	uint64_t firsts; /* answers in which it was first */
	uint64_t pings[PING_RESULTS]; /* what statistics names told of it */
};

struct pool_counts_pool {
	uint8_t wire[NAME_SIZE_MAX]; /* as configured */
	uint64_t answers;
};

struct pool_counts_zone {
	uint8_t apex[NAME_SIZE_MAX];
	struct pool_counts_pool *pools; /* in the configuration's order */
	size_t pool_count;
	struct pool_counts_member *members; /* sorted: IPv4 first, by address */
	size_t member_count;
	uint64_t others; /* first places of those without a row */
	uint64_t levels[COUNTS_LEVELS];
	uint64_t refused; /* exports that were not taken */
	struct ping_count *
		/* NULL: the zone has no ping names; listed mirrors without a row are unknown in
		 * it */
		pings;
};

struct pool_counts {
	struct pool_counts_zone *zones; /* in the configuration's order */
	size_t zone_count;
};

/* Makes the rows those of a snapshot: what stays keeps its numbers, what it has not any more is
 * forgotten. False: no memory, nothing has changed. */
bool pool_counts_resize(struct pool_counts *pool_counts, const struct snapshot *snapshot);

/* Adds what one worker's turns, as many as the snapshot has, and its pings tell. What has no row is
 * left out. False: no memory, some zones are not added. */
bool pool_counts_add(struct pool_counts *pool_counts, const struct snapshot *snapshot,
	const struct turn *turns, const struct ping_counts *pings);

/* Counts the exports that this snapshot's inputs refused. */
void pool_counts_refusals(struct pool_counts *pool_counts, const struct snapshot *snapshot);

/* Brings rows of addresses that came in any order into theirs. */
void pool_counts_sort(struct pool_counts *pool_counts);

/* False: no memory, `to` is empty. */
bool pool_counts_copy(struct pool_counts *to, const struct pool_counts *from);
void pool_counts_free(struct pool_counts *pool_counts);

/* An address's row, or NULL. */
struct pool_counts_member *pool_counts_member(
	const struct pool_counts_zone *zone, const struct address *address);

#endif
