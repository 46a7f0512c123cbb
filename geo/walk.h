/* geo/walk.h - what a pool decides for one place: its levels in order, which of them serves each
 * family, how far topping up went. pools_decide fills it, answers are made from it, and
 * explanations read it. */
#ifndef GEO_WALK_H
#define GEO_WALK_H

#include "geo/rule.h"

enum { WALK_NONE = -1, WALK_LEVELS_MAX = POOL_FALLBACK_MAX + 1 };
enum { WALK_PLACE_MAX = 16, WALK_RULE_MAX = 16 }; /* octets of texts */

/* A level and who is there. */
struct walk_level {
	struct pool_place place;
	uint32_t in_service[POOL_FAMILIES];
	uint32_t removed[POOL_FAMILIES]; /* whom fail = open serves */
	uint32_t listed[POOL_FAMILIES];
	uint32_t candidates[POOL_FAMILIES]; /* who is taken from here */
};

struct walk {
	struct walk_level levels[WALK_LEVELS_MAX];
	int count; /* at least 1 */
	int own[POOL_FAMILIES]; /* the level whose members are first; WALK_NONE: NODATA */
	/* that was asked; WALK_NONE: the pool does not answer this family */
	int last[POOL_FAMILIES];
	uint32_t members[POOL_FAMILIES]; /* candidates of all levels */
	bool open; /* no mirror is in service: those served were removed */
};

/* Who of a level is served: those in service, or the removed ones. */
static inline uint32_t walk_served(const struct walk *walk, int level, enum pool_family family)
{
	const struct walk_level *at = &walk->levels[level];
	return walk->open ? at->removed[family] : at->in_service[family];
}

/* "country:DE", "continent:EU", "world"; returns text. */
const char *walk_place_write(const struct pool_place *place, char text[WALK_PLACE_MAX]);
const char *walk_place_name(const struct pool_place *place); /* in English */
bool walk_place_has(const struct pool_place *place, unsigned country);
/* A pool's `from` as configured; returns text. */
const char *walk_rule_write(const struct pool_rule *rule, char text[WALK_RULE_MAX]);

static inline const char *walk_family(unsigned family)
{
	return family == POOL_IPV4 ? "ipv4" : "ipv6";
}

#endif
