/* geo/mirror.h - the monitor's export: mirrors, their addresses and state.
 *
 * Parsing is everything or one sentence; whether a well-formed export may follow the last accepted
 * one is a second question (mirrors_follow). No I/O here. */
#ifndef GEO_MIRROR_H
#define GEO_MIRROR_H

#include "geo/mirrors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* NULL: one sentence naming file, line, host and field, what was found and what was expected. */
struct mirrors *mirrors_parse(
	const char *json, size_t count, const char *file, char *why, size_t size);
void mirrors_free(void *mirrors);

/* Why an address is no host's: "a multicast address"; NULL: it may be one. */
const char *mirror_address_fault(const struct address *address);

/* What the last accepted exports of this zone say to a new one. */
struct mirror_limits {
	bool known; /* false: nothing was accepted yet; only `now` counts */
	int64_t serial, generated; /* of the last accepted; -1: it had none, nothing is compared */
	size_t in_service; /* of the last accepted */
	size_t largest; /* of the largest accepted in the last 24 hours */
	unsigned max_shrink; /* per cent */
	bool force; /* serial, `generated` of before and max_shrink do not count */
	int64_t now; /* Unix seconds */
};

/* May this export be served? False: the sentence says which limit, with both figures. */
bool mirrors_follow(const struct mirrors *mirrors, const struct mirror_limits *limits,
	const char *file, char *why, size_t size);

/* The change in one line: "in: a.example (ok); out: b.example (removed: reason); changed: ..."; at
 * most `size` octets, ending in "and N more" when cut. `before` NULL: how many are served. Returns
 * the number of mirrors that differ. */
size_t mirrors_diff(
	const struct mirrors *before, const struct mirrors *after, char *text, size_t size);

/* A host that differs between two exports. */
enum mirror_change_kind { MIRROR_IN, MIRROR_OUT, MIRROR_CHANGED };
struct mirror_change {
	enum mirror_change_kind kind;
	const struct mirror *mirror; /* as it is after; if it is gone, as it was */
	const char
		*what; /* "ok", "removed: reason", "weight 100->10"; without control characters */
};

/* Called for each such host, in alphabetical order; false ends it. */
typedef bool mirror_change_each(void *context, const struct mirror_change *change);
/* False: no memory, or `each` was false. */
bool mirrors_compare(const struct mirrors *before, const struct mirrors *after,
	mirror_change_each *each, void *context);

#endif
