/* geo/pool.h - mirrors that take turns answering: candidate sets, levels, rotation.
 *
 * Everything is laid out while a snapshot is built and is read-only afterwards, so any number of
 * threads may pick. The turn belongs to the caller. Sets and layouts with the same content are one
 * object. */
#ifndef GEO_POOL_H
#define GEO_POOL_H

#include "geo/mirrors.h"
#include "geo/rule.h"

struct pool_layout;

/* A run of members that rotate among themselves and fill `count` places of the answer. */
struct pool_group {
	const struct pool_layout *layout;
	uint32_t count;
};

/* A candidate set of one family. groups[0] are the own members, the rest tops up. */
struct pool_set {
	const struct pool_group *groups;
	uint32_t group_count;
	uint32_t answer_count; /* records in one answer: 1..4095 */
	uint32_t answer_size; /* octets of one answer */
	uint32_t members; /* candidates in all groups */
	uint32_t
		/* turns after which everything repeats: wrap the turn at a multiple of it */
		period;
	uint64_t key; /* hash of the content: equal sets in two snapshots have equal keys */
};

/* What one place gets: a set for each family; NULL: NODATA. */
struct pool_outcome {
	const struct pool_set *set[POOL_FAMILIES];
};

/* The house of all sets of one export; keeps `mirrors`, which must outlive it. */
struct pools;
struct pools *pools_new(const struct mirrors *mirrors);
void pools_free(struct pools *pools);
const struct mirrors *pools_mirrors(const struct pools *pools);

/* The outcome of a rule for a country (COUNTRY_NONE: starts at the world; ignored for a fixed
 * place). Equal outcomes have equal pointers. False: no memory. */
bool pools_resolve(struct pools *pools, const struct pool_rule *rule, unsigned country,
	struct pool_outcome *outcome);

/* What is decided for a place, and pools_resolve makes its sets of: the levels that are asked, and
 * whom each gives. */
struct walk;
void pools_decide(const struct pools *pools, const struct pool_rule *rule, unsigned country,
	struct walk *walk);

/* Writes the answer of this turn at `out`: set->answer_size octets, set->answer_count records in
 * the form of zones/rrset.h (owner pointer to the question). */
void pool_pick(const struct pool_set *set, uint32_t turn, uint8_t *out);
/* The same answer, without the last of those records that do not fit `room` octets; returns how
 * many do. */
uint32_t pool_pick_within(const struct pool_set *set, uint32_t turn, size_t room, uint8_t *out);

/* How often each address is first in `answers` turns from `turn` on: added to times[], which is by
 * the number of the export's address. Exact as long as the turn wraps at the set's period. */
void pool_firsts(const struct pool_set *set, uint32_t turn, uint64_t answers, uint64_t *times);

/* The members of a set, in canonical order, own ones first: member i's address. For explain and
 * tests. */
struct pool_member {
	const uint8_t *octets; /* 4 or 16 */
	uint32_t mirror; /* index into mirrors->list */
	uint32_t address; /* index into mirrors->addresses */
	uint32_t weight;
	bool own;
};
bool pool_member(const struct pool_set *set, uint32_t i, struct pool_member *member);

#endif
