#include "geo/found.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* jansson keeps members in the text's order, so the key is counted off and may be spelt with escapes. */
bool found_member(struct line_cursor *cursor, json_t *object, const char *key)
{
	if (!json_object_get(object, key))
		return false;
	line_enter(cursor);
	for (void *iter = json_object_iter(object); iter;
		iter = json_object_iter_next(object, iter)) {
		if (strcmp(json_object_iter_key(iter), key) == 0)
			break;
		line_skip(cursor);
	}
	return true;
}

void found_element(struct line_cursor *cursor, ptrdiff_t element)
{
	line_value(cursor);
	line_enter(cursor);
	for (ptrdiff_t i = 0; i < element; i++)
		line_skip(cursor);
}

const char *found_write(const json_t *value, char text[FOUND_MAX])
{
	if (!value)
		return "missing";
	if (json_is_array(value))
		return json_array_size(value) ? "an array" : "an empty array";
	if (json_is_object(value))
		return "an object";
	char *whole = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	if (!whole)
		return "wrong";
	bool cut = strlen(whole) >= FOUND_MAX;
	snprintf(text, FOUND_MAX, "%.*s%s", FOUND_MAX - 4, whole, cut ? "..." : "");
	free(whole);
	return text;
}

void found_syntax(const char *file, const json_error_t *error, char *why, size_t size)
{
	char text[JSON_ERROR_TEXT_LENGTH];
	snprintf(text, sizeof text, "%s", error->text);
	for (char *at = text; *at; at++)
		*at = (unsigned char)*at < ' ' || *at == 0x7F ? ' ' : *at;
	snprintf(why, size, "%s:%d:%d: %s, expected JSON", file, error->line > 0 ? error->line : 1,
		error->column > 0 ? error->column : 0, text);
}
