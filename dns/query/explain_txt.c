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

/* Whose address is looked at. */
struct looked {
	struct client client;
	unsigned length; /* of a client subnet */
	bool ecs;
	uint8_t scope; /* that a reply has; without a client subnet, the one for a resolver near the client */
};

bool gist_is_asked(const struct name_key *name)
{
	static const char label[] = "_explain";
	if (name->size <= GIST_LABEL_SIZE || name->wire[0] != GIST_LABEL_SIZE - 1)
		return false;
	for (unsigned i = 1; i < GIST_LABEL_SIZE; i++) {
		unsigned octet = name->wire[i];
		if ((octet >= 'A' && octet <= 'Z' ? octet + 'a' - 'A' : octet) !=
			(unsigned char)label[i - 1])
			return false;
	}
	return true;
}

static bool network_has(const struct config_network *network, const uint8_t *octets, bool ipv6)
{
	if (network->ipv6 != ipv6)
		return false;
	unsigned whole = network->length / 8, rest = network->length % 8;
	return memcmp(network->octets, octets, whole) == 0 &&
	       (!rest || (network->octets[whole] ^ octets[whole]) >> (8 - rest) == 0);
}

bool gist_is_allowed(const struct config *config, const struct client *client)
{
	for (size_t i = 0; i < config->explain_to_count; i++)
		if (network_has(&config->explain_to[i], client->address, client->ipv6))
			return true;
	return false;
}

size_t gist_room(const struct query *query, uint16_t identity_size, bool *identity)
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
	return room < GIST_RDATA_MAX ? room : GIST_RDATA_MAX;
}

/* --- whose address --- */

/* As the answer decides: the client subnet, unless it hides the client, is private, or the pool does not look at it. */
static struct looked looked_find(const struct snapshot *snapshot, const struct client *client,
	const struct query *query, const struct snapshot_pool *pool)
{
	const struct query_subnet *subnet = &query->subnet;
	bool named = subnet->option && subnet->source;
	struct looked looked = {.client = *client};
	struct client other = named ? query_subnet_client(subnet) : *client;
	if (pool && (named || !subnet->option))
		looked.scope = locate_scope_find(pool, &other);
	if (!named || (pool && !pool->ecs) || locate_place_find(snapshot->inputs, &other).special)
		return looked;
	looked.client = other;
	looked.length = subnet->source;
	looked.ecs = true;
	return looked;
}

static void place_add(
	struct gist *gist, const struct looked *looked, const struct locate_place *place)
{
	struct gist_line line = gist_line_begin("client=");
	gist_address_put(&line, looked->client.address, looked->client.ipv6);
	if (looked->ecs) {
		gist_text_put(&line, "/", 1);
		gist_number_put(&line, looked->length, 10);
	}
	gist_line_end(gist, &line);
	gist_pair_add(gist, "from=", looked->ecs ? "ecs" : "source", looked->ecs ? 3 : 6);
	line = gist_line_begin("network=");
	gist_address_put(&line, place->octets, place->ipv6);
	gist_text_put(&line, "/", 1);
	gist_number_put(&line, place->length, 10);
	gist_line_end(gist, &line);
	const char *country = place->country ? country_code(place->country) : "none";
	gist_pair_add(gist, "country=", country, strlen(country));
	if (place->override)
		gist_number_add(gist, "override=line ", place->override->line);
}

/* --- levels and candidates --- */

static void level_add(struct gist *gist, const struct walk_level *level)
{
	char place[WALK_PLACE_MAX];
	struct gist_line line = gist_line_begin("level=");
	walk_place_write(&level->place, place);
	gist_text_put(&line, place, strlen(place));
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		gist_text_put(&line, f == POOL_IPV4 ? " ipv4 " : " ipv6 ", 6);
		gist_number_put(&line, level->in_service[f], 10);
		gist_text_put(&line, "/", 1);
		gist_number_put(&line, level->listed[f], 10);
	}
	gist_line_end(gist, &line);
}

/* As many as fit `room` octets; returns how many. */
static uint32_t candidates_add(
	struct gist *gist, const struct pool_set *set, bool ipv6, size_t room)
{
	struct gist_line line = gist_line_begin("candidates=");
	struct pool_member member;
	uint32_t shown = 0;
	if (room > GIST_STRING_MAX + 1)
		room = GIST_STRING_MAX + 1;
	while (pool_member(set, shown, &member)) {
		struct gist_line longer = line;
		if (shown)
			gist_text_put(&longer, " ", 1);
		gist_address_put(&longer, member.octets, ipv6);
		/* A line that is full may have lost something. */
		if (longer.size == GIST_STRING_MAX || 1 + longer.size > room)
			break;
		line = longer;
		shown++;
	}
	if (shown)
		gist_line_end(gist, &line);
	return shown;
}

/* Half of the room for each family, and for the second what the first one left. */
static void sets_add(struct gist *gist, const struct snapshot_outcome *outcome)
{
	uint64_t more = 0;
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		const struct pool_set *set = outcome->set[f];
		size_t room = (size_t)(gist->end - gist->at);
		room = room > MORE_ROOM ? room - MORE_ROOM : 0;
		if (f == POOL_IPV4 && outcome->set[POOL_IPV6])
			room /= 2;
		if (set)
			more += set->members - candidates_add(gist, set, f == POOL_IPV6, room);
	}
	if (!outcome->set[POOL_IPV4] && !outcome->set[POOL_IPV6])
		gist_pair_add(gist, "candidates=", "none", 4);
	if (more)
		gist_number_add(gist, "more=", more);
}

static void levels_add(struct gist *gist, const struct walk *walk)
{
	int ipv4 = walk->last[POOL_IPV4], ipv6 = walk->last[POOL_IPV6];
	/* A long walk leaves half of the room to the candidates. */
	const uint8_t *half = gist->at + (gist->end - gist->at) / 2;
	for (int i = 0; i <= (ipv4 > ipv6 ? ipv4 : ipv6) && gist->at < half; i++)
		level_add(gist, &walk->levels[i]);
}

/* --- the whole --- */

enum target { TARGET_HERE, TARGET_NXDOMAIN, TARGET_ELSEWHERE };

/* Follows CNAMEs within our zones to the name that is answered. Elsewhere: a name of somebody else's, or more steps than
 * an answer follows, as in a loop. */
static enum target target_find(
	struct walk_name *found, const struct snapshot *snapshot, const uint8_t **name)
{
	for (unsigned steps = 0; steps < CHAIN_MAX; steps++) {
		if (!walk_name_find(found, snapshot, *name))
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

/* The rest is for whoever resolves that name to say. */
static void elsewhere_add(struct gist *gist, const uint8_t *name)
{
	char text[NAME_TEXT_MAX];
	gist_pair_add(gist, "pool=", "none", 4);
	gist_pair_add(gist, "answer=", "NOERROR", 7);
	gist_pair_add(gist, "cname=", text, strlen(name_write(name, text)));
}

static void pool_add(struct gist *gist, const struct walk_name *found, const uint8_t *name,
	const struct looked *looked, unsigned country)
{
	struct walk walk;
	const struct config_pool *config = found->pool->config;
	const struct snapshot_outcome *outcome = locate_outcome_find(found->pool, &looked->client);
	if (config->rule.from == POOL_FROM_LABEL)
		country = walk_label(config, name);
	pools_decide(found->zone->pools, &config->rule, country, &walk);
	levels_add(gist, &walk);
	sets_add(gist, outcome);
}

size_t gist_write(const struct snapshot *snapshot, const struct client *client,
	const struct query *query, uint8_t *rdata, size_t room)
{
	struct gist gist = {rdata, rdata + room};
	struct walk_name found;
	const uint8_t *name = query->name.wire + GIST_LABEL_SIZE;
	enum target target = target_find(&found, snapshot, &name);
	if (target == TARGET_ELSEWHERE && name == query->name.wire + GIST_LABEL_SIZE)
		return 0;
	struct looked looked = looked_find(snapshot, client, query, found.pool);
	struct locate_place place = locate_place_find(snapshot->inputs, &looked.client);
	place_add(&gist, &looked, &place);
	if (target == TARGET_NXDOMAIN) {
		gist_pair_add(&gist, "answer=", "NXDOMAIN", 8);
	} else if (target == TARGET_ELSEWHERE) {
		elsewhere_add(&gist, name);
	} else if (!found.pool) {
		gist_pair_add(&gist, "pool=", "none", 4);
	} else {
		size_t size = strlen(found.pool->config->name);
		gist_pair_add(&gist, "pool=", found.pool->config->name,
			size < POOL_SHOWN_MAX ? size : POOL_SHOWN_MAX);
		gist_number_add(&gist, "scope=", looked.scope);
		pool_add(&gist, &found, name, &looked, place.country);
	}
	return (size_t)(gist.at - rdata);
}

void answer_gist(const struct asked *asked)
{
	struct answer *answer = asked->answer;
	const struct query *query = asked->query;
	const struct snapshot *snapshot = asked->snapshot;
	uint8_t rdata[GIST_RDATA_MAX], *record = answer->made[0];
	bool identity;
	size_t size = gist_room(query, snapshot->identity_size, &identity);
	if (gist_is_allowed(inputs_config(snapshot->inputs), asked->client))
		size = gist_write(snapshot, asked->client, query, rdata, size);
	else
		size = 0;
	if (!size) {
		answer->rcode = RCODE_REFUSED;
		answer->authoritative = false;
	} else if (query->type != TYPE_TXT && query->type != TYPE_ANY) {
		answer_negative_add(asked, RCODE_NOERROR);
	} else {
		_Static_assert(RECORD_FIXED + GIST_RDATA_MAX <= sizeof(answer->made), "one record");
		struct rrset txt = {.type = TYPE_TXT, .count = 1, .records = record};
		txt.size = (uint32_t)record_write(record, TYPE_TXT, 0, rdata, (uint16_t)size);
		answer_rrset_add(answer, SECTION_ANSWER, HEADER_SIZE, &txt);
		answer->scope = query->subnet.option ? query->subnet.source : 0;
		answer->no_identity = !identity;
	}
}
