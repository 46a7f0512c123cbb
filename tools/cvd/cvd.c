#include "tools/cvd/cvd.h"

#include "tools/cvd/digits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAGIC "ClamAV-VDB"

enum { SHOWN_MAX = 40, MD5_SIZE = 32 };

enum field {
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
enum { FIELDS = 9, FIELDS_LEAST = 8 /* no time in seconds before 2004 */ };

struct piece {
	const char *text;
	size_t size;
};

struct header_text {
	struct piece pieces[FIELDS];
	size_t count; /* fields found; further ones are nobody's */
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(
	struct header_text *header, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(header->why, header->why_size, format, arguments);
	va_end(arguments);
	return false;
}

static bool refuse_piece(
	struct header_text *header, enum field field, const char *name, const char *expected)
{
	const struct piece *piece = &header->pieces[field];
	return refuse(header, "the header's %s is \"%.*s\", expected %s", name,
		(int)(piece->size < SHOWN_MAX ? piece->size : SHOWN_MAX), piece->text, expected);
}

/* Where the text ends: a header is cut at the first CR, LF or NUL, and padded with blanks. */
static bool text_size(struct header_text *header, const char *text, size_t *size)
{
	size_t end = 0;
	while (end < CVD_HEADER_SIZE && text[end] != '\r' && text[end] != '\n' && text[end]) {
		if (text[end] < 0x20 || text[end] >= 0x7F)
			return refuse(header,
				"octet %zu of the header is 0x%02x, expected printable ASCII", end,
				(unsigned)(unsigned char)text[end]);
		end++;
	}
	while (end && text[end - 1] == ' ')
		end--;
	*size = end;
	return true;
}

static void split(struct header_text *header, const char *text, size_t size)
{
	const char *end = text + size;
	while (header->count < FIELDS) {
		const char *colon = memchr(text, ':', (size_t)(end - text));
		const char *stop = colon ? colon : end;
		header->pieces[header->count++] = (struct piece){text, (size_t)(stop - text)};
		if (!colon)
			return;
		text = colon + 1;
	}
}

static bool number_take(
	struct header_text *header, enum field field, const char *name, uint32_t *number)
{
	int64_t value;
	const struct piece *piece = &header->pieces[field];
	if (!digits_parse(piece->text, piece->size, DIGITS_CLIENT_MAX, &value))
		return refuse_piece(header, field, name, "digits, at most 2147483647");
	*number = (uint32_t)value;
	return true;
}

/* 32 hexadecimal digits; an unsigned file has X. */
static bool md5_is_plausible(const struct piece *piece)
{
	size_t marks = 0, digits = 0;
	for (size_t i = 0; i < piece->size; i++) {
		marks += piece->text[i] == 'X';
		digits += strchr("0123456789abcdefABCDEF", piece->text[i]) != NULL;
	}
	return piece->size &&
	       (marks == piece->size || (digits == piece->size && digits == MD5_SIZE));
}

static bool built_take(struct header_text *header, int64_t *built)
{
	const struct piece *piece = &header->pieces[FIELD_BUILT];
	*built = -1;
	if (header->count <= FIELD_BUILT)
		return true;
	return digits_parse(piece->text, piece->size, INT64_MAX, built) ||
	       refuse_piece(header, FIELD_BUILT, "build time", "Unix seconds");
}

static bool fields_take(struct header_text *header, struct cvd *cvd)
{
	if (header->count < FIELDS_LEAST)
		return refuse(header, "the header has %zu fields, expected 9 (8 before 2004)",
			header->count);
	if (!header->pieces[FIELD_DATE].size)
		return refuse_piece(
			header, FIELD_DATE, "build date", "one like \"14 May 2010 09-57 -0400\"");
	if (!number_take(header, FIELD_VERSION, "version", &cvd->version))
		return false;
	if (!cvd->version)
		return refuse_piece(header, FIELD_VERSION, "version", "at least 1");
	if (!number_take(header, FIELD_SIGNATURES, "number of signatures", &cvd->signatures) ||
		!number_take(header, FIELD_FLEVEL, "functionality level", &cvd->flevel))
		return false;
	if (!md5_is_plausible(&header->pieces[FIELD_MD5]))
		return refuse_piece(header, FIELD_MD5, "MD5", "32 hexadecimal digits or X");
	return built_take(header, &cvd->built);
}

bool cvd_parse(struct cvd *cvd, const void *octets, size_t size, char *why, size_t why_size)
{
	struct header_text header = {.why = why, .why_size = why_size};
	const char *text = octets;
	size_t used;
	if (size < CVD_HEADER_SIZE)
		return refuse(&header, "%zu octets are there, expected a header of 512", size);
	if (memcmp(text, MAGIC ":", sizeof(MAGIC)) != 0)
		return refuse(&header, "there is no \"" MAGIC ":\" at the beginning, expected a "
				       "database's header");
	if (!text_size(&header, text, &used))
		return false;
	split(&header, text, used);
	return fields_take(&header, cvd);
}
