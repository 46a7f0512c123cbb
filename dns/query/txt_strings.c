#include "dns/query/txt_strings.h"

#include <string.h>

void txt_text_put(struct txt_string *line, const char *text, size_t size)
{
	if (size > TXT_STRING_MAX - line->size)
		size = TXT_STRING_MAX - line->size;
	memcpy(line->text + line->size, text, size);
	line->size += size;
}

struct txt_string txt_string_begin(const char *text)
{
	struct txt_string line = {.size = 0};
	txt_text_put(&line, text, strlen(text));
	return line;
}

void txt_number_put(struct txt_string *line, uint64_t number, unsigned base)
{
	char digits[20]; /* of 2^64 - 1 */
	size_t at = sizeof(digits);
	do
		digits[--at] = "0123456789abcdef"[number % base];
	while (number /= base);
	txt_text_put(line, digits + at, sizeof(digits) - at);
}

static void ipv4_put(struct txt_string *line, const uint8_t *octets)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i)
			txt_text_put(line, ".", 1);
		txt_number_put(line, octets[i], 10);
	}
}

/* RFC 5952 4: the first longest run of two zeros or more is "::". */
static void ipv6_put(struct txt_string *line, const uint8_t *octets)
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
			txt_text_put(line, "::", 2);
			i += longest - 1;
			continue;
		}
		if (i && i != start + longest)
			txt_text_put(line, ":", 1);
		txt_number_put(line, words[i], 16);
	}
}

void txt_address_put(struct txt_string *line, const uint8_t *octets, bool ipv6)
{
	(ipv6 ? ipv6_put : ipv4_put)(line, octets);
}

void txt_string_end(struct txt_rdata *txt_rdata, const struct txt_string *line)
{
	if ((size_t)(txt_rdata->end - txt_rdata->at) < 1 + line->size)
		return;
	*txt_rdata->at++ = (uint8_t)line->size;
	memcpy(txt_rdata->at, line->text, line->size);
	txt_rdata->at += line->size;
}

void txt_pair_add(struct txt_rdata *txt_rdata, const char *key, const char *value, size_t size)
{
	struct txt_string line = txt_string_begin(key);
	txt_text_put(&line, value, size);
	txt_string_end(txt_rdata, &line);
}

void txt_number_add(struct txt_rdata *txt_rdata, const char *key, uint64_t number)
{
	struct txt_string line = txt_string_begin(key);
	txt_number_put(&line, number, 10);
	txt_string_end(txt_rdata, &line);
}
