/* dns/query/answer.h - one answer under way, between the files of dns/query/lookup. */
#ifndef DNS_QUERY_ANSWER_H
#define DNS_QUERY_ANSWER_H

#include "dns/query/lookup.h"

/* One look-up's surroundings: what is asked, and the name that is looked at now. */
struct asked {
	struct answer *answer;
	const struct snapshot *snapshot;
	struct turn *turns;
	const struct client *client;
	const struct query *query;
	const struct snapshot_zone *zone;
	struct name_key name; /* the question's, or where a chain has led */
	uint16_t offset; /* where that name stands in the reply */
	const struct zone_node *seen[ANSWER_CHAIN_MAX]; /* nodes whose CNAME was taken */
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
static inline unsigned answer_offset_of(const struct asked *asked, unsigned size)
{
	return asked->offset + asked->name.size - size;
}

static inline void answer_negative_add(const struct asked *asked, enum rcode rcode)
{
	asked->answer->rcode = rcode;
	answer_rrset_add(asked->answer, SECTION_AUTHORITY,
		answer_offset_of(asked, asked->zone->apex_size), &asked->zone->soa);
}

/* What this server says of itself, apart from what is asked all day: _explain.NAME, and class CH. */
void answer_gist(const struct asked *asked);
void answer_chaos(
	struct answer *answer, const struct snapshot *snapshot, const struct query *query);

#endif
