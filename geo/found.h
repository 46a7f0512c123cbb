/* geo/found.h - what a JSON text has, and where, for the sentences that refuse it. */
#ifndef GEO_FOUND_H
#define GEO_FOUND_H

#include "geo/line.h"

#include <jansson.h>
#include <stdbool.h>

enum { FOUND_MAX = 80 }; /* octets of a value that a sentence quotes */

/* From an object to the key of a member; false: not there, the cursor stays. */
bool found_member(struct line_cursor *cursor, json_t *object, const char *key);
/* From the key of an array to one of its elements. */
void found_element(struct line_cursor *cursor, ptrdiff_t element);

/* A value as a sentence shows it: no control characters, never long; NULL: it is missing. */
const char *found_write(const json_t *value, char text[FOUND_MAX]);
/* A fault that jansson found: "FILE:LINE:COLUMN: what, expected JSON". */
void found_syntax(const char *file, const json_error_t *error, char *why, size_t size);

#endif
