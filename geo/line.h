/* geo/line.h - on which line of a JSON text something stands; jansson keeps no lines.
 *
 * A cursor walks a text that a JSON parser has already accepted. On any other text its answers
 * mean nothing, but it still stays between the text's ends. */
#ifndef GEO_LINE_H
#define GEO_LINE_H

#include <stddef.h>

struct line_cursor {
	const char *at, *end;
	unsigned line; /* counted from 1 */
};

/* At the text's value. */
struct line_cursor line_begin(const char *text, size_t size);
/* From an array or object to its first element or key. */
void line_enter(struct line_cursor *cursor);
/* Over one element, or one key and its value, to the next one. */
void line_skip(struct line_cursor *cursor);
/* From a key to its value. */
void line_value(struct line_cursor *cursor);

#endif
