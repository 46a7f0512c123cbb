#include "dns/base/log_text.h"

#include "geo/utf8.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPEC_MAX = 16, NUMBER_MAX = 64 };

struct text {
	char *start, *at,
		*end; /* one octet beyond `end` is for the quotes' end, one for the text's */
	bool full; /* something was cut: nothing comes after it */
};

static void text_add(struct text *text, const char *octets, size_t size)
{
	text->full |= size > (size_t)(text->end - text->at);
	if (text->full)
		return;
	memcpy(text->at, octets, size);
	text->at += size;
}

/* --- characters --- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Does the line end in a blank and a key, as pairs begin? */
static bool pair_begins(const struct text *text)
{
	const char *at = text->at;
	while (at > text->start && is_word(at[-1]))
		at--;
	return at < text->at && (at == text->start || at[-1] == ' ');
}

/* --- strings --- */

enum role { ROLE_SENTENCE, ROLE_OURS, ROLE_VALUE };

static void characters_add(struct text *text, const char *at, size_t size, enum role role)
{
	for (const char *end = at + size; at < end && !text->full;) {
		uint32_t code;
		size_t octets = utf8_read(at, (size_t)(end - at), &code);
		if (octets == 0 || utf8_is_control(code) ||
			(*at == '=' && role == ROLE_SENTENCE && pair_begins(text)))
			text_add(text, "?", 1);
		else if (role == ROLE_VALUE && (*at == '"' || *at == '\\'))
			text_add(text, (const char[2]){'\\', *at}, 2);
		else
			text_add(text, at, octets);
		at += octets ? octets : 1;
	}
}

static bool is_bare(const char *value, size_t size)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "._:/@%+,*-";
	for (size_t i = 0; i < size; i++)
		if (!strchr(fine, value[i]))
			return false;
	return size > 0;
}

static void value_add(struct text *text, const char *value, size_t size)
{
	if (is_bare(value, size)) {
		characters_add(text, value, size, ROLE_VALUE);
		return;
	}
	text_add(text, "\"", 1);
	bool open = !text->full;
	characters_add(text, value, size, ROLE_VALUE);
	if (open) /* its octet is kept for it */
		*text->at++ = '"';
}

/* Of a string that is longer no character is shown in part. */
static size_t string_size(const char *string, size_t most)
{
	size_t size = strnlen(string, most), back = size;
	uint32_t code;
	if (size < most)
		return size;
	while (back > 0 && size - back < 3 && (string[back - 1] & 0xC0) == 0x80)
		back--;
	bool cut = back > 0 && (unsigned char)string[back - 1] >= 0xC0 &&
		   !utf8_read(string + back - 1, size - back + 1, &code);
	return cut ? back - 1 : size;
}

/* --- conversions --- */

/* One of them, from % to its letter. */
struct conversion {
	char spec[SPEC_MAX];
	size_t size;
	char letter, length; /* 'l', 'L' (ll, j), 'z', or '\0' */
	size_t most; /* octets of a string */
};

static struct conversion conversion_read(const char *at, va_list *arguments)
{
	struct conversion found = {.most = SIZE_MAX};
	found.size = strspn(at + 1, "-+ #0123456789.*hljz") + 2;
	found.letter = at[found.size - 1];
	memcpy(found.spec, at, found.size < SPEC_MAX ? found.size : SPEC_MAX - 1);
	const char *point = strchr(found.spec, '.');
	if (point)
		found.most = point[1] == '*' ? (size_t)va_arg(*arguments, int)
					     : strtoul(point + 1, NULL, 10);
	char before = at[found.size - 2];
	bool twice = before == 'l' && at[found.size - 3] == 'l';
	found.length = twice || before == 'j' ? 'L' : before;
	return found;
}

static void number_add(struct text *text, const struct conversion *of, va_list *arguments)
{
	char digits[NUMBER_MAX];
	int size;
	if (of->letter == 'f')
		size = snprintf(digits, sizeof(digits), of->spec, va_arg(*arguments, double));
	else if (of->length == 'L')
		size = snprintf(digits, sizeof(digits), of->spec, va_arg(*arguments, long long));
	else if (of->length == 'l')
		size = snprintf(digits, sizeof(digits), of->spec, va_arg(*arguments, long));
	else if (of->length == 'z')
		size = snprintf(digits, sizeof(digits), of->spec, va_arg(*arguments, size_t));
	else
		size = snprintf(digits, sizeof(digits), of->spec, va_arg(*arguments, int));
	text_add(text, digits, size < NUMBER_MAX ? (size_t)size : NUMBER_MAX - 1);
}

static void string_add(
	struct text *text, const struct conversion *of, const char *string, bool value)
{
	size_t size = string_size(string, of->most);
	if (value)
		value_add(text, string, size);
	else
		characters_add(
			text, string, size, strchr(of->spec, '-') ? ROLE_OURS : ROLE_SENTENCE);
}

size_t log_text_write(char *text, size_t size, const char *format, va_list arguments)
{
	struct text line = {.start = text, .at = text, .end = text + size - 2};
	va_list rest;
	va_copy(rest, arguments);
	for (const char *at = format; *at && !line.full;) {
		size_t plain = strcspn(at, "%");
		text_add(&line, at, plain);
		at += plain;
		if (*at == '%' && at[1] == '%') {
			text_add(&line, at, 1);
			at += 2;
		} else if (*at == '%') {
			struct conversion next = conversion_read(at, &rest);
			if (next.letter == 's')
				string_add(&line, &next, va_arg(rest, const char *),
					at > format && at[-1] == '=');
			else
				number_add(&line, &next, &rest);
			at += next.size;
		}
	}
	va_end(rest);
	*line.at = '\0';
	return (size_t)(line.at - text);
}
