#include "dns/query.h"

#include "dns/wire.h"
#include "zones/rrset.h"

enum {
	FLAG_QR = 0x80, /* in octet 2 */
	OPCODE_MASK = 0x78,
	OPTION_NSID = 3,
	OPTION_SUBNET = 8,
	EDNS_DO = 0x80, /* in the third octet of OPT's TTL */
	UDP_SIZE_FLOOR = 512,
};

/* RFC 7871 6: exactly the octets that the source prefix needs, no bits beyond it, no scope. */
static bool subnet_parse(struct query_subnet *subnet, const uint8_t *option, size_t size)
{
	static const uint8_t bits_max[] = {0, 32, 128};
	if (size < 4)
		return false;
	subnet->family = wire_u16(option);
	subnet->source = option[2];
	size_t octets = (subnet->source + 7u) / 8;
	if (subnet->family > 2 || subnet->source > bits_max[subnet->family] || option[3] != 0 ||
		size != 4 + octets)
		return false;
	memset(subnet->address, 0, sizeof(subnet->address));
	memcpy(subnet->address, option + 4, octets);
	if (subnet->source % 8 && (uint8_t)(option[3 + octets] << subnet->source % 8))
		return false;
	subnet->present = true;
	return true;
}

static bool options_parse(struct query *query, struct wire_reader rdata)
{
	while (rdata.at < rdata.end) {
		const uint8_t *head = wire_take(&rdata, 4);
		uint16_t size = head ? wire_u16(head + 2) : 0;
		const uint8_t *option = wire_take(&rdata, size);
		if (!option)
			return false;
		uint16_t code = wire_u16(head);
		if (code == OPTION_SUBNET && !query->subnet.present &&
			!subnet_parse(&query->subnet, option, size))
			return false;
		query->nsid |= code == OPTION_NSID;
	}
	return true;
}

/* Steps over an owner name, compressed or not. */
static bool owner_skip(struct wire_reader *reader)
{
	for (;;) {
		const uint8_t *octet = wire_take(reader, 1);
		if (!octet || *octet == 0)
			return octet;
		if (*octet >= 0xC0)
			return wire_take(reader, 1);
		if (*octet > NAME_LABEL_MAX || !wire_take(reader, *octet))
			return false;
	}
}

/* One record behind the question; an OPT is taken in, any other is stepped over. */
static bool record_parse(struct query *query, struct wire_reader *reader, uint8_t *version)
{
	const uint8_t *owner = reader->at;
	const uint8_t *fixed = owner_skip(reader) ? wire_take(reader, 10) : NULL;
	if (!fixed)
		return false;
	uint16_t size = wire_u16(fixed + 8);
	const uint8_t *rdata = wire_take(reader, size);
	if (!rdata)
		return false;
	if (wire_u16(fixed) != TYPE_OPT)
		return true;
	if (query->edns || *owner) /* RFC 6891 6.1.1: one, and at the root */
		return false;
	uint16_t udp_size = wire_u16(fixed + 2);
	query->edns = true;
	query->udp_size = udp_size < UDP_SIZE_FLOOR ? UDP_SIZE_FLOOR : udp_size;
	query->dnssec_ok = fixed[6] & EDNS_DO;
	*version = fixed[5];
	/* Another version's options may look otherwise (RFC 6891 6.1.3). */
	return *version || options_parse(query, (struct wire_reader){rdata, rdata + size, false});
}

static bool question_parse(struct query *query, struct wire_reader *reader)
{
	size_t size = name_path_parse(&query->name, reader->at, (size_t)(reader->end - reader->at));
	const uint8_t *fixed = size && wire_take(reader, size) ? wire_take(reader, 4) : NULL;
	if (!fixed)
		return false;
	query->type = wire_u16(fixed);
	query->class = wire_u16(fixed + 2);
	query->question_size = (uint16_t)(size + 4);
	return true;
}

enum query_word query_parse(struct query *query, const uint8_t *packet, size_t size)
{
	query->packet = packet;
	query->question_size = 0;
	query->edns = false;
	query->nsid = false;
	query->subnet.present = false;
	query->udp_size = UDP_SIZE_FLOOR;
	if (size < HEADER_SIZE || packet[2] & FLAG_QR)
		return QUERY_SILENCE;
	if (packet[2] & OPCODE_MASK)
		return QUERY_UNKNOWN_OPCODE;
	struct wire_reader reader = {packet + HEADER_SIZE, packet + size, false};
	if (wire_u16(packet + 4) != 1 || !question_parse(query, &reader)) /* RFC 9619 */
		return QUERY_MALFORMED;
	/* No record belongs into a query but in its additional section, or IXFR's SOA (RFC 1995 3). */
	unsigned authority = wire_u16(packet + 8);
	if (wire_u16(packet + 6) || (authority && query->type != TYPE_IXFR))
		return QUERY_MALFORMED;
	uint8_t version = 0;
	unsigned records = authority + wire_u16(packet + 10);
	for (unsigned i = 0; i < records; i++) /* each takes at least 11 octets of the packet */
		if (!record_parse(query, &reader, &version)) {
			query->subnet.present = false;
			return QUERY_MALFORMED;
		}
	return version ? QUERY_BAD_VERSION : QUERY_GOOD;
}
