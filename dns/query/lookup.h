/* dns/query/lookup.h - decides what a query gets: rcode, AA, sections, ECS scope. Writes nothing. */
#ifndef DNS_QUERY_LOOKUP_H
#define DNS_QUERY_LOOKUP_H

#include "dns/query/query.h"
#include "dns/snapshot/client.h"
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

/* `turns` are the worker's, one for each of the snapshot's; parts point into them. */
void answer_query(struct answer *answer, const struct snapshot *snapshot, struct turn *turns,
	const struct client *client, const struct query *query);

#endif
