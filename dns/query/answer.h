/* dns/query/answer.h - one answer under way: what goes into which section. Writes nothing. */
#ifndef DNS_QUERY_ANSWER_H
#define DNS_QUERY_ANSWER_H

#include "dns/query/query.h"
#include "dns/snapshot/ping.h"
#include "dns/snapshot/snapshot.h"
#include "dns/snapshot/turn.h"

enum {
	ANSWER_CHAIN_MAX = 16, /* CNAME and DNAME steps followed in one answer */
	ANSWER_PARTS_MAX = 512, /* a delegation to 240 servers with both families */
	/* A synthesized CNAME (RFC 6672 3.1), or a CHAOS TXT of 255 octets and its length. */
	ANSWER_MADE_MAX = RECORD_FIXED + 256,
};

/* By the bit at which a section's count begins in the header's four, taken as one number. */
enum answer_section { SECTION_ANSWER = 32, SECTION_AUTHORITY = 16, SECTION_ADDITIONAL = 0 };

/* Records of one owner that go out together. */
struct answer_part {
	const uint8_t *records; /* NULL: the answer's pool picks them */
	uint32_t size; /* octets */
	uint16_t count;
	uint16_t owner; /* offset of the owner's name in the reply; HEADER_SIZE: the question */
	uint8_t section; /* enum answer_section; parts are in their order */
	bool optional; /* left out when it does not fit, without TC (RFC 9471 3) */
};

struct answer {
	enum rcode rcode;
	bool authoritative;
	bool overflow; /* more than fits the parts: truncated */
	bool no_identity; /* NSID would take the room that the answer needs */
	uint8_t scope; /* ECS, bits */
	unsigned count;
	uint32_t size; /* octets of the reply up to here: the next owner's place */
	const struct pool_set *set; /* the pool that ends the answer; NULL: none */
	struct turn *turn; /* its; moves on when the answer has gone out whole */
	/* Whose statistics name was asked for: what it tells is to be counted. NULL: none. */
	const struct snapshot_zone *pinged;
	bool ping_malformed; /* `ping` is not filled */
	struct ping ping;
	unsigned made_count;
	struct answer_part parts[ANSWER_PARTS_MAX];
	uint8_t made[ANSWER_CHAIN_MAX][ANSWER_MADE_MAX];
};

/* Nothing but an rcode. */
void answer_error(struct answer *answer, enum rcode rcode);

/* One look-up under way: the query, and the name that is looked up now. */
struct lookup {
	struct answer *answer;
	const struct snapshot *snapshot;
	struct turn *turns;
	const struct client *client;
	const struct query *query;
	const struct snapshot_zone *zone;
	struct name_key name; /* the question's, or where a chain has led */
	uint16_t offset; /* where that name stands in the reply */
	struct name_key seen[ANSWER_CHAIN_MAX]; /* names that a CNAME led away from */
	unsigned steps;
};

static inline bool answer_part_add(struct answer *answer, const struct answer_part *part)
{
	if (answer->count == ANSWER_PARTS_MAX) {
		answer->overflow = true;
		return false;
	}
	answer->parts[answer->count++] = *part;
	answer->size += part->size;
	return true;
}

static inline void answer_rrset_add(struct answer *answer, enum answer_section section,
	unsigned owner, const struct rrset *rrset)
{
	answer_part_add(answer, &(struct answer_part){.records = rrset->records,
					.size = rrset->size,
					.count = rrset->count,
					.owner = (uint16_t)owner,
					.section = (uint8_t)section});
}

/* Where an ancestor of the present name, of `size` octets, stands in the reply. */
static inline unsigned answer_offset_of(const struct lookup *lookup, unsigned size)
{
	return lookup->offset + lookup->name.size - size;
}

static inline void answer_negative_add(const struct lookup *lookup, enum rcode rcode)
{
	lookup->answer->rcode = rcode;
	answer_rrset_add(lookup->answer, SECTION_AUTHORITY,
		answer_offset_of(lookup, lookup->zone->apex_size), &lookup->zone->soa);
}

#endif
