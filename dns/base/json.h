/* dns/base/json.h - texts of any octets as JSON strings, others' texts as one line, members of others' objects.
 *
 * JSON is UTF-8; names and paths of a configuration may be anything. */
#ifndef DNS_BASE_JSON_H
#define DNS_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
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

/* Octets of the character at `text` that are no part of a line of text, whoever reads it: C0, DEL, C1, what turns the
 * direction of writing (UAX #9), the separators U+2028 and U+2029. 0: it is one. */
static inline size_t plain_control(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	if (at[0] < 0x20 || at[0] == 0x7F)
		return at[0] != 0;
	if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F)
		return 2;
	if (at[0] == 0xD8 && at[1] == 0x9C) /* U+061C */
		return 2;
	if (at[0] != 0xE2)
		return 0;
	if (at[1] == 0x80) /* U+200E, U+200F, U+2028 to U+202E */
		return at[2] == 0x8E || at[2] == 0x8F || (at[2] >= 0xA8 && at[2] <= 0xAE) ? 3 : 0;
	return at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9 ? 3 : 0; /* U+2066 to U+2069 */
}

/* A text of UTF-8 as one line: a '?' for each character that plain_control knows, cut between two characters where it is
 * longer than `size` - 1 octets. Returns line. */
static inline const char *plain_line(const char *text, char *line, size_t size)
{
	size_t used = 0;
	while (*text) {
		size_t control = plain_control(text), count = 1;
		while (!control && ((unsigned char)text[count] & 0xC0) == 0x80)
			count++;
		if (used + count >= size)
			break;
		memcpy(line + used, control ? "?" : text, count);
		used += count;
		text += control ? control : count;
	}
	line[used] = '\0';
	return line;
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

#endif
