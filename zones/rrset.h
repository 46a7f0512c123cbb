/* zones/rrset.h - RRsets as they are answered: records in wire form.
 *
 * Every record's owner is a compression pointer to the question (RFC 1035 4.1.4), so that an
 * answer is a copy; where the owner is another name the writer patches those two octets. */
#ifndef ZONES_RRSET_H
#define ZONES_RRSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RRSET_OWNER = 0xC00C, /* pointer to octet 12: the question's name */
	RECORD_FIXED = 12, /* octets before RDATA: owner 2, type 2, class 2, TTL 4, length 2 */
	CLASS_IN = 1,
};

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_DS = 43,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_DNSKEY = 48,
	TYPE_NSEC3 = 50,
	TYPE_NSEC3PARAM = 51,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_TKEY = 249,
	TYPE_TSIG = 250,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	TYPE_MAILB = 253,
	TYPE_MAILA = 254,
	TYPE_ANY = 255,
};

struct rrset {
	uint16_t type;
	uint16_t count;
	uint32_t ttl; /* seconds */
	uint32_t size; /* octets of `records`; may be more than a message holds */
	const uint8_t *records; /* `count` records one after the other; owned by its maker */
};

/* Writes one record image at `out` (RECORD_FIXED + rdata_size octets); returns its size. */
size_t record_write(
	uint8_t *out, uint16_t type, uint32_t ttl, const uint8_t *rdata, uint16_t rdata_size);

static inline uint16_t record_rdata_size(const uint8_t *record)
{
	return (uint16_t)(record[10] << 8 | record[11]);
}

static inline const uint8_t *record_rdata(const uint8_t *record)
{
	return record + RECORD_FIXED;
}

static inline const uint8_t *record_next(const uint8_t *record)
{
	return record + RECORD_FIXED + record_rdata_size(record);
}

/* TXT RDATA of a string: character-strings of at most 255 octets each. `out` holds
 * size + size / 255 + 1 octets; returns the octets written. An empty string is one empty
 * character-string. */
size_t rrset_txt_rdata(uint8_t *out, const char *text, size_t size);

#endif
