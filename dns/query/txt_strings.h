/* dns/query/txt_strings.h - character-strings of a TXT record. Without printf or malloc: they are
 * written on the answer path. */
#ifndef DNS_QUERY_TXT_STRINGS_H
#define DNS_QUERY_TXT_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TXT_STRING_MAX = 255 /* octets of a character-string */ };

/* RDATA under way: whole strings, as far as they fit. */
struct txt_rdata {
	uint8_t *at, *end;
};

/* One string under way; what does not fit its 255 octets is cut off. */
struct txt_string {
	char text[TXT_STRING_MAX];
	size_t size;
};

struct txt_string txt_string_begin(const char *text);
void txt_text_put(struct txt_string *line, const char *text, size_t size);
/* In base 10 or 16, without leading zeros. */
void txt_number_put(struct txt_string *line, uint64_t number, unsigned base);
/* As inet_ntop writes it. */
void txt_address_put(struct txt_string *line, const uint8_t *octets, bool ipv6);
/* As a character-string, if it fits. */
void txt_string_end(struct txt_rdata *txt_rdata, const struct txt_string *line);

/* A whole string. */
void txt_pair_add(struct txt_rdata *txt_rdata, const char *key, const char *value, size_t size);
void txt_number_add(struct txt_rdata *txt_rdata, const char *key, uint64_t number);

#endif
