/* geo/layout.h - members that take turns: their records laid out so that an answer is one copy.
 *
 * The last member stands still and the others go round it: a row is the last one, then the zig-zag
 * 0, 1, n-2, 2, n-3 ... of the other n-1, each shifted by the row's number. An even n has an odd
 * circle, which takes a row in each direction for a shift. Over all rows every member follows every
 * other one equally often. Behind each row stand its own first records again, so that a usual
 * answer is one copy and a long one two.
 *
 * A round is `slots` turns: as many as there are members, or the sum of their weights where these
 * differ. Where they do and an answer has not room for all members, geo/spread.h says who is in
 * which answer, unless that would be too large a table.
 *
 * Read-only once made; the turn is the caller's. */
#ifndef GEO_LAYOUT_H
#define GEO_LAYOUT_H

#include "geo/level.h"

enum { LAYOUT_RECORD_IPV4 = 12 + 4, LAYOUT_RECORD_IPV6 = 12 + 16 };

/* What a layout is made of: equal plans have equal layouts. */
struct layout_plan {
	const struct mirrors *mirrors; /* must outlive the layout, as must the list's members */
	struct level_list list; /* at least one member */
	uint32_t ttl; /* seconds */
	bool ipv6;
	bool tops_up; /* never first in an answer: weights do not count */
	uint32_t places; /* what layout_places says: all answers are of so many; 0: of any number */
};

struct pool_layout {
	struct layout_plan plan;
	uint32_t *owned; /* the list's members, when they are the layout's to free */
	uint32_t rows;
	uint32_t slots; /* turns in a round */
	uint32_t step; /* slots from one turn to the next; coprime to `slots` */
	uint32_t *
		/* member i is first in the slots below shares[i]; NULL: slot i is member i's */
		shares;
	size_t record_size, row_size; /* octets; a row has the `tail` too */
	uint32_t tail; /* records that are there again behind each row */
	uint8_t *records; /* `rows` of them; with `answers` just one of each member */
	uint16_t *answers; /* the plan's `places` members for each turn of a period; or NULL */
	uint32_t answer_rounds;
	struct pool_layout *next; /* for its owner */
};

bool layout_equal(const struct layout_plan *a, const struct layout_plan *b);
uint64_t layout_hash(const struct layout_plan *plan);

/* A plan's `places` for answers of `count` members: 0 where the layout is the same for any. */
uint32_t layout_places(const struct layout_plan *plan, uint32_t count);

/* NULL: no memory. */
struct pool_layout *layout_new(const struct layout_plan *plan);
void layout_free(struct pool_layout *layout);

/* The greatest common divisor. */
uint64_t layout_gcd(uint64_t a, uint64_t b);

/* Turns after which everything repeats; may be more than 32 bits. */
uint64_t layout_period(const struct pool_layout *layout);

/* Writes the records of this turn: of `count` members (1..list.count; the plan's
 * `places` if it has any), none twice. */
void layout_write(const struct pool_layout *layout, uint32_t turn, uint32_t count, uint8_t *out);

/* How often each member is first in `answers` turns from `turn` on: added to times[], by the number
 * of the address. Takes as long as there are members, however many the turns; with a table of
 * answers, as there are slots. */
void layout_firsts(
	const struct pool_layout *layout, uint32_t turn, uint64_t answers, uint64_t *times);

#endif
