/* zones/field.h - RDATA text that ldns 1.8.3 reads too loosely or wrongly, looked at before it
 * does.
 *
 * Its numbers wrap, what follows a LOC is not looked at and its missing minutes are those of
 * the other coordinate. */
#ifndef ZONES_FIELD_H
#define ZONES_FIELD_H

#include "zones/word.h"

enum { FIELD_LOC_MAX = 128 };

/* LOC (RFC 1876 3) with every minute and second written out; false: it is none. */
bool field_loc(const struct word *words, size_t count, char text[FIELD_LOC_MAX]);

/* One item of APL (RFC 3123 4): is its prefix one of its family's? */
bool field_apl(const char *text);

/* Base64 with its padding, undone where it stands; returns its octets, 0: it is none. */
size_t field_base64(char *text);

/* An even number of hexadecimal digits, `count` octets of them, into `out`. */
bool field_hex(const char *text, uint8_t *out, size_t count);

#endif
