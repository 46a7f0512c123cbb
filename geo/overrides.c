#include "geo/place.h"

#include "geo/country.h"
#include "geo/prefix.h"
#include "geo/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_SIZE = 64 };

struct reader {
	const char *file;
	unsigned line;
	char *why;
	size_t why_size;
	struct place_overrides *overrides;
	size_t capacity;
};

__attribute__((format(printf, 2, 3))) static bool reader_refuse(
	struct reader *reader, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int length = snprintf(reader->why, reader->why_size, "%s:%u: ", reader->file, reader->line);
	if (length > 0 && (size_t)length < reader->why_size)
		vsnprintf(
			reader->why + length, reader->why_size - (size_t)length, format, arguments);
	va_end(arguments);
	return false;
}

/* Part of a line, without the blanks around it. */
struct field {
	const char *text;
	size_t size;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct field field_trim(const char *text, size_t size)
{
	while (size > 0 && is_blank(text[size - 1]))
		size--;
	while (size > 0 && is_blank(*text)) {
		text++;
		size--;
	}
	return (struct field){text, size};
}

/* As a string, for parsing and for sentences: cut off (then it is no network any more), and control
 * characters, NUL among them, replaced by one that is in no network. */
static const char *field_copy(struct field field, char text[FIELD_SIZE])
{
	bool cut = field.size >= FIELD_SIZE;
	size_t size = cut ? FIELD_SIZE - 4 : field.size;
	for (size_t i = 0; i < size; i++)
		text[i] = (unsigned char)field.text[i] < ' ' || field.text[i] == 127
				  ? '?'
				  : field.text[i];
	strcpy(text + size, cut ? "..." : "");
	return text;
}

static bool network_parse(
	struct reader *reader, struct field field, struct place_override *override)
{
	char found[FIELD_SIZE], text[ADDRESS_TEXT_MAX];
	struct address address;
	uint8_t length;
	field_copy(field, found);
	enum network_fault fault = address_network_parse(&address, &length, found);
	if (fault == NETWORK_NO_ADDRESS)
		return reader_refuse(reader,
			"\"%s\" is not a network; expected one like 192.0.2.0/24 or 2001:db8::/32",
			found);
	int most = address.ipv6 ? 128 : 32;
	const char *slash = strchr(found, '/');
	if (!slash)
		return reader_refuse(reader,
			"\"%s\" has no prefix length; expected one: a single address is %s/%d",
			found, found, most);
	if (fault == NETWORK_NO_LENGTH || (slash[1] == '0' && slash[2]))
		return reader_refuse(reader,
			"\"%s\" has the prefix length \"%s\"; expected 0 to %d", found, slash + 1,
			most);
	if (fault == NETWORK_HOST_BITS)
		return reader_refuse(reader, "\"%s\" has host bits set; expected %s/%u", found,
			address_write(&address, text), length);
	unsigned __int128 key = prefix_from(&address);
	override->ipv6 = address.ipv6;
	/* What is inside of ::ffff:0:0/96 is looked up as IPv4. */
	if (length >= 96 && key >> 32 == 0xFFFF) {
		override->ipv6 = false;
		key <<= 96;
		length = (uint8_t)(length - 96);
	}
	override->prefix = (struct place_prefix){prefix_address(key), length};
	return true;
}

static bool override_add(struct reader *reader, const struct place_override *override)
{
	struct place_overrides *overrides = reader->overrides;
	if (overrides->count == reader->capacity) {
		size_t capacity = reader->capacity ? 2 * reader->capacity : 64;
		struct place_override *list =
			realloc(overrides->list, capacity * sizeof *overrides->list);
		if (!list)
			return reader_refuse(reader, "out of memory");
		overrides->list = list;
		reader->capacity = capacity;
	}
	overrides->list[overrides->count++] = *override;
	return true;
}

static bool line_parse(struct reader *reader, const char *text, size_t size)
{
	char found[FIELD_SIZE];
	const char *comment = memchr(text, '#', size);
	struct field line = field_trim(text, comment ? (size_t)(comment - text) : size);
	if (line.size == 0)
		return true;
	const char *comma = memchr(line.text, ',', line.size), *end = line.text + line.size;
	if (!comma)
		return reader_refuse(reader, "\"%s\" has no comma; expected network,country",
			field_copy(line, found));
	struct field network = field_trim(line.text, (size_t)(comma - line.text));
	struct field code = field_trim(comma + 1, (size_t)(end - comma - 1));
	if (memchr(code.text, ',', code.size))
		return reader_refuse(reader,
			"\"%s\" has more than two fields; expected network,country",
			field_copy(line, found));
	struct place_override override = {.line = reader->line};
	if (!network_parse(reader, network, &override))
		return false;
	override.country = (uint16_t)country_find(code.text, code.size);
	if (override.country == COUNTRY_NONE)
		return reader_refuse(reader,
			"\"%s\" is not a country; expected an ISO 3166-1 code such as DE",
			field_copy(code, found));
	return override_add(reader, &override);
}

/* By family, address, length and line: a network before those inside it, repeats side by side. */
static int override_compare(const void *a, const void *b)
{
	const struct place_override *x = a, *y = b;
	unsigned __int128 first = prefix_key(x->prefix.address),
			  second = prefix_key(y->prefix.address);
	if (x->ipv6 != y->ipv6)
		return x->ipv6 ? 1 : -1;
	if (first != second)
		return first < second ? -1 : 1;
	if (x->prefix.length != y->prefix.length)
		return x->prefix.length < y->prefix.length ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Sorts, and refuses the first line that repeats a network. */
static bool overrides_sort(struct reader *reader)
{
	struct place_override *list = reader->overrides->list;
	const struct place_override *again = NULL, *before = NULL;
	size_t count = reader->overrides->count;
	if (count > 0)
		qsort(list, count, sizeof *list, override_compare);
	for (size_t i = 1; i < count; i++) {
		struct place_override next = list[i];
		next.line = list[i - 1].line;
		if (override_compare(&list[i - 1], &next) == 0 &&
			(!again || list[i].line < again->line)) {
			again = &list[i];
			before = &list[i - 1];
		}
	}
	if (!again)
		return true;
	char text[ADDRESS_TEXT_MAX];
	struct address address = prefix_to(prefix_key(again->prefix.address), again->ipv6);
	reader->line = again->line;
	return reader_refuse(reader, "%s/%u is already in line %u; expected each network once",
		address_write(&address, text), again->prefix.length, before->line);
}

struct place_overrides *place_overrides_parse(
	const char *text, size_t count, const char *file, char *why, size_t size)
{
	struct reader reader = {.file = file, .line = 1, .why = why, .why_size = size};
	reader.overrides = calloc(1, sizeof *reader.overrides);
	bool done = reader.overrides || reader_refuse(&reader, "out of memory");
	for (size_t at = utf8_mark_size(text, count); done && at < count; reader.line++) {
		const char *newline = memchr(text + at, '\n', count - at);
		size_t end = newline ? (size_t)(newline - text) : count;
		done = line_parse(&reader, text + at, end - at);
		at = end + 1;
	}
	if (done && overrides_sort(&reader))
		return reader.overrides;
	place_overrides_free(reader.overrides);
	return NULL;
}

void place_overrides_free(void *object)
{
	struct place_overrides *overrides = object;
	if (!overrides)
		return;
	free(overrides->list);
	free(overrides);
}
