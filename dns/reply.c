#include "dns/reply.h"

#include "dns/wire.h"

enum {
	FLAG_QR = 0x80,
	FLAG_AA = 0x04,
	FLAG_TC = 0x02,
	KEPT_FLAGS = 0x79, /* opcode and RD are the query's */
	OPT_FIXED = 11,
	OPTION_NSID = 3,
	OPTION_SUBNET = 8,
	OPTION_FIXED = 4,
	SUBNET_FIXED = 4,
	DO_FLAG = 0x80,
	POINTER = 0xC000,
};

/* What a decided answer puts into OPT. */
struct opt_values {
	enum rcode rcode;
	uint8_t scope;
};

static size_t subnet_octets(const struct query_subnet *subnet)
{
	return (subnet->source + 7u) / 8;
}

/* NSID alone may be larger than the room beside a long name: it is left out then. */
static bool nsid_fits(const struct query *query, const struct reply_limits *limits)
{
	enum { REST_MAX = OPT_FIXED + OPTION_FIXED + SUBNET_FIXED + QUERY_SUBNET_MAX };
	return limits->identity_size && HEADER_SIZE + query->question_size + REST_MAX +
							OPTION_FIXED + limits->identity_size <=
						(int)limits->size;
}

static size_t opt_size(const struct query *query, const struct reply_limits *limits)
{
	if (!query->edns)
		return 0;
	size_t size = OPT_FIXED;
	if (query->subnet.present)
		size += OPTION_FIXED + SUBNET_FIXED + subnet_octets(&query->subnet);
	if (nsid_fits(query, limits))
		size += OPTION_FIXED + limits->identity_size;
	return size;
}

static uint8_t *option_begin(uint8_t *at, unsigned code, size_t size)
{
	wire_set16(at, code);
	wire_set16(at + 2, (unsigned)size);
	return at + OPTION_FIXED;
}

/* RFC 6891 6.1.2; ECS as sent, with the scope (RFC 7871 7.2.1). `size` is opt_size's, and there is room for it. */
static void opt_write(uint8_t *at, size_t size, const struct reply_limits *limits,
	const struct query *query, struct opt_values values)
{
	const struct query_subnet *subnet = &query->subnet;
	at[0] = 0;
	wire_set16(at + 1, TYPE_OPT);
	wire_set16(at + 3, limits->udp_size);
	at[5] = (uint8_t)(values.rcode >> 4);
	at[6] = 0;
	wire_set16(at + 7, query->dnssec_ok ? DO_FLAG << 8 : 0);
	wire_set16(at + 9, (unsigned)size - OPT_FIXED);
	at += OPT_FIXED;
	if (subnet->present) {
		size_t octets = subnet_octets(subnet);
		at = option_begin(at, OPTION_SUBNET, SUBNET_FIXED + octets);
		wire_set16(at, subnet->family);
		at[2] = subnet->source;
		at[3] = values.scope;
		memcpy(at + SUBNET_FIXED, subnet->address, octets);
		at += SUBNET_FIXED + octets;
	}
	if (nsid_fits(query, limits)) {
		at = option_begin(at, OPTION_NSID, limits->identity_size);
		memcpy(at, limits->identity, limits->identity_size);
	}
}

/* The query's header and question, turned around. */
static void header_write(
	struct wire_writer *writer, const struct query *query, enum rcode rcode, unsigned flags)
{
	uint8_t *header = wire_room(writer, HEADER_SIZE + query->question_size);
	if (!header)
		return;
	memcpy(header, query->packet, 2);
	header[2] = (uint8_t)((query->packet[2] & KEPT_FLAGS) | FLAG_QR | flags);
	header[3] = rcode & 0x0F;
	memset(header + 4, 0, 8);
	header[5] = query->question_size != 0;
	header[11] = query->edns; /* OPT */
	memcpy(header + HEADER_SIZE, query->packet + HEADER_SIZE, query->question_size);
}

/* Puts another owner than the question into copied records. */
static void owners_patch(uint8_t *records, unsigned count, unsigned owner)
{
	for (unsigned i = 0; i < count; i++) {
		wire_set16(records, POINTER | owner);
		records += RECORD_FIXED + record_rdata_size(records);
	}
}

static bool part_write(struct wire_writer *writer, const struct answer_part *part)
{
	uint8_t *at = wire_room(writer, part->size);
	if (!at)
		return false;
	if (part->set)
		pool_pick(part->set, part->turn->next, at);
	else
		memcpy(at, part->records, part->size);
	if (part->owner != HEADER_SIZE)
		owners_patch(at, part->count, part->owner);
	return true;
}

/* All parts, counted into the header; false: one that must be there did not fit. */
static bool parts_write(struct wire_writer *writer, uint8_t *header, const struct answer *answer)
{
	unsigned counts[3] = {0, 0, header[11]};
	for (unsigned i = 0; i < answer->count; i++) {
		const struct answer_part *part = &answer->parts[i];
		if (part_write(writer, part))
			counts[part->section] += part->count;
		else if (part->optional)
			writer->overflow = false;
		else
			return false;
	}
	for (unsigned i = 0; i < 3; i++)
		wire_set16(header + 6 + 2 * i, counts[i]);
	return true;
}

/* Only an answer that has gone out counts as a turn: a client that is sent to TCP takes one, not two. */
static void turns_advance(const struct answer *answer)
{
	for (unsigned i = 0; i < answer->count; i++) {
		const struct answer_part *part = &answer->parts[i];
		if (part->set)
			turn_advance(part->turn, part->set->period);
	}
}

size_t reply_write(uint8_t *out, const struct reply_limits *limits, const struct query *query,
	const struct answer *answer)
{
	size_t opt = opt_size(query, limits);
	struct wire_writer writer = {out, out + limits->size - opt, false};
	header_write(&writer, query, answer->rcode, answer->authoritative ? FLAG_AA : 0);
	struct wire_writer mark = writer;
	if (!answer->overflow && parts_write(&writer, out, answer)) {
		turns_advance(answer);
	} else {
		writer = mark;
		out[2] |= FLAG_TC;
	}
	if (opt)
		opt_write(writer.at, opt, limits, query,
			(struct opt_values){answer->rcode, answer->scope});
	return (size_t)(writer.at - out) + opt;
}

size_t reply_write_error(uint8_t *out, const struct reply_limits *limits, const struct query *query,
	enum rcode rcode)
{
	size_t opt = opt_size(query, limits);
	struct wire_writer writer = {out, out + limits->size - opt, false};
	header_write(&writer, query, rcode, 0);
	if (opt)
		opt_write(writer.at, opt, limits, query, (struct opt_values){rcode, 0});
	return (size_t)(writer.at - out) + opt;
}
