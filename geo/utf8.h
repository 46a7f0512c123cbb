/* geo/utf8.h - characters of UTF-8 (RFC 3629), and which of them are never shown. */
#ifndef GEO_UTF8_H
#define GEO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The octets of the character at `at`, of which `left` are there (of a terminated text as many as
 * one likes); 0: no UTF-8. */
size_t utf8_read(const char *at, size_t left, uint32_t *code);
/* The octets of the byte order mark that a text may begin with, which every reader skips: 3 or
 * 0. */
size_t utf8_mark_size(const char *text, size_t size);
/* What a terminal or a reader of lines would obey: C0, DEL, C1, what turns the direction of writing
 * (UAX #9), the separators U+2028 and U+2029. */
bool utf8_is_control(uint32_t code);

#endif
