#include "geo/line.h"

#include <string.h>

static void line_space(struct line_cursor *cursor)
{
	for (; cursor->at < cursor->end; cursor->at++) {
		if (*cursor->at == '\n')
			cursor->line++;
		else if (*cursor->at != ' ' && *cursor->at != '\t' && *cursor->at != '\r')
			return;
	}
}

/* From the opening quote to behind the closing one; JSON allows no raw newline in between. */
static void line_string(struct line_cursor *cursor)
{
	for (cursor->at++; cursor->at < cursor->end && *cursor->at != '"'; cursor->at++) {
		if (*cursor->at == '\\' && cursor->at + 1 < cursor->end)
			cursor->at++;
	}
	if (cursor->at < cursor->end)
		cursor->at++;
}

static void line_step(struct line_cursor *cursor)
{
	if (cursor->at < cursor->end)
		cursor->at++;
	line_space(cursor);
}

struct line_cursor line_begin(const char *text, size_t size)
{
	struct line_cursor cursor = {text, text + size, 1};
	line_space(&cursor);
	return cursor;
}

void line_enter(struct line_cursor *cursor)
{
	line_step(cursor);
}

void line_skip(struct line_cursor *cursor)
{
	size_t depth = 0;
	while (cursor->at < cursor->end) {
		char octet = *cursor->at;
		if (octet == '"') {
			line_string(cursor);
			line_space(cursor);
			continue;
		}
		if (depth == 0 && (octet == ']' || octet == '}'))
			return;
		if (octet == '[' || octet == '{')
			depth++;
		else if (octet == ']' || octet == '}')
			depth--;
		line_step(cursor);
		if (depth == 0 && octet == ',')
			return;
	}
}

void line_value(struct line_cursor *cursor)
{
	if (cursor->at < cursor->end && *cursor->at == '"')
		line_string(cursor);
	line_space(cursor);
	line_step(cursor);
}
