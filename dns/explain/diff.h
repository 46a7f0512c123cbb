/* dns/explain/diff.h - what would change if an export were loaded: mirrornsctl diff.
 *
 * Judged as a load would judge it, against what is served now; nothing is taken. */
#ifndef DNS_EXPLAIN_DIFF_H
#define DNS_EXPLAIN_DIFF_H

#include "dns/snapshot/snapshot.h"

#include <jansson.h>

enum { DIFF_ZONES_MAX = 16 /* results of zones that share an export */ };

enum diff_result { DIFF_SAME, DIFF_CHANGES, DIFF_REFUSED };

/* Of several zones the one whose export this file is, else the one that has most of its addresses,
 * and with it all that have the same export: the result is that of the earliest one that it is
 * worst for, `others` has the rest, and the word is the worst. DIFF_REFUSED: `why` has one
 * sentence, and *result is NULL unless the file was well-formed; `forced` says whether a forced
 * reload would take it. The result is the caller's. `file` may be NULL, which is refused. */
enum diff_result diff_json(
	const struct snapshot *snapshot, const char *file, json_t **result, char *why, size_t size);

#endif
