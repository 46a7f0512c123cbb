/* dns/load/drain_list.h - mirrors taken out by hand: by host, address, network or glob, for a time
 * or for good.
 *
 * A list of drains never changes; another one takes its place. */
#ifndef DNS_LOAD_DRAIN_LIST_H
#define DNS_LOAD_DRAIN_LIST_H

#include "dns/base/refcount.h"
#include "dns/load/drain.h"

enum { DRAINS_MAX = 256 };

struct drains {
	size_t count;
	struct drain list[];
};

/* Lists, each one hold of the caller's; `drains` may be NULL, which is the empty list. NULL: no
 * memory, or too many of them. */
struct refcount *drains_with(const struct drains *drains, const struct drain *added, int64_t now);
/* Without the one of that glob, and without those that are over. */
struct refcount *drains_without(const struct drains *drains, const char *glob, int64_t now);
/* Is there one with this glob? */
const struct drain *drains_find(const struct drains *drains, const char *glob);
/* The first that takes this address out now; NULL: none does. */
const struct drain *drains_match(const struct drains *drains, const struct mirrors *mirrors,
	const struct mirror_address *address, int64_t now);
/* Is some drain over by `now` that was not by `before`? */
bool drains_end(const struct drains *drains, int64_t before, int64_t now);

/* Mirrors whose drained addresses say so: a copy, or `exported` itself held once more. NULL: no
 * memory. */
struct refcount *drains_mark(struct refcount *exported, const struct drains *drains, int64_t now);
/* How many addresses drain `number` of that list takes out: `marked` is what drains_mark made of
 * `exported`. */
size_t drains_taken(const struct refcount *marked, const struct refcount *exported, size_t number);

#endif
