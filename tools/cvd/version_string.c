#include "tools/cvd/version_string.h"

#include "tools/cvd/digits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIELDS = 8, FIELDS_LEAST = 4, SHOWN_MAX = 40 };

struct piece {
	const char *text;
	size_t size;
};

struct line {
	struct piece pieces[FIELDS];
	size_t count; /* may be more than FIELDS */
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct line *line, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line->why, line->why_size, format, arguments);
	va_end(arguments);
	return false;
}

static void split(struct line *line, const char *text, size_t size)
{
	const char *end = text + size, *colon;
	do {
		colon = memchr(text, ':', (size_t)(end - text));
		const char *stop = colon ? colon : end;
		if (line->count < FIELDS)
			line->pieces[line->count] = (struct piece){text, (size_t)(stop - text)};
		line->count++;
		text = stop + 1;
	} while (colon);
}

static bool recommended_take(struct line *line, char *recommended)
{
	const struct piece *piece = &line->pieces[0];
	memcpy(recommended, piece->text, piece->size);
	recommended[piece->size] = '\0';
	return version_string_recommended_fits(recommended) ||
	       refuse(line,
		       "field 0 is \"%.*s\", expected a version without blanks and control "
		       "characters",
		       (int)(piece->size < SHOWN_MAX ? piece->size : SHOWN_MAX), piece->text);
}

static const struct numeral {
	const char *name;
	int64_t most;
} numerals[FIELDS] = {
	[1] = {"main", DIGITS_CLIENT_MAX},
	[2] = {"daily", DIGITS_CLIENT_MAX},
	[3] = {"record time", INT64_MAX},
	[4] = {"warn flag", 1},
	[5] = {"functionality level", DIGITS_CLIENT_MAX},
	[6] = {"safebrowsing", DIGITS_CLIENT_MAX},
	[7] = {"bytecode", DIGITS_CLIENT_MAX},
};

static bool numbers_take(struct line *line, int64_t *numbers)
{
	for (size_t i = 1; i < line->count; i++) {
		const struct piece *piece = &line->pieces[i];
		if (digits_parse(piece->text, piece->size, numerals[i].most, &numbers[i]))
			continue;
		return refuse(line, "field %zu (%s) is \"%.*s\", expected digits, at most %" PRId64,
			i, numerals[i].name,
			(int)(piece->size < SHOWN_MAX ? piece->size : SHOWN_MAX), piece->text,
			numerals[i].most);
	}
	return true;
}

bool version_string_recommended_fits(const char *text)
{
	size_t size = strlen(text);
	for (size_t i = 0; i < size; i++)
		if (text[i] <= ' ' || text[i] >= 0x7F || text[i] == ':')
			return false;
	return size > 0 && size <= VERSION_STRING_MAX;
}

bool version_string_parse(
	struct version_string *string, const char *text, size_t size, char *why, size_t why_size)
{
	struct line line = {.why = why, .why_size = why_size};
	int64_t numbers[FIELDS] = {0};
	const char *end = size ? memchr(text, '\n', size) : NULL;
	if (end)
		size = (size_t)(end - text);
	if (end && size && text[size - 1] == '\r')
		size--;
	if (!size)
		return refuse(&line, "the first line is empty, expected a version string");
	if (size > VERSION_STRING_MAX)
		return refuse(&line,
			"the first line is longer than 255 octets, which is all that clients read "
			"of a version string");
	split(&line, text, size);
	if (line.count < FIELDS_LEAST || line.count > FIELDS)
		return refuse(&line,
			"there are %zu fields, expected a version string of 8 (4 at least)",
			line.count);
	if (!recommended_take(&line, string->recommended) || !numbers_take(&line, numbers))
		return false;
	string->count = (unsigned)line.count;
	string->versions[CVD_MAIN] = (uint32_t)numbers[1];
	string->versions[CVD_DAILY] = (uint32_t)numbers[2];
	string->time = numbers[3];
	string->warn = numbers[4];
	string->flevel = (uint32_t)numbers[5];
	string->versions[CVD_SAFEBROWSING] = (uint32_t)numbers[6];
	string->versions[CVD_BYTECODE] = (uint32_t)numbers[7];
	return true;
}

size_t version_string_print(const struct version_string *string, char text[VERSION_STRING_MAX + 1])
{
	int size = snprintf(text, VERSION_STRING_MAX + 1, "%s:%u:%u:%" PRId64 ":%d:%u:%u:%u",
		string->recommended, string->versions[CVD_MAIN], string->versions[CVD_DAILY],
		string->time, string->warn, string->flevel, string->versions[CVD_SAFEBROWSING],
		string->versions[CVD_BYTECODE]);
	return size > 0 && size <= VERSION_STRING_MAX ? (size_t)size : 0;
}
