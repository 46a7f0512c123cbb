#include "geo/place.h"

#include "geo/country.h"
#include "geo/prefix.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_SIZE = 64, NETWORK_SIZE = INET6_ADDRSTRLEN + 4 };

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

/* Decimal digits without a leading zero; -1: anything else. */
static int length_parse(const char *digits)
{
	size_t size = strspn(digits, "0123456789");
	if (size == 0 || size > 3 || digits[size] || (size > 1 && *digits == '0'))
		return -1;
	return atoi(digits);
}

/* Left-aligned key of an address of either family; false: it is none. */
static bool address_parse(const char *text, bool *ipv6, unsigned __int128 *key)
{
	uint8_t octets[16] = {0};
	*ipv6 = strchr(text, ':') != NULL;
	if (inet_pton(*ipv6 ? AF_INET6 : AF_INET, text, octets) != 1)
		return false;
	*key = 0;
	for (size_t i = 0; i < sizeof octets; i++)
		*key = *key << 8 | octets[i];
	return true;
}

static const char *network_write(
	unsigned __int128 key, unsigned length, bool ipv6, char text[NETWORK_SIZE])
{
	uint8_t octets[16];
	for (unsigned i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(key >> (120 - 8 * i));
	if (!inet_ntop(ipv6 ? AF_INET6 : AF_INET, octets, text, INET6_ADDRSTRLEN))
		*text = 0;
	snprintf(text + strlen(text), 5, "/%u", length);
	return text;
}

static bool network_parse(
	struct reader *reader, struct field field, struct place_override *override)
{
	char found[FIELD_SIZE], address[FIELD_SIZE], network[NETWORK_SIZE];
	unsigned __int128 key = 0;
	field_copy(field, found);
	strcpy(address, found);
	char *slash = strchr(address, '/');
	if (slash)
		*slash = 0;
	if (!address_parse(address, &override->ipv6, &key))
		return reader_refuse(reader,
			"\"%s\" is not a network; "
			"expected one such as 192.0.2.0/24 or 2001:db8::/32",
			found);
	int most = override->ipv6 ? 128 : 32;
	if (!slash)
		return reader_refuse(reader,
			"\"%s\" has no prefix length; expected a network, "
			"write a single address as %s/%d",
			found, found, most);
	int length = length_parse(slash + 1);
	if (length < 0 || length > most)
		return reader_refuse(reader,
			"\"%s\" has the prefix length \"%s\"; expected 0 to %d", found, slash + 1,
			most);
	unsigned bits = (unsigned)length;
	unsigned __int128 host = prefix_last(0, bits);
	if (key & host)
		return reader_refuse(reader, "\"%s\" has host bits set; expected %s", found,
			network_write(key & ~host, bits, override->ipv6, network));
	/* What is inside of ::ffff:0:0/96 is looked up as IPv4. */
	if (bits >= 96 && key >> 32 == 0xFFFF) {
		override->ipv6 = false;
		key <<= 96;
		bits -= 96;
	}
	override->prefix = (struct place_prefix){prefix_address(key), (uint8_t)bits};
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
			return reader_refuse(reader, "no memory");
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
	char network[NETWORK_SIZE];
	reader->line = again->line;
	return reader_refuse(reader, "%s is already in line %u; expected each network once",
		network_write(prefix_key(again->prefix.address), again->prefix.length, again->ipv6,
			network),
		before->line);
}

struct place_overrides *place_overrides_parse(
	const char *text, size_t count, const char *file, char *why, size_t size)
{
	struct reader reader = {.file = file, .line = 1, .why = why, .why_size = size};
	reader.overrides = calloc(1, sizeof *reader.overrides);
	bool done = reader.overrides || reader_refuse(&reader, "no memory");
	for (size_t at = 0; done && at < count; reader.line++) {
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

void place_overrides_free(struct place_overrides *overrides)
{
	if (!overrides)
		return;
	free(overrides->list);
	free(overrides);
}
