#include "dns/query/reply.h"

#include "zones/wire.h"

enum {
	FLAG_QR = 0x8000,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	KEPT_FLAGS = 0x7900, /* opcode and RD are the query's */
	RCODE_MASK = 0x0F,
	OPT_FIXED = 11,
	OPTION_NSID = 3,
	OPTION_FIXED = 4,
	FLAG_DO = 0x80, /* with OPT's first eight octets taken as one number */
	POINTER = 0xC000,
};

/* NSID alone may be larger than the room beside a long name: it is left out then. */
static size_t nsid_size(size_t limit, const struct snapshot *snapshot, const struct query *query)
{
	enum { OTHERS = HEADER_SIZE + OPT_FIXED + SUBNET_FIXED + SUBNET_OCTETS_MAX };
	size_t size = OPTION_FIXED + (size_t)snapshot->identity_size;
	bool fits = OTHERS + query->question_size + size <= limit;
	return snapshot->identity_size && fits ? size : 0;
}

static size_t opt_size(size_t limit, const struct snapshot *snapshot, const struct query *query,
	const struct answer *answer)
{
	size_t size = OPT_FIXED;
	if (!query->edns)
		return 0;
	if (query->subnet.option)
		size += SUBNET_FIXED + (size_t)query->subnet.octets;
	if (query->nsid && !answer->no_identity)
		size += nsid_size(limit, snapshot, query);
	return size;
}

/* ECS as sent (RFC 7871 7.2.1): 8 to 24 octets, by chunks that may overlap. */
static uint8_t *subnet_write(uint8_t *at, const struct query_subnet *subnet, uint8_t scope)
{
	enum { CHUNK = 8 };
	const uint8_t *option = subnet->option;
	size_t size = SUBNET_FIXED + (size_t)subnet->octets;
	memcpy(at, option, CHUNK);
	if (size > 2 * CHUNK)
		memcpy(at + CHUNK, option + CHUNK, CHUNK);
	memcpy(at + size - CHUNK, option + size - CHUNK, CHUNK);
	at[SUBNET_SCOPE] = scope;
	return at + size;
}

/* What a decided answer puts into OPT. */
struct opt_values {
	enum rcode rcode;
	uint8_t scope;
};

/* RFC 6891 6.1.2. `size` is opt_size's, and there is room for it. */
static void opt_write(uint8_t *at, size_t size, const struct snapshot *snapshot,
	const struct query *query, struct opt_values values)
{
	const uint8_t *end = at + size;
	wire_set64(at, (uint64_t)TYPE_OPT << 40 | (uint64_t)snapshot->max_udp_size << 24 |
			       (uint64_t)values.rcode >> 4 << 16 |
			       (query->dnssec_ok ? FLAG_DO : 0));
	at[8] = 0;
	wire_set16(at + 9, (unsigned)size - OPT_FIXED);
	at += OPT_FIXED;
	if (query->subnet.option)
		at = subnet_write(at, &query->subnet, values.scope);
	if (at < end) {
		wire_set16(at, OPTION_NSID);
		wire_set16(at + 2, snapshot->identity_size);
		memcpy(at + OPTION_FIXED, snapshot->identity, snapshot->identity_size);
	}
}

/* The query's header and question, to be turned around; where they end. With the longest name and
 * OPT they are less than 512 octets. */
static uint8_t *question_copy(uint8_t *out, const struct query *query)
{
	enum { CHUNK = 16 };
	const uint8_t *packet = query->packet;
	size_t size = HEADER_SIZE + (size_t)query->question_size;
	if (size < CHUNK) {
		memcpy(out, packet, HEADER_SIZE);
		return out + HEADER_SIZE;
	}
	for (size_t at = 0; at + CHUNK < size; at += CHUNK)
		memcpy(out + at, packet + at, CHUNK);
	memcpy(out + size - CHUNK, packet + size - CHUNK, CHUNK);
	return out + size;
}

/* `counts` of the sections, by enum answer_section. */
static void header_turn(uint8_t *out, const struct query *query, unsigned flags, uint64_t counts)
{
	uint64_t questions = query->question_size != 0;
	wire_set16(out + 2, ((unsigned)out[2] << 8 & KEPT_FLAGS) | FLAG_QR | flags);
	wire_set64(out + 4, questions << 48 | (counts + query->edns));
}

/* Puts another owner than the question into copied records. */
static void owners_patch(uint8_t *records, unsigned count, unsigned owner)
{
	for (unsigned i = 0; i < count; i++) {
		wire_set16(records, POINTER | owner);
		records += RECORD_FIXED + record_rdata_size(records);
	}
}

/* One part that fits; where it ends. */
static inline uint8_t *part_write(
	uint8_t *at, const struct answer *answer, const struct answer_part *part, uint64_t *counts)
{
	if (part->records)
		memcpy(at, part->records, part->size);
	else
		pool_pick(answer->set, answer->turn->next, at);
	if (part->owner != HEADER_SIZE)
		owners_patch(at, part->count, part->owner);
	*counts += (uint64_t)part->count << part->section;
	return at + part->size;
}

/* All parts; where they end, or NULL: one that must be there did not fit. */
static uint8_t *parts_write(
	uint8_t *at, const uint8_t *end, const struct answer *answer, uint64_t *counts)
{
	const struct answer_part *part = answer->parts, *behind = part + answer->count;
	if (answer->overflow)
		return NULL;
	for (; part < behind; part++) {
		if (part->size > (size_t)(end - at)) {
			if (part->optional)
				continue;
			return NULL;
		}
		at = part_write(at, answer, part, counts);
	}
	return at;
}

/* A pool with more members than fit a message shows some of them at a time, and no message is
 * larger than one over TCP: behind a long chain of CNAMEs it shows fewer. NULL: it is not for a
 * pool that this is too large. */
static __attribute__((cold, noinline)) uint8_t *parts_cut(
	uint8_t *at, const uint8_t *end, const struct answer *answer, uint64_t *counts)
{
	const struct answer_part *pool = answer->parts + answer->count - 1;
	if (!answer->set || answer->overflow)
		return NULL;
	*counts = 0;
	for (const struct answer_part *part = answer->parts; part < pool; part++)
		at = part_write(at, answer, part, counts); /* 16 steps of 534 octets at most */
	uint32_t count = pool_pick_within(answer->set, answer->turn->next, (size_t)(end - at), at);
	owners_patch(at, count, pool->owner);
	*counts += (uint64_t)count << pool->section;
	return at + count * (pool->size / pool->count);
}

size_t reply_write(uint8_t *out, size_t limit, const struct snapshot *snapshot,
	const struct query *query, const struct answer *answer)
{
	size_t opt = opt_size(limit, snapshot, query, answer);
	unsigned flags = (answer->rcode & RCODE_MASK) | (answer->authoritative ? FLAG_AA : 0);
	uint64_t counts = 0;
	uint8_t *records = question_copy(out, query);
	uint8_t *at = parts_write(records, out + limit - opt, answer, &counts);
	if (!at && limit == REPLY_MAX)
		at = parts_cut(records, out + limit - opt, answer, &counts);
	if (!at) {
		at = records;
		flags |= FLAG_TC;
		counts = 0;
	} else if (answer->set) { /* who is sent to TCP takes one turn, not two */
		turn_advance(answer->turn, answer->set->period);
	}
	header_turn(out, query, flags, counts);
	if (opt)
		opt_write(at, opt, snapshot, query,
			(struct opt_values){answer->rcode, answer->scope});
	return (size_t)(at - out) + opt;
}
