/* dns/query/txt_strings.h - character-strings of a TXT record. Without printf or malloc: they are written on the answer
 * path. */
#ifndef DNS_QUERY_TXT_STRINGS_H
#define DNS_QUERY_TXT_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GIST_STRING_MAX = 255 /* octets of a character-string */ };

/* RDATA under way: whole strings, as far as they fit. */
struct gist {
	uint8_t *at, *end;
};

/* One string under way; what does not fit its 255 octets is cut off. */
struct gist_line {
	char text[GIST_STRING_MAX];
	size_t size;
};

struct gist_line gist_line_begin(const char *text);
void gist_text_put(struct gist_line *line, const char *text, size_t size);
/* In base 10 or 16, without leading zeros. */
void gist_number_put(struct gist_line *line, uint64_t number, unsigned base);
/* As inet_ntop writes it. */
void gist_address_put(struct gist_line *line, const uint8_t *octets, bool ipv6);
/* As a character-string, if it fits. */
void gist_line_end(struct gist *gist, const struct gist_line *line);

/* A whole string. */
void gist_pair_add(struct gist *gist, const char *key, const char *value, size_t size);
void gist_number_add(struct gist *gist, const char *key, uint64_t number);

#endif
