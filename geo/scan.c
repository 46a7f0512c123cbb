#include "geo/scan.h"

#include "geo/utf8.h"

#include <stdlib.h>
#include <string.h>

static bool scan_fail(struct scan *scan, const char *fault)
{
	if (!scan->fault)
		scan->fault = fault;
	return false;
}

static void space_skip(struct scan *scan)
{
	for (; scan->at < scan->end; scan->at++) {
		if (*scan->at == '\n')
			scan->line++;
		else if (*scan->at != ' ' && *scan->at != '\t' && *scan->at != '\r')
			return;
	}
}

static bool in_object(const struct scan *scan)
{
	return scan->depth && scan->objects[scan->depth / 64] >> scan->depth % 64 & 1;
}

/* The size of the escape that begins here; 0: none does. Whether it stands for a character is not
 * looked at. */
static size_t escape_size(const char *at, const char *end)
{
	if (end - at < 2 || !at[1] || !strchr("\"\\/bfnrtu", at[1]))
		return 0;
	if (at[1] != 'u')
		return 2;
	for (size_t i = 2; i < 6; i++)
		if (end - at < 6 || !at[i] || !strchr("0123456789abcdefABCDEF", at[i]))
			return 0;
	return 6;
}

/* Behind the string that begins here; NULL: it is none. */
static const char *string_end(const char *from, const char *end)
{
	uint32_t code = ' ';
	for (const char *at = from + 1;;) {
		while (at < end && *at >= ' ' && *at < 0x7F && *at != '"' && *at != '\\')
			at++;
		if (at == end)
			return NULL;
		if (*at == '"')
			return at + 1;
		size_t size = *at == '\\' ? escape_size(at, end)
					  : utf8_read(at, (size_t)(end - at), &code);
		if (!size || code < ' ')
			return NULL;
		at += size;
	}
}

static const char *digits_end(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

/* Behind the number that begins here; NULL: it is none. */
static const char *number_end(const char *from, const char *end)
{
	const char *at = from + (*from == '-'), *after = digits_end(at, end);
	if (after == at || (*at == '0' && after > at + 1))
		return NULL;
	at = after;
	if (at < end && *at == '.') {
		after = digits_end(at + 1, end);
		if (after == at + 1)
			return NULL;
		at = after;
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		after = digits_end(at, end);
		if (after == at)
			return NULL;
	}
	return after;
}

static const char *word_end(const char *from, const char *end)
{
	static const char *const words[] = {"true", "false", "null"};
	const char *at = from;
	while (at < end && ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z')))
		at++;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == (size_t)(at - from) &&
			memcmp(words[i], from, strlen(words[i])) == 0)
			return at;
	return NULL;
}

static const char *scalar_end(const struct scan *scan)
{
	if (scan->at == scan->end)
		return NULL;
	if (*scan->at == '"')
		return string_end(scan->at, scan->end);
	if (*scan->at == '-' || (*scan->at >= '0' && *scan->at <= '9'))
		return number_end(scan->at, scan->end);
	return word_end(scan->at, scan->end);
}

struct scan scan_begin(const char *text, size_t size)
{
	struct scan scan = {.text = text,
		.at = text + utf8_mark_size(text, size),
		.end = text + size,
		.line = 1};
	space_skip(&scan);
	if (!scan_sees(&scan, '[') && !scan_sees(&scan, '{'))
		scan_fail(&scan, "");
	return scan;
}

struct scan scan_again(const struct scan *scan, const struct span *value)
{
	return (struct scan){
		.text = scan->text, .at = value->at, .end = value->end, .line = value->line};
}

bool scan_open(struct scan *scan)
{
	if (scan->fault)
		return false;
	if (scan->depth == SCAN_DEPTH_MAX) {
		scan->deep = true;
		return scan_fail(scan, "");
	}
	uint64_t bit = 1ULL << ++scan->depth % 64;
	bool object = *scan->at++ == '{';
	if (object)
		scan->objects[scan->depth / 64] |= bit;
	else
		scan->objects[scan->depth / 64] &= ~bit;
	space_skip(scan);
	if (!scan_sees(scan, object ? '}' : ']'))
		return true;
	scan->at++;
	scan->depth--;
	return false;
}

bool scan_more(struct scan *scan)
{
	unsigned line = scan->line;
	space_skip(scan);
	if (scan_sees(scan, ',')) {
		scan->at++;
		space_skip(scan);
		return true;
	}
	if (scan_sees(scan, '"') || scan_sees(scan, '{') || scan_sees(scan, '['))
		scan->comma_line = line;
	if (!scan_sees(scan, in_object(scan) ? '}' : ']'))
		return scan_fail(scan, in_object(scan) ? "{\"\":[]" : "[[]");
	scan->at++;
	scan->depth--;
	return false;
}

bool scan_key(struct scan *scan, struct span *key)
{
	const char *end = scan_sees(scan, '"') ? string_end(scan->at, scan->end) : NULL;
	if (!end)
		return scan_fail(scan, "{\"\":0,");
	*key = (struct span){scan->at, end, scan->line};
	scan->at = end;
	space_skip(scan);
	if (!scan_sees(scan, ':'))
		return scan_fail(scan, "{\"\"");
	scan->at++;
	space_skip(scan);
	return true;
}

static bool scalar_skip(struct scan *scan)
{
	const char *end = scalar_end(scan);
	if (!end)
		return scan_fail(scan, in_object(scan) ? "{\"\":" : "[0,");
	scan->at = end;
	return true;
}

bool scan_skip(struct scan *scan)
{
	unsigned outside = scan->depth;
	struct span key;
	bool more = true;
	while (more && !scan->fault) {
		if (scan_sees(scan, '[') || scan_sees(scan, '{')) {
			more = scan_open(scan);
		} else {
			scalar_skip(scan);
			more = false;
		}
		while (!more && scan->depth > outside && !scan->fault)
			more = scan_more(scan);
		if (more && in_object(scan))
			scan_key(scan, &key);
	}
	return !scan->fault;
}

bool scan_finish(struct scan *scan)
{
	space_skip(scan);
	return !scan->fault && (scan->at == scan->end || scan_fail(scan, "[]"));
}

bool span_is(const struct span *key, const char *name)
{
	const char *at = key->at + 1;
	for (; *name; name++) {
		char digits[5] = "";
		if (at[0] == '\\' && at[1] == 'u') {
			memcpy(digits, at + 2, 4);
			at += 6;
			if (strtoul(digits, NULL, 16) != (unsigned char)*name)
				return false;
		} else if (*at++ != *name) {
			return false;
		}
	}
	return *at == '"';
}

size_t scan_column(const struct scan *scan, const char *at)
{
	size_t column = 0;
	for (; at > scan->text && at[-1] != '\n'; at--)
		column += (at[-1] & 0xC0) != 0x80;
	return column;
}
