#include "zones/word.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool word_refuse(char *why, size_t size, const char *fault)
{
	snprintf(why, size, "%s", fault);
	return false;
}

/* Every word has an octet at least, and its NUL: twice what is left always has room, so that
 * no word moves while the line is read. */
static bool line_begin(struct word_line *line, const struct word_reader *reader)
{
	size_t room = 2 * (size_t)(reader->end - reader->at) + 1;
	line->count = 0;
	line->text_size = 0;
	line->line = reader->line;
	line->blank = reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t');
	if (room <= line->text_room)
		return true;
	free(line->text);
	line->text = malloc(room);
	line->text_room = line->text ? room : 0;
	return line->text != NULL;
}

static struct word *word_add(struct word_line *line)
{
	if (line->count == line->words_room) {
		size_t room = line->words_room ? 2 * line->words_room : 16;
		struct word *words = reallocarray(line->words, room, sizeof *words);
		if (!words)
			return NULL;
		line->words = words;
		line->words_room = room;
	}
	struct word *word = &line->words[line->count++];
	word->text = line->text + line->text_size;
	word->quoted = false;
	return word;
}

/* One octet with the backslash before it, if any. */
static bool octet_take(struct word_reader *reader, struct word_line *line)
{
	if (*reader->at == '\\') {
		line->text[line->text_size++] = *reader->at++;
		if (reader->at == reader->end || *reader->at == '\n')
			return false;
	}
	line->text[line->text_size++] = *reader->at++;
	return true;
}

/* Up to the closing quote, which is left; the opening one has been read. */
static bool quoted_take(struct word_reader *reader, struct word_line *line, char *why, size_t size)
{
	while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\n')
		if (!octet_take(reader, line))
			break;
	if (reader->at < reader->end && *reader->at == '"')
		return true;
	return word_refuse(
		why, size, "found the end of the line inside a quoted string, expected \"");
}

static bool is_end_of_word(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';' || c == '(' || c == ')';
}

/* A quote ends a bare word, except in key="value" (RFC 9460 2.1). */
static bool bare_take(struct word_reader *reader, struct word_line *line, char *why, size_t size)
{
	while (reader->at < reader->end && !is_end_of_word(*reader->at)) {
		bool quote = *reader->at == '"';
		if (quote && line->text[line->text_size - 1] != '=')
			return true;
		if (!octet_take(reader, line))
			return word_refuse(why, size,
				"a backslash at the end of a line, expected \\X or \\DDD");
		if (!quote)
			continue;
		if (!quoted_take(reader, line, why, size))
			return false;
		line->text[line->text_size++] = *reader->at++;
	}
	return true;
}

static bool word_take(struct word_reader *reader, struct word_line *line, char *why, size_t size)
{
	struct word *word = word_add(line);
	if (!word)
		return word_refuse(why, size, "out of memory");
	word->quoted = *reader->at == '"';
	reader->at += word->quoted;
	bool good = word->quoted ? quoted_take(reader, line, why, size)
				 : bare_take(reader, line, why, size);
	reader->at += good && word->quoted;
	word->size = (size_t)(line->text + line->text_size - word->text);
	line->text[line->text_size++] = '\0';
	return good;
}

/* A line end outside parentheses; true: there is a whole logical line. */
static bool line_end(struct word_reader *reader, struct word_line *line)
{
	if (line->count)
		return true;
	line->line = reader->line;
	line->blank = reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t');
	return false;
}

enum word_result word_read(
	struct word_reader *reader, struct word_line *line, char *why, size_t size)
{
	unsigned long depth = 0;
	if (!line_begin(line, reader)) {
		word_refuse(why, size, "out of memory");
		return WORD_BAD;
	}
	while (reader->at < reader->end) {
		switch (*reader->at) {
		case ' ':
		case '\t':
		case '\r':
			reader->at++;
			break;
		case '\n':
			reader->at++;
			reader->line++;
			if (!depth && line_end(reader, line))
				return WORD_LINE;
			break;
		case ';':
			while (reader->at < reader->end && *reader->at != '\n')
				reader->at++;
			break;
		case '(':
			reader->at++;
			depth++;
			break;
		case ')':
			reader->at++;
			if (depth-- > 0)
				break;
			word_refuse(why, size, "found ) without (, expected a ( before it");
			return WORD_BAD;
		default:
			if (!word_take(reader, line, why, size))
				return WORD_BAD;
		}
	}
	if (depth) {
		word_refuse(why, size, "found the end of the file inside ( ), expected a )");
		return WORD_BAD;
	}
	return line->count ? WORD_LINE : WORD_END;
}

void word_line_free(struct word_line *line)
{
	free(line->words);
	free(line->text);
	memset(line, 0, sizeof *line);
}

bool word_number(const char *text, uint32_t max, uint32_t *value)
{
	uint64_t sum = 0;
	const char *at = text;
	for (; isdigit((unsigned char)*at); at++) {
		sum = sum * 10 + (unsigned)(*at - '0');
		if (sum > max)
			return false;
	}
	*value = (uint32_t)sum;
	return at > text && !*at;
}

/* 0: it is none. */
static uint64_t unit_seconds(char unit)
{
	static const char units[] = "smhdw";
	static const uint32_t seconds[] = {1, 60, 3600, 86400, 604800, 0};
	size_t i = 0;
	while (units[i] && units[i] != tolower((unsigned char)unit))
		i++;
	return seconds[i];
}

bool word_duration(const char *text, uint64_t *seconds)
{
	const char *at = text;
	*seconds = 0;
	if (!isdigit((unsigned char)*at))
		return false;
	while (isdigit((unsigned char)*at)) {
		uint64_t part = 0;
		for (; isdigit((unsigned char)*at); at++)
			if (part <= UINT32_MAX)
				part = part * 10 + (unsigned)(*at - '0');
		uint64_t unit = *at ? unit_seconds(*at++) : 1;
		if (!unit)
			return false;
		if (*seconds <= UINT32_MAX)
			*seconds += part * unit;
	}
	return !*at;
}

bool word_octets(const struct word *word, uint8_t *out, size_t room, size_t *count)
{
	const char *at = word->text, *end = at + word->size;
	*count = 0;
	while (at < end) {
		if (*count == room)
			return false;
		bool escaped = *at == '\\';
		at += escaped;
		if (at == end)
			return false;
		uint32_t octet = (uint8_t)*at;
		if (escaped && isdigit((unsigned char)*at)) {
			char digits[4] = {at[0], at[1], at[1] ? at[2] : '\0'};
			if (strlen(digits) != 3 || !word_number(digits, UINT8_MAX, &octet))
				return false;
			at += 2;
		}
		out[(*count)++] = (uint8_t)octet;
		at++;
	}
	return true;
}
