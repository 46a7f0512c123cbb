#include "dns/load/txt.h"

#include "dns/base/why.h"
#include "geo/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A record and its message must fit 65,535 octets with the longest question and OPT. */
enum { TEXT_MAX = 64000, TIME_FIELD = 3, NUMBER_DIGITS_MAX = 15 };
/* What clients read of a version string, and how much a clock may be ahead, in seconds. */
enum { CVD_FIELDS = 8, CVD_MAX = 255, AHEAD_MAX = 3600, SHOWN_MAX = 40 };

/* A number of at most so many digits; -1: it is none. */
static int64_t number_parse(const char *text, size_t size)
{
	int64_t number = 0;
	if (size == 0 || size > NUMBER_DIGITS_MAX)
		return -1;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

/* The octets of the colon separated field at `*at`, which moves to the next one; NULL: there is
 * none. */
static size_t field_next(const char **at, const char *end)
{
	const char *stop = memchr(*at, ':', (size_t)(end - *at));
	size_t size = (size_t)((stop ? stop : end) - *at);
	*at = stop ? stop + 1 : NULL;
	return size;
}

/* The record time of a version string (field 3 of at least four), else the file's time. */
static int64_t since_find(const char *text, size_t size, int64_t modified)
{
	const char *at = text, *field = text, *end = text + size;
	size_t length = 0;
	for (unsigned i = 0; i <= TIME_FIELD; i++) {
		field = at;
		if (!field)
			return modified;
		length = field_next(&at, end);
	}
	int64_t since = number_parse(field, length);
	return since < 0 ? modified : since;
}

static bool cvd_field_check(
	unsigned number, const char *field, size_t size, char *why, size_t why_size)
{
	int shown = (int)(size < SHOWN_MAX ? size : SHOWN_MAX);
	int64_t value = number_parse(field, size);
	if (size == 0 || (number && value < 0))
		snprintf(why, why_size, "field %u is \"%.*s\", expected %s", number, shown, field,
			number ? "decimal digits" : "a version of ClamAV");
	else if (number == TIME_FIELD && value > time(NULL) + AHEAD_MAX)
		snprintf(why, why_size,
			"field 3 is %.*s, a time more than 1 h in the future, expected Unix seconds",
			shown, field);
	else
		return true;
	return false;
}

bool txt_cvd_check(const char *text, size_t size, char *why, size_t why_size)
{
	const char *at = text, *end = text + size;
	if (size > CVD_MAX) {
		snprintf(why, why_size, "the first line has %zu octets, expected at most %d", size,
			CVD_MAX);
		return false;
	}
	for (size_t i = 0; i < size; i++)
		if (text[i] <= ' ' || text[i] >= 0x7F || text[i] == '"' || text[i] == '\'') {
			snprintf(why, why_size,
				"found a blank, a quote or a letter that is not ASCII in octet "
				"%zu, expected none",
				i + 1);
			return false;
		}
	unsigned fields = 0;
	for (; at; fields++) {
		const char *field = at;
		size_t length = field_next(&at, end);
		if (fields < CVD_FIELDS && !cvd_field_check(fields, field, length, why, why_size))
			return false;
	}
	if (fields < CVD_FIELDS)
		snprintf(why, why_size,
			"found %u field%s, expected at least %d, separated by \":\"", fields,
			fields == 1 ? "" : "s", CVD_FIELDS);
	return fields >= CVD_FIELDS;
}

static const char *text_fault(const char *text, size_t size, const struct config_txt *config)
{
	if (!size)
		return "the first line is empty, expected a string";
	if (size > TEXT_MAX)
		return "the first line is longer than 64000 octets, expected at most that";
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
			return "the first line has a control character, expected printable text";
	for (size_t i = 0; config->max_age && i <= size; i++)
		if ((i == 0 || text[i - 1] == ':') && (i == size || text[i] == ':'))
			return "found an empty field (\"::\"), expected 0: clients skip empty ones";
	return NULL;
}

bool txt_parse(struct txt **txt, const struct file *file, const char *path,
	const struct config_txt *config, char *why, size_t size)
{
	const char *text = file->bytes + utf8_mark_size(file->bytes, file->size);
	size_t length = (size_t)(file->bytes + file->size - text);
	const char *end = length ? memchr(text, '\n', length) : NULL;
	if (end)
		length = (size_t)(end - text);
	if (end && length && text[length - 1] == '\r')
		length--;
	const char *fault = text_fault(text, length, config);
	char found[256];
	if (!fault && config->cvd && !txt_cvd_check(text, length, found, sizeof(found)))
		fault = found;
	if (fault)
		return why_write(why, size, "%s:1: %s", path, fault);
	*txt = malloc(sizeof(**txt) + length);
	if (!*txt)
		return why_write(why, size, "%s: out of memory", path);
	(*txt)->size = length;
	(*txt)->since = since_find(text, length, file->modified);
	memcpy((*txt)->text, text, length);
	return true;
}

bool txt_is_stale(const struct txt *txt, const struct config_txt *config, int64_t now)
{
	return config->max_age && now - txt->since > config->max_age;
}
