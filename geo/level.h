/* geo/level.h - who is in a country, on a continent, in the world; in which order a rule asks.
 *
 * One list for each place, family and class, made once and shared. Members are indexes into the
 * export's addresses, in canonical order: by address. Read-only after levels_new. */
#ifndef GEO_LEVEL_H
#define GEO_LEVEL_H

#include "geo/country.h"
#include "geo/mirrors.h"
#include "geo/walk.h"

/* Disabled and drained members are in neither class. */
enum level_class { LEVEL_IN_SERVICE, LEVEL_REMOVED, LEVEL_CLASSES };
enum { LEVEL_PLACES = 1 + CONTINENT_MAX + COUNTRY_MAX };

struct level_list {
	const uint32_t *members;
	uint32_t count;
	uint64_t hash; /* of the members' addresses and weights */
};

struct levels {
	const struct mirrors *mirrors; /* must outlive the levels */
	struct level_list lists[LEVEL_CLASSES][POOL_FAMILIES][LEVEL_PLACES];
	uint32_t listed[POOL_FAMILIES][LEVEL_PLACES]; /* in any state */
	uint32_t *members; /* of all lists, one after the other */
};

/* NULL: no memory. */
struct levels *levels_new(const struct mirrors *mirrors);
void levels_free(struct levels *levels);

/* The number of a place below LEVEL_PLACES. */
size_t level_number(const struct pool_place *place);
/* Goes on with a list's hash, which starts at 0, over one more member. */
uint64_t level_hash(uint64_t hash, const struct mirrors *mirrors, uint32_t member);

/* The places of a rule's levels for one client, in order; none twice. */
void level_walk(struct walk *walk, const struct pool_rule *rule, unsigned country);

#endif
