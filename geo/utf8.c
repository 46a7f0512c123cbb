#include "geo/utf8.h"

#include <string.h>

size_t utf8_read(const char *at, size_t left, uint32_t *code)
{
	static const struct {
		uint32_t mask, lead, least;
	} forms[] = {{0x80, 0, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
	const unsigned char *octets = (const unsigned char *)at;
	size_t more = 0, i = 1;
	while (more < 4 && (octets[0] & forms[more].mask) != forms[more].lead)
		more++;
	if (more == 4 || more >= left)
		return 0;
	*code = octets[0] & ~forms[more].mask;
	for (; i <= more && (octets[i] & 0xC0) == 0x80; i++)
		*code = *code << 6 | (octets[i] & 0x3F);
	bool good = i > more && *code >= forms[more].least && *code <= 0x10FFFF &&
		    (*code < 0xD800 || *code > 0xDFFF);
	return good ? more + 1 : 0;
}

size_t utf8_mark_size(const char *text, size_t size)
{
	return size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

bool utf8_is_control(uint32_t code)
{
	static const uint32_t ranges[][2] = {{0, 0x1F}, {0x7F, 0x9F}, {0x61C, 0x61C},
		{0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}
