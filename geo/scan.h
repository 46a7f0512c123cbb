/* geo/scan.h - a walk over a JSON text (RFC 8259) that builds nothing: grammar, UTF-8, depth, and
 * where things stand.
 *
 * What is walked over is checked, and takes no memory whatever is in it. A fault ends the walk:
 * from then on every function is false, and `at` stays where it is. Keys that are there twice and
 * the size of numbers are not looked at. */
#ifndef GEO_SCAN_H
#define GEO_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCAN_DEPTH_MAX = 512 }; /* arrays and objects in one another */

/* A value or a key of the text, without the blanks around it; `at` NULL: it is not there. */
struct span {
	const char *at, *end;
	unsigned line; /* counted from 1 */
};

struct scan {
	const char *text, *at, *end;
	unsigned line;
	unsigned depth;
	/* The shortest text that leads to the same fault before `at`; NULL: none. */
	const char *fault;
	bool deep; /* that is the fault: more than SCAN_DEPTH_MAX */
	unsigned comma_line; /* where one is missing, if that is the fault; 0: it is not */
	uint64_t objects[SCAN_DEPTH_MAX / 64 + 1]; /* a bit for each that is open and no array */
};

/* At the text's value; a byte order mark before it is skipped. */
struct scan scan_begin(const char *text, size_t size);
/* At a value that a scan of this text has passed. */
struct scan scan_again(const struct scan *scan, const struct span *value);

/* Into an array or object: true at its first element or key, false behind one that is empty. */
bool scan_open(struct scan *scan);
/* From behind an element or member: true at the next one, false behind the whole. */
bool scan_more(struct scan *scan);
/* From a key to its value. */
bool scan_key(struct scan *scan, struct span *key);
/* Over a value with all that is in it. */
bool scan_skip(struct scan *scan);
/* Behind the text's value, which must be its only one. */
bool scan_finish(struct scan *scan);

/* Does a value begin with this octet here? */
static inline bool scan_sees(const struct scan *scan, char octet)
{
	return !scan->fault && scan->at < scan->end && *scan->at == octet;
}

/* Is this key, which was passed, that name? It may be spelt with escapes, the name has letters and
 * digits alone. */
bool span_is(const struct span *key, const char *name);
/* How many characters of the text stand before `at` on its line. */
size_t scan_column(const struct scan *scan, const char *at);

#endif
