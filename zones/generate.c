#include "zones/generate.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NUMBER_MAX = 0x7FFFFFFF, /* BIND's */
	WIDTH_MAX = 255,
	NUMBER_TEXT_MAX = 320, /* a number of full width and its NUL */
	RANGE_TEXT_MAX = 40,
	WORDS_MIN = 5, /* $GENERATE, range, lhs, type, rhs */
};

/* How one ${...} writes its number. */
struct form {
	int32_t offset;
	uint32_t width;
	char base;
};

static bool range_parse(struct generate *generate, const char *text)
{
	char copy[RANGE_TEXT_MAX];
	if (strlen(text) >= sizeof copy)
		return false;
	strcpy(copy, text);
	char *stop = strchr(copy, '-'), *step = strchr(copy, '/');
	if (!stop || (step && step < stop))
		return false;
	*stop++ = '\0';
	if (step)
		*step++ = '\0';
	return word_number(copy, NUMBER_MAX, &generate->at) &&
	       word_number(stop, NUMBER_MAX, &generate->stop) &&
	       word_number(step ? step : "1", NUMBER_MAX, &generate->step) &&
	       generate->at <= generate->stop && generate->step > 0;
}

/* In quotes as it was, or without them; then \" is a quote of the text inside. */
static char *pattern_put(char *out, const struct word *word, bool bare)
{
	bool quotes = word->quoted && !bare;
	if (quotes)
		*out++ = '"';
	for (const char *at = word->text; *at; at++) {
		at += bare && at[0] == '\\' && at[1] == '"';
		*out++ = *at;
		if (*at == '\\' && at[1])
			*out++ = *++at;
	}
	if (quotes)
		*out++ = '"';
	*out++ = ' ';
	return out;
}

size_t generate_start(struct generate *generate, const struct word_line *line, bool bare_rdata,
	char *why, size_t size)
{
	size_t room = 1;
	generate_free(generate);
	if (line->count < WORDS_MIN) {
		word_refuse(why, size,
			"$GENERATE is cut short, expected range lhs [ttl] [class] type rhs");
		return 0;
	}
	if (!range_parse(generate, line->words[1].text)) {
		snprintf(why, size,
			"$GENERATE has range \"%.40s\", expected start-stop[/step] up to 2147483647",
			line->words[1].text);
		return 0;
	}
	for (size_t i = 2; i < line->count; i++)
		room += line->words[i].size + 3;
	char *out = generate->pattern = malloc(room);
	if (!out) {
		word_refuse(why, size, "out of memory");
		return 0;
	}
	for (size_t i = 2; i < line->count; i++)
		out = pattern_put(out, &line->words[i], bare_rdata && i + 1 == line->count);
	*out = '\0';
	generate->line = line->line;
	return (size_t)(generate->stop - generate->at) / generate->step + 1;
}

/* Nibbles from the last to the first; the width counts their dots too. */
static void nibbles_write(char *out, uint32_t number, const struct form *form)
{
	const char *digits = form->base == 'N' ? "0123456789ABCDEF" : "0123456789abcdef";
	uint32_t width = form->width;
	for (;;) {
		*out++ = digits[number & 15];
		number >>= 4;
		width -= width > 0;
		if (!number && !width)
			break;
		*out++ = '.';
		width -= width > 0;
		/* A width that ends in a dot leaves it there (BIND does). */
		if (!number && !width)
			break;
	}
	*out = '\0';
}

static void number_write(char out[NUMBER_TEXT_MAX], uint32_t number, const struct form *form)
{
	int width = (int)form->width;
	switch (form->base) {
	case 'o':
		snprintf(out, NUMBER_TEXT_MAX, "%0*o", width, number);
		return;
	case 'x':
		snprintf(out, NUMBER_TEXT_MAX, "%0*x", width, number);
		return;
	case 'X':
		snprintf(out, NUMBER_TEXT_MAX, "%0*X", width, number);
		return;
	case 'n':
	case 'N':
		nibbles_write(out, number, form);
		return;
	default:
		snprintf(out, NUMBER_TEXT_MAX, "%0*u", width, number);
	}
}

/* {offset[,width[,base]]}; returns what follows it, NULL: it is none. */
static const char *form_parse(const char *at, struct form *form)
{
	char *end;
	bool digits = isdigit((unsigned char)at[1 + (at[1] == '-' || at[1] == '+')]);
	long offset = strtol(at + 1, &end, 10), width = 0;
	if (!digits || offset < -(long)NUMBER_MAX || offset > NUMBER_MAX)
		return NULL;
	form->offset = (int32_t)offset;
	if (*end == ',') {
		digits = isdigit((unsigned char)end[1]);
		width = strtol(end + 1, &end, 10);
		if (!digits || width > WIDTH_MAX)
			return NULL;
	}
	form->width = (uint32_t)width;
	if (*end == ',') {
		if (!end[1] || !strchr("doxXnN", end[1]))
			return NULL;
		form->base = end[1];
		end += 2;
	}
	return *end == '}' ? end + 1 : NULL;
}

/* Room for `more` octets after `used`. */
static bool text_room(struct generate *generate, size_t used, size_t more)
{
	if (used + more <= generate->room)
		return true;
	size_t room = 2 * (used + more);
	char *text = realloc(generate->text, room);
	if (!text)
		return false;
	generate->text = text;
	generate->room = room;
	return true;
}

/* One $, ${...} or $$ at *at to `out`; false: a sentence. */
static bool dollar_write(
	uint32_t number, const char **at, char out[NUMBER_TEXT_MAX], char *why, size_t size)
{
	struct form form = {.base = 'd'};
	const char *from = *at;
	(*at)++;
	if (**at == '$') {
		(*at)++;
		strcpy(out, "$");
		return true;
	}
	if (**at == '{') {
		*at = form_parse(*at, &form);
		if (!*at) {
			snprintf(why, size,
				"$GENERATE has \"%.*s\", "
				"expected ${offset[,width[,base]]} with a width up to 255 and base d, "
				"o, x, X, n or N",
				(int)strcspn(from, "} "), from);
			return false;
		}
	}
	int64_t value = (int64_t)number + form.offset;
	if (value < 0 || value > NUMBER_MAX) {
		snprintf(why, size,
			"$GENERATE makes the number %lld, expected one from 0 to 2147483647",
			(long long)value);
		return false;
	}
	number_write(out, (uint32_t)value, &form);
	return true;
}

bool generate_next(struct generate *generate, size_t *count, char *why, size_t size)
{
	const char *at = generate->pattern;
	size_t used = 0;
	while (*at) {
		if (!text_room(generate, used, NUMBER_TEXT_MAX))
			return word_refuse(why, size, "out of memory");
		if (*at == '$') {
			if (!dollar_write(generate->at, &at, generate->text + used, why, size))
				return false;
			used += strlen(generate->text + used);
			continue;
		}
		if (*at == '\\' && at[1])
			generate->text[used++] = *at++;
		generate->text[used++] = *at++;
	}
	*count = used;
	/* Steps and numbers are below 2^31: the sum stays within 32 bits. */
	generate->at += generate->step;
	return true;
}

bool generate_is_active(const struct generate *generate)
{
	return generate->pattern && generate->at <= generate->stop;
}

void generate_free(struct generate *generate)
{
	free(generate->pattern);
	free(generate->text);
	memset(generate, 0, sizeof *generate);
}
