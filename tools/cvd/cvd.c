#include "tools/cvd/cvd.h"

#include "dns/base/why.h"
#include "tools/cvd/fields.h"

#include <string.h>

enum { MD5_SIZE = 32 };

enum field_index {
	FIELD_MAGIC,
	FIELD_DATE,
	FIELD_VERSION,
	FIELD_SIGNATURES,
	FIELD_FLEVEL,
	FIELD_MD5,
	FIELD_SIGNATURE,
	FIELD_BUILDER,
	FIELD_BUILT
};
enum { FIELDS_LEAST = 8 /* no time in seconds before 2004 */ };

const char *const cvd_database_names[CVD_DATABASES] = {"main", "daily", "bytecode", "safebrowsing"};

static const struct field_number numbers[FIELDS_MAX] = {
	[FIELD_VERSION] = {.name = "the header's version"},
	[FIELD_SIGNATURES] = {.name = "the header's number of signatures"},
	[FIELD_FLEVEL] = {.name = "the header's functionality level"},
	[FIELD_BUILT] = {.name = "the header's build time",
		.most = INT64_MAX,
		.expected = "Unix seconds"},
};

/* Where the text ends: a header is cut at the first CR, LF or NUL, and padded with blanks. */
static bool text_size(const char *text, size_t *size, char *why, size_t why_size)
{
	size_t end = 0;
	while (end < CVD_HEADER_SIZE && text[end] != '\r' && text[end] != '\n' && text[end]) {
		if (text[end] < 0x20 || text[end] >= 0x7F)
			return why_write(why, why_size,
				"octet %zu of the header is 0x%02x, expected printable ASCII", end,
				(unsigned)(unsigned char)text[end]);
		end++;
	}
	while (end && text[end - 1] == ' ')
		end--;
	*size = end;
	return true;
}

/* 32 hexadecimal digits; an unsigned file has X. */
static bool md5_is_plausible(const struct field *field)
{
	size_t marks = 0, digits = 0;
	for (size_t i = 0; i < field->size; i++) {
		marks += field->text[i] == 'X';
		digits += strchr("0123456789abcdefABCDEF", field->text[i]) != NULL;
	}
	return field->size &&
	       (marks == field->size || (digits == field->size && digits == MD5_SIZE));
}

static bool fields_take(const struct fields *fields, struct cvd *cvd, char *why, size_t size)
{
	const struct field *list = fields->list;
	int64_t found[FIELDS_MAX] = {[FIELD_BUILT] = -1};
	if (fields->count < FIELDS_LEAST)
		return why_write(why, size,
			"found %zu field%s in the header, expected 9 (8 before 2004)",
			fields->count, fields->count == 1 ? "" : "s");
	if (!list[FIELD_DATE].size)
		return field_refuse(&list[FIELD_DATE], "the header's build date",
			"one like \"14 May 2010 09-57 -0400\"", why, size);
	if (!fields_read_numbers(fields, numbers, found, why, size))
		return false;
	if (!found[FIELD_VERSION])
		return field_refuse(
			&list[FIELD_VERSION], "the header's version", "at least 1", why, size);
	if (!md5_is_plausible(&list[FIELD_MD5]))
		return field_refuse(&list[FIELD_MD5], "the header's MD5",
			"32 hexadecimal digits or X", why, size);
	*cvd = (struct cvd){
		.version = (uint32_t)found[FIELD_VERSION],
		.signatures = (uint32_t)found[FIELD_SIGNATURES],
		.flevel = (uint32_t)found[FIELD_FLEVEL],
		.built = found[FIELD_BUILT],
	};
	return true;
}

bool cvd_parse(struct cvd *cvd, const void *octets, size_t size, char *why, size_t why_size)
{
	struct fields fields;
	const char *text = octets;
	size_t used;
	if (size < CVD_HEADER_SIZE)
		return why_write(why, why_size, "found %zu octet%s, expected a header of 512", size,
			size == 1 ? "" : "s");
	if (memcmp(text, CVD_MAGIC, sizeof(CVD_MAGIC) - 1) != 0)
		return why_write(why, why_size,
			"does not begin with \"" CVD_MAGIC "\", expected the header of a database");
	if (!text_size(text, &used, why, why_size))
		return false;
	fields_split(&fields, text, used);
	return fields_take(&fields, cvd, why, why_size);
}
