#include "dns/query/query.h"

#include "zones/rrset.h"
#include "zones/wire.h"

enum {
	FLAG_QR = 0x80, /* in octet 2 */
	OPCODE_MASK = 0x78,
	QUESTION_FIXED = 4, /* type and class */
	OPT_FIXED = 11, /* with its owner, the root */
	EDNS_DO = 0x80, /* in OPT's eighth octet */
	OPTION_FIXED = 4, /* code and length */
	OPTION_NSID = 3,
	OPTION_SUBNET = 8,
	UDP_SIZE_FLOOR = 512,
};

/* RFC 7871 6: exactly the octets that the source prefix needs, no bits beyond it, no scope. */
static bool subnet_parse(struct query_subnet *subnet, const uint8_t *option, size_t size)
{
	static const uint8_t bits_max[] = {0, 32, 128};
	if (size < SUBNET_FIXED)
		return false;
	uint32_t fixed = wire_u32(option + OPTION_FIXED);
	unsigned family = fixed >> 16, source = fixed >> 8 & 0xFF, scope = fixed & 0xFF;
	size_t octets = (source + 7) / 8;
	if (family > 2 || source > bits_max[family] || scope || size != SUBNET_FIXED + octets)
		return false;
	/* Of the last octet (of no address: the scope) these bits are beyond the prefix. */
	if (option[size - 1] & 0x7F >> ((source - 1) & 7))
		return false;
	*subnet = (struct query_subnet){option, (uint16_t)family, (uint8_t)source, (uint8_t)octets};
	return true;
}

static bool options_parse(struct query *query, const uint8_t *at, size_t left)
{
	while (left) {
		if (left < OPTION_FIXED)
			return false;
		uint32_t head = wire_u32(at);
		size_t size = OPTION_FIXED + (head & 0xFFFF);
		unsigned code = head >> 16;
		if (size > left)
			return false;
		if (code == OPTION_SUBNET && !query->subnet.option &&
			!subnet_parse(&query->subnet, at, size))
			return false;
		query->nsid |= code == OPTION_NSID;
		at += size;
		left -= size;
	}
	return true;
}

/* Where OPT, whose first octets are `head`, ends; NULL: FORMERR. */
static const uint8_t *opt_parse(
	struct query *query, uint64_t head, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *rdata = at + OPT_FIXED;
	size_t size = wire_u16(at + 9), left = (size_t)(end - rdata);
	unsigned udp_size = head >> 24 & 0xFFFF;
	if (query->edns || size > left) /* RFC 6891 6.1.1: one */
		return NULL;
	query->edns = true;
	query->udp_size = (uint16_t)(udp_size < UDP_SIZE_FLOOR ? UDP_SIZE_FLOOR : udp_size);
	query->version = head >> 8 & 0xFF;
	query->dnssec_ok = head & EDNS_DO;
	/* Another version's options may look otherwise (RFC 6891 6.1.3). */
	return query->version || options_parse(query, rdata, size) ? rdata + size : NULL;
}

/* Steps over an owner name, compressed or not; NULL: it is cut off or no name. */
static const uint8_t *owner_skip(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at && *at <= NAME_LABEL_MAX) {
		if (end - at <= *at)
			return NULL;
		at += *at + 1;
	}
	if (at < end && *at >= 0xC0)
		at++;
	else if (at < end && *at)
		return NULL;
	return at < end ? at + 1 : NULL;
}

/* One record behind the question, the next one's place; an OPT is taken in, any other is stepped
 * over. NULL: FORMERR. In line where queries go through, although refused messages do too. */
static inline __attribute__((always_inline)) const uint8_t *record_parse(
	struct query *query, const uint8_t *at, const uint8_t *end)
{
	if (end - at >= OPT_FIXED) {
		uint64_t head =
			wire_u64(at); /* owner, type, UDP size, upper rcode, version, flags */
		if (head >> 40 == TYPE_OPT) /* the root's, RFC 6891 6.1.2 */
			return opt_parse(query, head, at, end);
	}
	const uint8_t *fixed = owner_skip(at, end);
	if (!fixed || end - fixed < RECORD_FIXED - 2 || wire_u16(fixed) == TYPE_OPT)
		return NULL;
	const uint8_t *rdata = fixed + RECORD_FIXED - 2;
	size_t size = wire_u16(fixed + 8);
	return size <= (size_t)(end - rdata) ? rdata + size : NULL;
}

/* Where the question ends; NULL: there is none, or it is cut off. */
static const uint8_t *question_parse(struct query *query, const uint8_t *at, const uint8_t *end)
{
	size_t size = name_key_parse(&query->name, at, (size_t)(end - at));
	const uint8_t *fixed = at + size;
	if (!size || end - fixed < QUESTION_FIXED)
		return NULL;
	uint32_t type_class = wire_u32(fixed);
	query->type = (uint16_t)(type_class >> 16);
	query->class = (uint16_t)type_class;
	query->question_size = (uint16_t)(size + QUESTION_FIXED);
	return fixed + QUESTION_FIXED;
}

/* A message that is refused as a whole is walked through all the same: a reply has an OPT where the
 * query has one (RFC 6891 6.1.1). Of what cannot be read to its end nothing is repeated, nor is an
 * OPT outside the additional section. Returns `result`; not on the way of a query that is
 * answered. */
static __attribute__((cold, noinline)) enum query_result message_refuse(
	struct query *query, const uint8_t *end, enum query_result result)
{
	uint64_t counts = wire_u64(query->packet + 4);
	const uint8_t *at = query->packet + HEADER_SIZE;
	unsigned additional = counts & 0xFFFF;
	unsigned others = (unsigned)(counts >> 16 & 0xFFFF) + (unsigned)(counts >> 32 & 0xFFFF);
	/* Each takes at least 5 octets of the packet, or 11. */
	for (unsigned questions = (unsigned)(counts >> 48); at && questions; questions--) {
		at = owner_skip(at, end);
		at = at && end - at >= QUESTION_FIXED ? at + QUESTION_FIXED : NULL;
	}
	for (; at && others; others--)
		at = query->edns ? NULL : record_parse(query, at, end);
	for (at = query->edns ? NULL : at; at && additional; additional--)
		at = record_parse(query, at, end);
	query->subnet.option = NULL;
	if (!at) {
		query->edns = query->dnssec_ok = query->nsid = false;
		query->udp_size = UDP_SIZE_FLOOR;
	}
	return result;
}

enum query_result query_parse(struct query *query, const uint8_t *packet, size_t size)
{
	query->packet = packet;
	query->question_size = 0;
	query->udp_size = UDP_SIZE_FLOOR;
	query->version = 0;
	query->edns = query->dnssec_ok = query->nsid = false;
	query->subnet.option = NULL;
	if (size < HEADER_SIZE || packet[2] & FLAG_QR)
		return QUERY_SILENCE;
	if (packet[2] & OPCODE_MASK)
		return message_refuse(query, packet + size, QUERY_UNKNOWN_OPCODE);
	const uint8_t *at = packet + HEADER_SIZE, *end = packet + size;
	uint64_t counts = wire_u64(packet + 4);
	unsigned authority = counts >> 16 & 0xFFFF, records = authority + (counts & 0xFFFF);
	if (counts >> 48 != 1 || !(at = question_parse(query, at, end))) /* RFC 9619 */
		return message_refuse(query, end, QUERY_MALFORMED);
	/* No record belongs into a query but in its additional section, or IXFR's SOA (RFC 1995
	 * 3). */
	if (counts >> 32 & 0xFFFF || (authority && query->type != TYPE_IXFR))
		return message_refuse(query, end, QUERY_MALFORMED);
	for (; records; records--) /* each takes at least 11 octets of the packet */
		if (!(at = record_parse(query, at, end))) {
			query->subnet.option = NULL;
			return QUERY_MALFORMED;
		}
	return query->version ? QUERY_BAD_VERSION : QUERY_GOOD;
}
