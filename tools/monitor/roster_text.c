#include "tools/monitor/roster_text.h"

#include "geo/found.h"

#include <stdarg.h>
#include <stdio.h>

unsigned roster_text_line(const struct roster_text *text, const struct roster_spot *spot)
{
	struct line_cursor cursor = line_begin(text->text, text->text_size);
	if (spot->mirror == ROSTER_NOWHERE) {
		if (spot->field)
			found_member(&cursor, text->root, spot->field);
		return cursor.line;
	}
	found_member(&cursor, text->root, "mirrors");
	found_element(&cursor, spot->mirror);
	json_t *object = json_array_get(text->list, (size_t)spot->mirror);
	if (spot->field && found_member(&cursor, object, spot->field) &&
		spot->element != ROSTER_NOWHERE)
		found_element(&cursor, spot->element);
	return cursor.line;
}

void roster_text_number(const struct roster_text *text)
{
	struct line_cursor cursor = line_begin(text->text, text->text_size);
	found_member(&cursor, text->root, "mirrors");
	found_element(&cursor, 0);
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

bool roster_refuse_value(const struct roster_text *text, const struct roster_spot *spot,
	const json_t *value, const char *expected)
{
	char found[FOUND_MAX];
	return roster_refuse(text, spot, "%s is %s, expected %s", spot->field ? spot->field : "it",
		found_write(value, found), expected);
}
