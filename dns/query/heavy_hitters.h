/* dns/query/heavy_hitters.h - the most frequent of keys that anybody may invent, in fixed memory:
 * space-saving (Metwally et al. 2005).
 *
 * A key has one set of four rows to be in. One that finds no row takes over that with the least,
 * and with it as an error what that one had come to. So a row's counts are never too high and at
 * most its error too low; who has no row came no more often than the least of its set; and of n
 * keys counted in a table of s sets that is about n / 4s. Adding is one look at one set, whatever
 * is asked. One thread adds, any may read meanwhile. */
#ifndef DNS_QUERY_HEAVY_HITTERS_H
#define DNS_QUERY_HEAVY_HITTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PING_TOP_WAYS = 4, PING_OK = 0, PING_FAILED = 1, PING_RESULTS = 2 };

/* A row as it is read. */
struct ping_item {
	uint64_t key[2];
	uint64_t counts[PING_RESULTS];
	uint64_t error; /* so many more may have been before it had its row */
};

struct ping_row {
	_Atomic uint64_t change; /* odd: it goes to another key right now */
	_Atomic uint64_t key[2];
	_Atomic uint64_t counts[PING_RESULTS];
	_Atomic uint64_t error;
};

struct heavy_hitters {
	size_t mask; /* sets - 1 */
	struct ping_row *rows; /* owned */
};

/* `sets`: a power of two. False: no memory. */
bool heavy_hitters_init(struct heavy_hitters *top, size_t sets);
void heavy_hitters_free(struct heavy_hitters *top);

/* Counts a key once. */
void heavy_hitters_add(struct heavy_hitters *top, const uint64_t key[2], bool failed);

/* Adds what another table of as many sets has; the caller is the one that adds to both, or to
 * `top`. Errors add up. */
void heavy_hitters_merge(struct heavy_hitters *top, const struct heavy_hitters *from);

/* How many rows there may be, and one of them. False: nothing is there. */
size_t heavy_hitters_rows(const struct heavy_hitters *top);
bool heavy_hitters_read(const struct heavy_hitters *top, size_t i, struct ping_item *item);

#endif
