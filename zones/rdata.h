/* zones/rdata.h - one record's RDATA, put together field by field in wire form.
 *
 * Every rdata_put_* is false with a sentence in `why` that names the record's file and line. */
#ifndef ZONES_RDATA_H
#define ZONES_RDATA_H

#include "zones/source.h"

enum { RDATA_MAX = UINT16_MAX, RDATA_TYPES = 65536, RDATA_RELAY_WORDS = 4, RDATA_TUNNEL_WORDS = 4 };

struct rdata {
	const struct source_record *record; /* the caller's */
	char *why; /* the caller's */
	size_t why_size;
	char *joined; /* by rdata_join */
	size_t joined_room;
	size_t size;
	uint8_t octets[RDATA_MAX];
};

bool rdata_put(struct rdata *rdata, const void *octets, size_t count);
/* Decimal digits as 1, 2 or 4 octets. */
bool rdata_put_number(struct rdata *rdata, unsigned octets, const char *text);
/* Seconds with BIND's units, as 4 octets. */
bool rdata_put_duration(struct rdata *rdata, const char *text);
bool rdata_put_name(struct rdata *rdata, const char *text);
bool rdata_put_address(struct rdata *rdata, bool ipv6, const char *text);
/* A gateway of that kind (RFC 4025 3.1). */
bool rdata_put_gateway(struct rdata *rdata, const char *kind, const char *gateway);
/* IPSECKEY's words before the key: precedence, gateway type, algorithm and gateway (RFC 4025
 * 3.1). */
bool rdata_put_tunnel(struct rdata *rdata, const struct word *words, size_t count);
/* AMTRELAY's words: precedence, D, type and relay (RFC 8777 4.3). */
bool rdata_put_relay(struct rdata *rdata, const struct word *words, size_t count);
/* A bitmap of types (RFC 4034 4.1.2), from one with a bit for each. */
bool rdata_put_types(struct rdata *rdata, const uint8_t map[RDATA_TYPES / 8]);
/* A string without, or a character-string with its length octet (RFC 1035 3.3). */
bool rdata_put_string(struct rdata *rdata, const struct word *word, bool with_length);
/* All words: \# size digits (RFC 3597 5). */
bool rdata_put_generic(struct rdata *rdata, const struct word *words, size_t count);

/* The words as one text, good until the next call; with a separator, words in quotes get them
 * back. NULL: no memory, and a sentence. */
const char *rdata_join(
	struct rdata *rdata, const struct word *words, size_t count, const char *separator);
/* "TYPE has "text", expected ..."; always false. */
bool rdata_refuse(const struct rdata *rdata, const char *text, const char *expected);
bool rdata_refuse_memory(const struct rdata *rdata);
void rdata_free(struct rdata *rdata); /* what it points to, but for the caller's */

#endif
