/* dns/load/drain_list.h - mirrors taken out by hand: by host, address, network or glob, for a time or for good.
 *
 * A list of drains never changes; another one takes its place. Kept in state-dir over restarts. */
#ifndef DNS_LOAD_DRAIN_LIST_H
#define DNS_LOAD_DRAIN_LIST_H

#include "dns/base/refcount.h"
#include "dns/config/config.h"
#include "geo/mirrors.h"

#include <jansson.h>

enum { DRAIN_GLOB_MAX = 255, DRAIN_WHY_MAX = 255, DRAINS_MAX = 256 };

struct drain {
	char glob[DRAIN_GLOB_MAX + 1]; /* as asked for */
	char why[DRAIN_WHY_MAX + 1]; /* "" where nobody said */
	int64_t until; /* Unix seconds; 0: until it is undrained */
	/* What the glob is, where it is an address or a network. */
	bool is_network, ipv6;
	uint8_t octets[16], length;
	/* Else: what a text must have to be looked at closer. */
	bool may_be_address; /* it has no character that an address has not */
	uint64_t pairs; /* see drain_pairs */
};

struct drains {
	size_t count;
	struct drain list[];
};

/* '*' and '?' in any case of letters; '*' is any number of characters. Takes at most size x size steps. */
bool drain_glob(const char *glob, const char *text);

/* False: one sentence; `why` may be NULL. */
bool drain_parse(struct drain *drain, const char *glob, char *sentence, size_t size);
bool drain_matches(
	const struct drain *drain, const char *host, const struct mirror_address *address);
/* Has its time come? */
static inline bool drain_is_over(const struct drain *drain, int64_t now)
{
	return drain->until && drain->until <= now;
}

/* Lists, each one hold of the caller's; `drains` may be NULL, which is the empty list. NULL: no memory, or too
 * many of them. */
struct shared *drains_with(const struct drains *drains, const struct drain *added, int64_t now);
/* Without the one of that glob, and without those that are over. */
struct shared *drains_without(const struct drains *drains, const char *glob, int64_t now);
/* Is there one with this glob? */
const struct drain *drains_find(const struct drains *drains, const char *glob);
/* The first that takes this address out now; NULL: none does. */
const struct drain *drains_match(const struct drains *drains, const struct mirrors *mirrors,
	const struct mirror_address *address, int64_t now);
/* Is some drain over by `now` that was not by `before`? */
bool drains_end(const struct drains *drains, int64_t before, int64_t now);

/* Mirrors whose drained addresses say so: a copy, or `exported` itself held once more. NULL: no memory. */
struct shared *drains_mark(struct shared *exported, const struct drains *drains, int64_t now);
/* How many addresses drain `number` of that list takes out: `marked` is what drains_mark made of `exported`. */
size_t drains_taken(const struct shared *marked, const struct shared *exported, size_t number);

/* As `status` and the file have them. NULL: no memory. */
json_t *drains_json(const struct drains *drains);
/* The caller's hold. NULL: one sentence. */
struct shared *drains_parse(const json_t *json, char *why, size_t size);

/* state-dir/drains.json. A missing file is an empty list; one that is of no use is said in the log and is an empty list.
 * NULL: no memory. */
struct shared *drains_load(const struct config *config);
/* At once, as a whole. False: one sentence. */
bool drains_save(const struct drains *drains, const struct config *config, char *why, size_t size);

#endif
