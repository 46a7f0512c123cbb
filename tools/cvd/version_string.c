#include "tools/cvd/version_string.h"

#include "dns/base/why.h"
#include "geo/utf8.h"
#include "tools/cvd/fields.h"

#include <inttypes.h>
#include <string.h>

enum { FIELDS = 8, FIELDS_LEAST = 4 };

static const struct field_number kinds[FIELDS_MAX] = {
	[1] = {.name = "field 1 (main)"},
	[2] = {.name = "field 2 (daily)"},
	[3] = {.name = "field 3 (record time)", .most = INT64_MAX, .expected = "Unix seconds"},
	[4] = {.name = "field 4 (warn flag)", .most = 1, .expected = "0 or 1"},
	[5] = {.name = "field 5 (functionality level)"},
	[6] = {.name = "field 6 (safebrowsing)"},
	[7] = {.name = "field 7 (bytecode)"},
};

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
	struct fields fields;
	const struct field *recommended = &fields.list[0];
	int64_t numbers[FIELDS_MAX] = {0};
	size_t mark = utf8_mark_size(text, size);
	text += mark;
	size -= mark;
	const char *end = size ? memchr(text, '\n', size) : NULL;
	if (end)
		size = (size_t)(end - text);
	if (end && size && text[size - 1] == '\r')
		size--;
	if (!size)
		return why_write(
			why, why_size, "the first line is empty, expected a version string");
	if (size > VERSION_STRING_MAX)
		return why_write(why, why_size,
			"the first line is longer than 255 octets, a version string's maximum");
	fields_split(&fields, text, size);
	if (fields.count < FIELDS_LEAST || fields.count > FIELDS)
		return why_write(why, why_size,
			"found %zu field%s, expected a version string of 8 (4 at least)",
			fields.count, fields.count == 1 ? "" : "s");
	memcpy(string->recommended, recommended->text, recommended->size);
	string->recommended[recommended->size] = '\0';
	if (!version_string_recommended_fits(string->recommended))
		return field_refuse(recommended, "field 0",
			"a version without blanks and control characters", why, why_size);
	if (!fields_read_numbers(&fields, kinds, numbers, why, why_size))
		return false;
	string->count = (unsigned)fields.count;
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
