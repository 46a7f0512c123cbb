/* geo/found.h - what a JSON text has, for the sentences that refuse it: jansson reads what counts,
 * a piece at a time. */
#ifndef GEO_FOUND_H
#define GEO_FOUND_H

#include "geo/scan.h"

#include <jansson.h>

enum { FOUND_MAX = 80 }; /* octets of a value that a sentence quotes */

/* Why a scan has stopped. */
void found_fault(const struct scan *scan, const char *file, char *why, size_t size);
/* A value that a scan has passed: of an array or object only its kind, and whether there is
 * something in it. NULL: jansson refuses it; `error` is one of the whole file. */
json_t *found_load(const struct scan *scan, const struct span *value, json_error_t *error);

/* A value as a sentence shows it: no control characters, never long; NULL: it is missing. */
const char *found_write(const json_t *value, char text[FOUND_MAX]);
/* A fault that jansson found: "FILE:LINE:COLUMN: invalid JSON: what". */
void found_syntax(const char *file, const json_error_t *error, char *why, size_t size);

#endif
