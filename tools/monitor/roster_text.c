#include "tools/monitor/roster_text.h"

#include "geo/line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOUND_MAX = 80 }; /* octets of a value that a sentence quotes */

/* From an object to the key of a member that is there. jansson keeps members in the text's order, so the key is
 * counted off and may be spelt with escapes. */
static void spot_member(struct line_cursor *cursor, json_t *object, const char *key)
{
	line_enter(cursor);
	for (void *iter = json_object_iter(object); iter;
		iter = json_object_iter_next(object, iter)) {
		if (strcmp(json_object_iter_key(iter), key) == 0)
			return;
		line_skip(cursor);
	}
}

static void spot_element(struct line_cursor *cursor, ptrdiff_t element)
{
	line_value(cursor);
	line_enter(cursor);
	for (ptrdiff_t i = 0; i < element; i++)
		line_skip(cursor);
}

unsigned roster_text_line(const struct roster_text *text, const struct roster_spot *spot)
{
	struct line_cursor cursor = line_begin(text->text, text->text_size);
	if (spot->mirror == ROSTER_NOWHERE) {
		if (spot->field && json_object_get(text->root, spot->field))
			spot_member(&cursor, text->root, spot->field);
		return cursor.line;
	}
	spot_member(&cursor, text->root, "mirrors");
	spot_element(&cursor, spot->mirror);
	json_t *object = json_array_get(text->list, (size_t)spot->mirror);
	if (!spot->field || !json_object_get(object, spot->field))
		return cursor.line;
	spot_member(&cursor, object, spot->field);
	if (spot->element != ROSTER_NOWHERE)
		spot_element(&cursor, spot->element);
	return cursor.line;
}

void roster_text_number(const struct roster_text *text)
{
	struct line_cursor cursor = line_begin(text->text, text->text_size);
	spot_member(&cursor, text->root, "mirrors");
	spot_element(&cursor, 0);
	for (size_t i = 0; i < text->roster->count; i++, line_skip(&cursor))
		text->roster->list[i].line = cursor.line;
}

/* "" or "host h: " or, where there is no host to name, "mirror 3: ". */
static void owner_write(
	const struct roster_text *text, const struct roster_spot *spot, char *owner, size_t size)
{
	owner[0] = '\0';
	if (spot->mirror == ROSTER_NOWHERE)
		return;
	const char *host = text->roster->list[spot->mirror].host;
	if (host)
		snprintf(owner, size, "host %s: ", host);
	else
		snprintf(owner, size, "mirror %td: ", spot->mirror + 1);
}

bool roster_refuse(
	const struct roster_text *text, const struct roster_spot *spot, const char *format, ...)
{
	char owner[300], reason[600];
	va_list list;
	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	owner_write(text, spot, owner, sizeof(owner));
	snprintf(text->why, text->why_size, "%s:%u: %s%s", text->file, roster_text_line(text, spot),
		owner, reason);
	return false;
}

/* A value as a sentence shows it: no control characters, never long. */
static const char *found_write(const json_t *value, char found[FOUND_MAX])
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
	snprintf(found, FOUND_MAX, "%.*s%s", FOUND_MAX - 4, whole, cut ? "..." : "");
	free(whole);
	return found;
}

bool roster_refuse_value(const struct roster_text *text, const struct roster_spot *spot,
	const json_t *value, const char *expected)
{
	char found[FOUND_MAX];
	return roster_refuse(text, spot, "%s is %s, expected %s", spot->field ? spot->field : "it",
		found_write(value, found), expected);
}

bool roster_refuse_syntax(const struct roster_text *text, json_error_t *error)
{
	for (char *at = error->text; *at; at++)
		*at = *at < ' ' || *at == 0x7F ? ' ' : *at;
	snprintf(text->why, text->why_size, "%s:%d:%d: %s, expected JSON", text->file,
		error->line > 0 ? error->line : 1, error->column > 0 ? error->column : 0,
		error->text);
	return false;
}
