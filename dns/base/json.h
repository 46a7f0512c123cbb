/* dns/base/json.h - texts of any octets as JSON strings, others' texts as one line, members of
 * others' objects.
 *
 * JSON is UTF-8; names and paths of a configuration may be anything. */
#ifndef DNS_BASE_JSON_H
#define DNS_BASE_JSON_H

#include "geo/utf8.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A new string; what is no UTF-8 has a '?' for each octet beyond ASCII. NULL: no memory. */
static inline json_t *plain_json(const char *text)
{
	json_t *string = json_string(text);
	char *copy = string ? NULL : strdup(text);
	if (!copy)
		return string;
	for (char *at = copy; *at; at++)
		if ((unsigned char)*at > 0x7E)
			*at = '?';
	string = json_string(copy);
	free(copy);
	return string;
}

/* A text as one line: a '?' for each character that utf8_is_control knows and for what is no UTF-8,
 * cut between two characters where it is longer than `size` - 1 octets. Returns line. */
static inline const char *plain_line(const char *text, char *line, size_t size)
{
	size_t used = 0;
	while (*text) {
		uint32_t code;
		size_t octets = utf8_read(text, SIZE_MAX, &code);
		bool shown = octets && !utf8_is_control(code);
		size_t count = shown ? octets : 1;
		if (used + count >= size)
			break;
		memcpy(line + used, shown ? text : "?", count);
		used += count;
		text += octets ? octets : 1;
	}
	line[used] = '\0';
	return line;
}

static inline json_t *count_json(uint64_t count)
{
	return json_integer((json_int_t)count);
}

/* What was made; NULL, and it is let go of: a part of it is missing. */
static inline json_t *whole_json(json_t *made, bool good)
{
	if (good)
		return made;
	json_decref(made);
	return NULL;
}

/* Members of an object, whatever the other side has sent: a missing or mistyped one is empty. */
static inline const char *field_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static inline json_int_t field_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static inline double field_real(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static inline bool field_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* One sentence more in an array; a '?' for each octet beyond ASCII: a file's name may be no
 * UTF-8. */
static inline __attribute__((format(printf, 2, 3))) void reason_add(
	json_t *reasons, const char *format, ...)
{
	char sentence[2048];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	for (char *at = sentence; *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7F)
			*at = '?';
	json_array_append_new(reasons, json_string(sentence));
}

#endif
