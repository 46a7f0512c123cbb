#include "dns/query/txt_strings.h"

#include <string.h>

void gist_text_put(struct gist_line *line, const char *text, size_t size)
{
	if (size > GIST_STRING_MAX - line->size)
		size = GIST_STRING_MAX - line->size;
	memcpy(line->text + line->size, text, size);
	line->size += size;
}

struct gist_line gist_line_begin(const char *text)
{
	struct gist_line line = {.size = 0};
	gist_text_put(&line, text, strlen(text));
	return line;
}

void gist_number_put(struct gist_line *line, uint64_t number, unsigned base)
{
	char digits[20]; /* of 2^64 - 1 */
	size_t at = sizeof(digits);
	do
		digits[--at] = "0123456789abcdef"[number % base];
	while (number /= base);
	gist_text_put(line, digits + at, sizeof(digits) - at);
}

static void ipv4_put(struct gist_line *line, const uint8_t *octets)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i)
			gist_text_put(line, ".", 1);
		gist_number_put(line, octets[i], 10);
	}
}

/* RFC 5952 4: the first longest run of two zeros or more is "::". */
static void ipv6_put(struct gist_line *line, const uint8_t *octets)
{
	unsigned words[8], start = 8, longest = 1;
	for (unsigned i = 0; i < 8; i++)
		words[i] = (unsigned)octets[2 * i] << 8 | octets[2 * i + 1];
	for (unsigned i = 0; i < 8; i++) {
		unsigned run = 0;
		while (i + run < 8 && !words[i + run])
			run++;
		if (run > longest) {
			start = i;
			longest = run;
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == start) {
			gist_text_put(line, "::", 2);
			i += longest - 1;
			continue;
		}
		if (i && i != start + longest)
			gist_text_put(line, ":", 1);
		gist_number_put(line, words[i], 16);
	}
}

void gist_address_put(struct gist_line *line, const uint8_t *octets, bool ipv6)
{
	(ipv6 ? ipv6_put : ipv4_put)(line, octets);
}

void gist_line_end(struct gist *gist, const struct gist_line *line)
{
	if ((size_t)(gist->end - gist->at) < 1 + line->size)
		return;
	*gist->at++ = (uint8_t)line->size;
	memcpy(gist->at, line->text, line->size);
	gist->at += line->size;
}

void gist_pair_add(struct gist *gist, const char *key, const char *value, size_t size)
{
	struct gist_line line = gist_line_begin(key);
	gist_text_put(&line, value, size);
	gist_line_end(gist, &line);
}

void gist_number_add(struct gist *gist, const char *key, uint64_t number)
{
	struct gist_line line = gist_line_begin(key);
	gist_number_put(&line, number, 10);
	gist_line_end(gist, &line);
}
