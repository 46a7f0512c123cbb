#include "dns/query/lookup.h"

#include "dns/query/chaos.h"
#include "dns/query/explain_txt.h"
#include "dns/snapshot/locate.h"

/* Apart: a function with an array pays for it at each call. */
static __attribute__((cold, noinline)) uint8_t special_scope(
	const struct snapshot_pool *pool, const struct query_subnet *subnet)
{
	struct client client = query_subnet_client(subnet);
	return locate_scope_find(pool, &client);
}

/* The outcome for the client, and the ECS scope that it holds for (RFC 7871 7.2.1, 11.3). */
static uint32_t outcome_find(const struct lookup *lookup, const struct snapshot_pool *pool)
{
	const struct query_subnet *subnet = &lookup->query->subnet;
	if (!pool->map)
		return 0;
	if (!pool->ecs || !subnet->option || !subnet->source)
		return locate_match(pool->map, lookup->client).outcome;
	struct map_match match = subnet->family == 2
					 ? map_find_ipv6(pool->map, query_subnet_ipv6(subnet))
					 : map_find_ipv4(pool->map, query_subnet_ipv4(subnet));
	lookup->answer->scope = match.special ? special_scope(pool, subnet) : match.length;
	return match.special ? locate_match(pool->map, lookup->client).outcome : match.outcome;
}

/* A or AAAA. False: this place has none. */
static bool pool_answer(
	const struct lookup *lookup, const struct snapshot_pool *pool, uint16_t type)
{
	const struct snapshot_outcome *outcome = &pool->outcomes[outcome_find(lookup, pool)];
	struct answer *answer = lookup->answer;
	enum pool_family family = type == TYPE_AAAA ? POOL_IPV6 : POOL_IPV4;
	const struct pool_set *set = outcome->set[family];
	if (!set)
		return false;
	if (answer_part_add(answer, &(struct answer_part){.size = set->answer_size,
					    .count = (uint16_t)set->answer_count,
					    .owner = lookup->offset,
					    .section = SECTION_ANSWER})) {
		answer->set = set;
		answer->turn = &lookup->turns[pool->turn + outcome->turn[family]];
	}
	return true;
}

static bool pool_has(const struct lookup *lookup, const struct snapshot_pool *pool, uint16_t type)
{
	if (!pool || (type != TYPE_A && type != TYPE_AAAA))
		return false;
	return pool->outcomes[outcome_find(lookup, pool)]
		.set[type == TYPE_AAAA ? POOL_IPV6 : POOL_IPV4];
}

/* RFC 8482: one RRset, and TXT first, for clients that ask ANY after a failed TXT question. */
static uint16_t any_find(
	const struct lookup *lookup, const struct zone_node *node, const struct snapshot_pool *pool)
{
	static const uint16_t first[] = {TYPE_CNAME, TYPE_TXT, TYPE_A, TYPE_AAAA, TYPE_SOA};
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		if (zone_rrset(node, first[i]) || pool_has(lookup, pool, first[i]))
			return first[i];
	return node->rrset_count ? node->rrsets[0].type : TYPE_ANY;
}

static void data_add(
	const struct lookup *lookup, const struct zone_node *node, const struct snapshot_pool *pool)
{
	uint16_t type = lookup->query->type;
	if (type == TYPE_ANY)
		type = any_find(lookup, node, pool);
	const struct rrset *rrset = zone_rrset(node, type);
	if (rrset)
		answer_rrset_add(lookup->answer, SECTION_ANSWER, lookup->offset, rrset);
	else if (!pool || (type != TYPE_A && type != TYPE_AAAA) || !pool_answer(lookup, pool, type))
		answer_negative_add(lookup, RCODE_NOERROR);
}

/* Goes on at a CNAME's target, whose record was just added at `record_offset`, in whatever zone of
 * ours it is (RFC 1034 4.3.2 1); a target elsewhere is the resolver's to follow. A name that the
 * chain has come through is a loop: the chain so far is the answer. */
static bool chain_follow(struct lookup *lookup, const uint8_t *record, uint32_t record_offset)
{
	lookup->seen[lookup->steps++] = lookup->name;
	if (lookup->steps == ANSWER_CHAIN_MAX ||
		!name_key_parse(&lookup->name, record_rdata(record), record_rdata_size(record)))
		return false;
	for (unsigned i = 0; i < lookup->steps; i++)
		if (lookup->seen[i].hash == lookup->name.hash &&
			name_equal(lookup->seen[i].wire, lookup->name.wire))
			return false;
	lookup->offset = (uint16_t)(record_offset + RECORD_FIXED);
	lookup->zone =
		snapshot_zone(lookup->snapshot, &lookup->name, lookup->query->type == TYPE_DS);
	return lookup->zone;
}

/* A node that stands for the present name. True: a CNAME leads on. */
static bool node_answer(struct lookup *lookup, const struct zone_node *node)
{
	uint16_t type = lookup->query->type;
	const struct snapshot_dynamic *dynamic = &lookup->snapshot->dynamics[node->dynamic];
	if (dynamic->state == DYNAMIC_FAILED) {
		lookup->answer->rcode = RCODE_SERVFAIL;
		lookup->answer->authoritative = false;
		return false;
	}
	if (dynamic->state == DYNAMIC_WITHDRAWN && !dynamic->pool && !node->rrset_count &&
		!node->has_children) {
		answer_negative_add(lookup, RCODE_NXDOMAIN);
		return false;
	}
	if (!node->has_cname || type == TYPE_CNAME || type == TYPE_ANY || zone_rrset(node, type)) {
		data_add(lookup, node, dynamic->pool);
		return false;
	}
	const struct rrset *cname = zone_rrset(node, TYPE_CNAME);
	uint32_t offset = lookup->answer->size;
	answer_rrset_add(lookup->answer, SECTION_ANSWER, lookup->offset, cname);
	return chain_follow(lookup, cname->records, offset);
}

/* RFC 6672 3.2: the DNAME, and the CNAME that it makes. True: that CNAME leads on. */
static bool dname_answer(struct lookup *lookup, const struct zone_node *node)
{
	struct answer *answer = lookup->answer;
	const struct rrset *dname = zone_rrset(node, TYPE_DNAME);
	answer_rrset_add(answer, SECTION_ANSWER, answer_offset_of(lookup, node->name_size), dname);
	size_t kept = (size_t)(lookup->name.size - node->name_size);
	size_t target_size = record_rdata_size(dname->records);
	if (kept + target_size > NAME_SIZE_MAX) {
		answer->rcode = RCODE_YXDOMAIN;
		return false;
	}
	uint8_t target[NAME_SIZE_MAX];
	memcpy(target, lookup->name.wire, kept); /* in its own case (RFC 4343 4.1) */
	memcpy(target + kept, record_rdata(dname->records), target_size);
	struct rrset cname = {.type = TYPE_CNAME,
		.count = 1,
		.ttl = dname->ttl,
		.records = answer->made[answer->made_count]};
	cname.size = (uint32_t)record_write(answer->made[answer->made_count++], TYPE_CNAME,
		dname->ttl, target, (uint16_t)(kept + target_size));
	uint32_t offset = answer->size;
	answer_rrset_add(answer, SECTION_ANSWER, lookup->offset, &cname);
	if (lookup->query->type == TYPE_CNAME || lookup->query->type == TYPE_ANY)
		return false;
	return chain_follow(lookup, cname.records, offset);
}

/* Addresses of one NS target from this zone; those below the cut must be there (RFC 9471 3). */
static void glue_add(const struct lookup *lookup, const struct zone_node *cut,
	const uint8_t *target, unsigned offset, bool within)
{
	static const uint16_t types[] = {TYPE_A, TYPE_AAAA};
	if (name_is_within(target, cut->name) != within)
		return;
	const struct zone_node *node = zone_get(lookup->zone->zone, target);
	for (size_t i = 0; node && i < 2; i++) {
		const struct rrset *rrset = zone_rrset(node, types[i]);
		if (!rrset || (!within && lookup->answer->count == ANSWER_PARTS_MAX))
			continue;
		answer_rrset_add(lookup->answer, SECTION_ADDITIONAL, offset, rrset);
		if (!within)
			lookup->answer->parts[lookup->answer->count - 1].optional = true;
	}
}

/* RFC 1034 4.3.2 3b: NS of the cut and their addresses. Not our data: no AA, scope 0 (RFC 7871
 * 7.4). */
static void referral_add(const struct lookup *lookup, const struct zone_node *cut)
{
	struct answer *answer = lookup->answer;
	const struct rrset *ns = zone_rrset(cut, TYPE_NS);
	const uint32_t start = answer->size;
	answer->authoritative = lookup->steps != 0;
	answer_rrset_add(answer, SECTION_AUTHORITY, answer_offset_of(lookup, cut->name_size), ns);
	for (unsigned within = 2; within-- > 0;) {
		const uint8_t *record = ns->records;
		for (unsigned i = 0; i < ns->count; i++, record = record_next(record)) {
			size_t offset = start + (size_t)(record - ns->records) + RECORD_FIXED;
			if (offset > 0x3FFF) /* beyond what a pointer reaches */
				break;
			glue_add(lookup, cut, record_rdata(record), (unsigned)offset, within);
		}
	}
}

/* A statistics name, whose one address all answers have. False: it is none. */
static bool ping_answer(const struct lookup *lookup)
{
	struct answer *answer = lookup->answer;
	const struct snapshot_ping *at;
	enum ping_result result = ping_find(lookup->zone, &lookup->name, &answer->ping, &at);
	bool address = lookup->query->type == TYPE_A || lookup->query->type == TYPE_ANY;
	if (result == PING_NONE ||
		(result == PING_MALFORMED && !lookup->steps && explain_txt_is_query(&lookup->name)))
		return false;
	answer->ping_malformed = result == PING_MALFORMED;
	if (result == PING_MALFORMED || (result == PING_GOOD && address))
		answer->pinged = lookup->zone;
	if (result == PING_GOOD && address)
		answer_rrset_add(answer, SECTION_ANSWER, lookup->offset, &at->address);
	else
		answer_negative_add(
			lookup, result == PING_MALFORMED ? RCODE_NXDOMAIN : RCODE_NOERROR);
	return true;
}

/* One step of RFC 1034 4.3.2. True: a CNAME leads on. */
static bool step_answer(struct lookup *lookup)
{
	const struct zone_node *node;
	enum zone_result result;
	if (!zone_find_here(lookup->zone->zone, &lookup->name, &node, &result)) {
		if (ping_is_near(lookup->zone, &lookup->name) && ping_answer(lookup))
			return false;
		result = zone_find_above(lookup->zone->zone, &lookup->name, &node);
	}
	if ((result == ZONE_NXDOMAIN || result == ZONE_WILDCARD) && !lookup->steps &&
		explain_txt_is_query(&lookup->name)) {
		explain_txt_answer(lookup);
		return false;
	}
	switch (result) {
	case ZONE_DELEGATION:
		/* DS belongs to the parent's side of a cut (RFC 4035 3.1.4.1). */
		if (lookup->query->type != TYPE_DS || node->name_size != lookup->name.size) {
			referral_add(lookup, node);
			return false;
		} /* fall through */
	case ZONE_FOUND:
	case ZONE_WILDCARD:
		return node_answer(lookup, node);
	case ZONE_DNAME:
		return dname_answer(lookup, node);
	case ZONE_NODATA:
		answer_negative_add(lookup, RCODE_NOERROR);
		return false;
	case ZONE_NXDOMAIN:
		answer_negative_add(
			lookup, RCODE_NXDOMAIN); /* the last name's rcode (RFC 6604 3) */
		return false;
	case ZONE_NOT_OURS:
		if (lookup->steps)
			return false;
		lookup->answer->rcode = RCODE_REFUSED;
		lookup->answer->authoritative = false;
		return false;
	}
	return false;
}

/* Types that are no data: what a query for them gets; NOERROR: it is an ordinary type. */
static enum rcode type_rcode(uint16_t type)
{
	switch (type) {
	case TYPE_OPT:
	case TYPE_TKEY:
	case TYPE_TSIG:
		return RCODE_FORMERR;
	case TYPE_MAILA:
	case TYPE_MAILB:
		return RCODE_NOTIMP;
	case TYPE_AXFR:
	case TYPE_IXFR:
		return RCODE_REFUSED;
	default:
		return RCODE_NOERROR;
	}
}

void lookup_answer(struct answer *answer, const struct snapshot *snapshot, struct turn *turns,
	const struct client *client, const struct query *query)
{
	answer_error(answer, RCODE_NOERROR);
	answer->size = HEADER_SIZE + query->question_size;
	if (query->class == CLASS_CH) {
		answer_chaos(answer, snapshot, query);
		return;
	}
	if (query->type == TYPE_OPT || query->type >= TYPE_TKEY) {
		answer->rcode = type_rcode(query->type);
		if (answer->rcode != RCODE_NOERROR)
			return;
	}
	answer->rcode = RCODE_REFUSED;
	if (query->class != CLASS_IN && query->class != CLASS_ANY)
		return;
	struct lookup lookup;
	lookup.zone = snapshot_zone(snapshot, &query->name, query->type == TYPE_DS);
	if (!lookup.zone)
		return;
	answer->rcode = RCODE_NOERROR;
	answer->authoritative = true;
	lookup.answer = answer;
	lookup.snapshot = snapshot;
	lookup.turns = turns;
	lookup.client = client;
	lookup.query = query;
	lookup.name = query->name;
	lookup.offset = HEADER_SIZE;
	lookup.steps = 0;
	while (step_answer(&lookup))
		;
	/* A class of ANY is never answered with authority (RFC 1034 4.3.2). */
	answer->authoritative &= query->class == CLASS_IN;
}
