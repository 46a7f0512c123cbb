#include "dns/load/txt.h"

#include "geo/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A record and its message must fit 65,535 octets with the longest question and OPT. */
enum { TEXT_MAX = 64000, TIME_FIELD = 3, TIME_DIGITS_MAX = 15 };

/* Field `index` of a colon separated line; its size, or -1 when there are not so many. */
static int field_find(const char *text, size_t size, unsigned index, const char **field)
{
	const char *at = text, *end = text + size;
	for (; index > 0; index--) {
		at = memchr(at, ':', (size_t)(end - at));
		if (!at)
			return -1;
		at++;
	}
	const char *stop = memchr(at, ':', (size_t)(end - at));
	*field = at;
	return (int)((stop ? stop : end) - at);
}

/* The record time of a version string (field 3 of at least four), else the file's time. */
static int64_t since_find(const char *text, size_t size, int64_t modified)
{
	const char *field;
	int64_t since = 0;
	int digits = field_find(text, size, TIME_FIELD, &field);
	if (digits <= 0 || digits > TIME_DIGITS_MAX)
		return modified;
	for (int i = 0; i < digits; i++) {
		if (field[i] < '0' || field[i] > '9')
			return modified;
		since = since * 10 + (field[i] - '0');
	}
	return since;
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
	if (fault) {
		snprintf(why, size, "%s:1: %s", path, fault);
		return false;
	}
	*txt = malloc(sizeof(**txt) + length);
	if (!*txt) {
		snprintf(why, size, "%s: out of memory", path);
		return false;
	}
	(*txt)->size = length;
	(*txt)->since = since_find(text, length, file->modified);
	memcpy((*txt)->text, text, length);
	return true;
}

bool txt_is_stale(const struct txt *txt, const struct config_txt *config, int64_t now)
{
	return config->max_age && now - txt->since > config->max_age;
}
