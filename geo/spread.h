/* geo/spread.h - who is in which answer when first places go by weight: a table of turns.
 *
 * Who is first is given. The other places go to those who were in the answers least often so far,
 * so that over the whole table everybody is in them equally often, first places included. Who is
 * first too often for that gets no other place, and the rest share those equally. Who has followed
 * a first one least often comes second. */
#ifndef GEO_SPREAD_H
#define GEO_SPREAD_H

#include <stdint.h>

struct spread_plan {
	const uint16_t *firsts; /* who is first in each slot of a round */
	uint32_t slots; /* turns in a round */
	uint32_t members; /* at most 65536 */
	uint32_t places; /* 2..members - 1 */
};

/* Rounds in the table; 0: it would be too large. Does not look at `firsts`. */
uint32_t spread_rounds(const struct spread_plan *plan);

/* The answers of all rounds' turns, one after the other: `places` members each, none twice. To be
 * freed; NULL: no memory. */
uint16_t *spread_new(const struct spread_plan *plan);

#endif
