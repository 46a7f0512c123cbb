#include "dns/query/explain_txt.h"

#include "dns/query/answer.h"
#include "dns/query/txt_strings.h"
#include "dns/snapshot/find.h"
#include "dns/snapshot/locate.h"
#include "geo/walk.h"

#include <string.h>

enum {
	CHAIN_MAX = 16,
	MORE_ROOM = 1 + 5 + 10, /* "more=" and a number */
	POOL_SHOWN_MAX = 63,
	REPLY_FLOOR = 512, /* RFC 1035 4.2.1 */
	OPT_FIXED = 11,
	OPTION_FIXED = 4,
	ROOM_LEAST = 128, /* client, from and network of the longest kind */
};

/* The address that decides. */
struct lookup_address {
	struct client client;
	unsigned length; /* of a client subnet */
	bool ecs;
	/* that a reply has; without a client subnet, the one for a resolver near the client */
	uint8_t scope;
};

bool explain_txt_is_query(const struct name_key *name)
{
	static const char label[] = "_explain";
	if (name->size <= EXPLAIN_TXT_LABEL_SIZE || name->wire[0] != EXPLAIN_TXT_LABEL_SIZE - 1)
		return false;
	for (unsigned i = 1; i < EXPLAIN_TXT_LABEL_SIZE; i++) {
		unsigned octet = name->wire[i];
		if ((octet >= 'A' && octet <= 'Z' ? octet + 'a' - 'A' : octet) !=
			(unsigned char)label[i - 1])
			return false;
	}
	return true;
}

bool explain_txt_is_allowed(const struct config *config, const struct client *client)
{
	for (size_t i = 0; i < config->explain_to_count; i++) {
		const struct config_network *network = &config->explain_to[i];
		if (network->at.ipv6 == client->ipv6 &&
			address_bits_equal(network->at.octets, client->address, network->length))
			return true;
	}
	return false;
}

size_t explain_txt_room(const struct query *query, uint16_t identity_size, bool *identity)
{
	size_t used = HEADER_SIZE + query->question_size + RECORD_FIXED;
	if (query->edns)
		used += OPT_FIXED;
	if (query->subnet.option)
		used += SUBNET_FIXED + query->subnet.octets;
	/* The longest name and subnet leave 194. */
	size_t room = used < REPLY_FLOOR ? REPLY_FLOOR - used : 0;
	size_t nsid = query->nsid && identity_size ? OPTION_FIXED + (size_t)identity_size : 0;
	*identity = nsid + ROOM_LEAST <= room;
	if (*identity)
		room -= nsid;
	return room < EXPLAIN_TXT_RDATA_MAX ? room : EXPLAIN_TXT_RDATA_MAX;
}

/* --- whose address --- */

/* As the answer decides: the client subnet, unless it hides the client, is private, or the pool
 * does not look at it. */
static struct lookup_address lookup_address_find(const struct snapshot *snapshot,
	const struct client *client, const struct query *query, const struct snapshot_pool *pool)
{
	const struct query_subnet *subnet = &query->subnet;
	bool named = subnet->option && subnet->source;
	struct lookup_address address = {.client = *client};
	struct client other = named ? query_subnet_client(subnet) : *client;
	if (pool && (named || !subnet->option))
		address.scope = locate_scope_find(pool, &other);
	if (!named || (pool && !pool->ecs) || locate_place_find(snapshot->inputs, &other).special)
		return address;
	address.client = other;
	address.length = subnet->source;
	address.ecs = true;
	return address;
}

static void place_add(struct txt_rdata *txt_rdata, const struct lookup_address *address,
	const struct locate_place *place)
{
	struct txt_string line = txt_string_begin("client=");
	txt_address_put(&line, address->client.address, address->client.ipv6);
	if (address->ecs) {
		txt_text_put(&line, "/", 1);
		txt_number_put(&line, address->length, 10);
	}
	txt_string_end(txt_rdata, &line);
	txt_pair_add(txt_rdata, "from=", address->ecs ? "ecs" : "source", address->ecs ? 3 : 6);
	line = txt_string_begin("network=");
	txt_address_put(&line, place->network.octets, place->network.ipv6);
	txt_text_put(&line, "/", 1);
	txt_number_put(&line, place->length, 10);
	txt_string_end(txt_rdata, &line);
	const char *country = place->country ? country_code(place->country) : "none";
	txt_pair_add(txt_rdata, "country=", country, strlen(country));
	if (place->override)
		txt_number_add(txt_rdata, "override=line ", place->override->line);
}

/* --- levels and candidates --- */

static void level_add(struct txt_rdata *txt_rdata, const struct walk_level *level)
{
	char place[WALK_PLACE_MAX];
	struct txt_string line = txt_string_begin("level=");
	walk_place_write(&level->place, place);
	txt_text_put(&line, place, strlen(place));
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		txt_text_put(&line, f == POOL_IPV4 ? " ipv4 " : " ipv6 ", 6);
		txt_number_put(&line, level->in_service[f], 10);
		txt_text_put(&line, "/", 1);
		txt_number_put(&line, level->listed[f], 10);
	}
	txt_string_end(txt_rdata, &line);
}

/* As many as fit `room` octets; returns how many. */
static uint32_t candidates_add(
	struct txt_rdata *txt_rdata, const struct pool_set *set, bool ipv6, size_t room)
{
	struct txt_string line = txt_string_begin("candidates=");
	struct pool_member member;
	uint32_t shown = 0;
	if (room > TXT_STRING_MAX + 1)
		room = TXT_STRING_MAX + 1;
	while (pool_member(set, shown, &member)) {
		struct txt_string longer = line;
		if (shown)
			txt_text_put(&longer, " ", 1);
		txt_address_put(&longer, member.octets, ipv6);
		/* A line that is full may have lost something. */
		if (longer.size == TXT_STRING_MAX || 1 + longer.size > room)
			break;
		line = longer;
		shown++;
	}
	if (shown)
		txt_string_end(txt_rdata, &line);
	return shown;
}

/* Half of the room for each family, and for the second what the first one left. */
static void sets_add(struct txt_rdata *txt_rdata, const struct snapshot_outcome *outcome)
{
	uint64_t more = 0;
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		const struct pool_set *set = outcome->set[f];
		size_t room = (size_t)(txt_rdata->end - txt_rdata->at);
		room = room > MORE_ROOM ? room - MORE_ROOM : 0;
		if (f == POOL_IPV4 && outcome->set[POOL_IPV6])
			room /= 2;
		if (set)
			more += set->members - candidates_add(txt_rdata, set, f == POOL_IPV6, room);
	}
	if (!outcome->set[POOL_IPV4] && !outcome->set[POOL_IPV6])
		txt_pair_add(txt_rdata, "candidates=", "none", 4);
	if (more)
		txt_number_add(txt_rdata, "more=", more);
}

static void levels_add(struct txt_rdata *txt_rdata, const struct walk *walk)
{
	int ipv4 = walk->last[POOL_IPV4], ipv6 = walk->last[POOL_IPV6];
	/* A long walk leaves half of the room to the candidates. */
	const uint8_t *half = txt_rdata->at + (txt_rdata->end - txt_rdata->at) / 2;
	for (int i = 0; i <= (ipv4 > ipv6 ? ipv4 : ipv6) && txt_rdata->at < half; i++)
		level_add(txt_rdata, &walk->levels[i]);
}

/* --- the whole --- */

enum target { TARGET_HERE, TARGET_NXDOMAIN, TARGET_ELSEWHERE };

/* Follows CNAMEs within our zones to the name that is answered. Elsewhere: a name of another
 * server, or more steps than an answer follows, as in a loop. */
static enum target target_find(
	struct find_name *found, const struct snapshot *snapshot, const uint8_t **name)
{
	for (unsigned steps = 0; steps < CHAIN_MAX; steps++) {
		if (!find_name_at(found, snapshot, *name))
			return found->zone && name_is_within(*name, found->zone->apex)
				       ? TARGET_NXDOMAIN
				       : TARGET_ELSEWHERE;
		const struct rrset *cname =
			found->node ? zone_rrset(found->node, TYPE_CNAME) : NULL;
		if (!cname)
			return TARGET_HERE;
		*name = record_rdata(cname->records);
	}
	found->pool = NULL;
	return TARGET_ELSEWHERE;
}

/* The rest is for the server of that name to say. */
static void elsewhere_add(struct txt_rdata *txt_rdata, const uint8_t *name)
{
	char text[NAME_TEXT_MAX];
	txt_pair_add(txt_rdata, "pool=", "none", 4);
	txt_pair_add(txt_rdata, "answer=", "NOERROR", 7);
	txt_pair_add(txt_rdata, "cname=", text, strlen(name_write(name, text)));
}

static void pool_add(struct txt_rdata *txt_rdata, const struct find_name *found,
	const uint8_t *name, const struct lookup_address *address, unsigned country)
{
	struct walk walk;
	const struct config_pool *config = found->pool->config;
	const struct snapshot_outcome *outcome = locate_outcome_find(found->pool, &address->client);
	if (config->rule.from == POOL_FROM_LABEL)
		country = find_label(config, name);
	pools_decide(found->zone->pools, &config->rule, country, &walk);
	levels_add(txt_rdata, &walk);
	sets_add(txt_rdata, outcome);
}

size_t explain_txt_write(const struct snapshot *snapshot, const struct client *client,
	const struct query *query, uint8_t *rdata, size_t room)
{
	struct txt_rdata txt_rdata = {rdata, rdata + room};
	struct find_name found;
	const uint8_t *name = query->name.wire + EXPLAIN_TXT_LABEL_SIZE;
	enum target target = target_find(&found, snapshot, &name);
	if (target == TARGET_ELSEWHERE && name == query->name.wire + EXPLAIN_TXT_LABEL_SIZE)
		return 0;
	struct lookup_address address = lookup_address_find(snapshot, client, query, found.pool);
	struct locate_place place = locate_place_find(snapshot->inputs, &address.client);
	place_add(&txt_rdata, &address, &place);
	if (target == TARGET_NXDOMAIN) {
		txt_pair_add(&txt_rdata, "answer=", "NXDOMAIN", 8);
	} else if (target == TARGET_ELSEWHERE) {
		elsewhere_add(&txt_rdata, name);
	} else if (!found.pool) {
		txt_pair_add(&txt_rdata, "pool=", "none", 4);
	} else {
		size_t size = strlen(found.pool->config->name);
		txt_pair_add(&txt_rdata, "pool=", found.pool->config->name,
			size < POOL_SHOWN_MAX ? size : POOL_SHOWN_MAX);
		txt_number_add(&txt_rdata, "scope=", address.scope);
		pool_add(&txt_rdata, &found, name, &address, place.country);
	}
	return (size_t)(txt_rdata.at - rdata);
}

void explain_txt_answer(const struct lookup *lookup)
{
	struct answer *answer = lookup->answer;
	const struct query *query = lookup->query;
	const struct snapshot *snapshot = lookup->snapshot;
	uint8_t rdata[EXPLAIN_TXT_RDATA_MAX], *record = answer->made[0];
	bool identity;
	size_t size = explain_txt_room(query, snapshot->identity_size, &identity);
	if (explain_txt_is_allowed(inputs_config(snapshot->inputs), lookup->client))
		size = explain_txt_write(snapshot, lookup->client, query, rdata, size);
	else
		size = 0;
	if (!size) {
		answer->rcode = RCODE_REFUSED;
		answer->authoritative = false;
	} else if (query->type != TYPE_TXT && query->type != TYPE_ANY) {
		answer_negative_add(lookup, RCODE_NOERROR);
	} else {
		_Static_assert(
			RECORD_FIXED + EXPLAIN_TXT_RDATA_MAX <= sizeof(answer->made), "one record");
		struct rrset txt = {.type = TYPE_TXT, .count = 1, .records = record};
		txt.size = (uint32_t)record_write(record, TYPE_TXT, 0, rdata, (uint16_t)size);
		answer_rrset_add(answer, SECTION_ANSWER, HEADER_SIZE, &txt);
		answer->scope = query->subnet.option ? query->subnet.source : 0;
		answer->no_identity = !identity;
	}
}
