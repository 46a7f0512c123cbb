#include "zones/field.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DIGITS_MAX = 8, /* of metres, RFC 1876 2 */
	SIZES_MAX = 3, /* size, horizontal and vertical precision */
};

struct coordinate {
	uint32_t degrees, minutes;
	const char *seconds;
	char hemisphere;
};

/* digits[.digits], at most so many of each; returns what follows, NULL: it is none. */
static const char *decimal_skip(const char *at, unsigned whole, unsigned fraction)
{
	const char *start = at;
	for (; isdigit((unsigned char)*at); at++)
		if ((unsigned)(at - start) == whole)
			return NULL;
	if (at == start || *at != '.')
		return at == start ? NULL : at;
	start = ++at;
	for (; isdigit((unsigned char)*at); at++)
		if ((unsigned)(at - start) == fraction)
			return NULL;
	return at == start ? NULL : at;
}

static bool is_seconds(const char *text)
{
	const char *end = decimal_skip(text, 2, 3);
	return end && !*end && strtod(text, NULL) < 60;
}

static bool is_metres(const char *text, double least, double most)
{
	bool negative = *text == '-';
	const char *end = decimal_skip(text + negative, DIGITS_MAX, 2);
	if (!end || (negative && least >= 0))
		return false;
	end += *end == 'm' || *end == 'M';
	double metres = strtod(text, NULL);
	return !*end && metres >= least && metres <= most;
}

/* degrees [minutes [seconds]] and one of two letters; returns how many words it took, 0: it is
 * none. */
static size_t coordinate_parse(const struct word *words, size_t count, const char letters[2],
	uint32_t degrees_max, struct coordinate *coordinate)
{
	size_t i = 0;
	*coordinate = (struct coordinate){.seconds = "0"};
	if (i == count || !word_number(words[i++].text, degrees_max, &coordinate->degrees))
		return 0;
	if (i < count && word_number(words[i].text, 59, &coordinate->minutes)) {
		i++;
		if (i < count && is_seconds(words[i].text))
			coordinate->seconds = words[i++].text;
	}
	if (i == count || words[i].size != 1)
		return 0;
	coordinate->hemisphere = (char)toupper((unsigned char)words[i].text[0]);
	bool exact = !coordinate->minutes && strtod(coordinate->seconds, NULL) <= 0;
	if (coordinate->degrees == degrees_max && !exact)
		return 0;
	return coordinate->hemisphere == letters[0] || coordinate->hemisphere == letters[1] ? i + 1
											    : 0;
}

bool field_loc(const struct word *words, size_t count, char text[FIELD_LOC_MAX])
{
	struct coordinate north, east;
	size_t used = coordinate_parse(words, count, "NS", 90, &north);
	size_t more = used ? coordinate_parse(words + used, count - used, "EW", 180, &east) : 0;
	used += more;
	if (!more || used == count || count - used > 1 + SIZES_MAX)
		return false;
	if (!is_metres(words[used].text, -100000, 42849672.95))
		return false;
	int written = snprintf(text, FIELD_LOC_MAX, "%u %u %s %c %u %u %s %c", north.degrees,
		north.minutes, north.seconds, north.hemisphere, east.degrees, east.minutes,
		east.seconds, east.hemisphere);
	for (size_t i = used; i < count; i++) {
		if (i > used && !is_metres(words[i].text, 0, 90000000))
			return false;
		written += snprintf(
			text + written, FIELD_LOC_MAX - (size_t)written, " %s", words[i].text);
	}
	return true;
}

bool field_apl(const char *text)
{
	uint32_t prefix;
	text += *text == '!';
	const char *slash = strchr(text, '/');
	if (!slash || (strncmp(text, "1:", 2) && strncmp(text, "2:", 2)))
		return false;
	return word_number(slash + 1, *text == '1' ? 32 : 128, &prefix);
}

size_t field_base64(char *text)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t all = strlen(text), digits = strspn(text, alphabet), count = 0;
	uint32_t bits = 0;
	if (all % 4 || all - digits > 2 || strspn(text + digits, "=") != all - digits)
		return 0;
	for (size_t i = 0; i < digits; i++) {
		bits = bits << 6 | (uint32_t)(strchr(alphabet, text[i]) - alphabet);
		if (i % 4)
			text[count++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	return count;
}

static int hex_digit(char digit)
{
	if (isdigit((unsigned char)digit))
		return digit - '0';
	return isxdigit((unsigned char)digit) ? tolower((unsigned char)digit) - 'a' + 10 : -1;
}

bool field_hex(const char *text, uint8_t *out, size_t count)
{
	for (; count > 0; count--, text += 2) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return false;
		*out++ = (uint8_t)(high << 4 | low);
	}
	return !*text;
}
