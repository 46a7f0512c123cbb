#include "dns/gist.h"

#include "dns/locate.h"
#include "dns/walk.h"
#include "geo/layout.h"

#include <string.h>

enum {
	STRING_MAX = 255,
	CHAIN_MAX = 16,
	MORE_ROOM = 1 + 5 + 10, /* "more=" and a number */
	POOL_SHOWN_MAX = 63,
	REPLY_FLOOR = 512, /* RFC 1035 4.2.1 */
	OPT_FIXED = 11,
	OPTION_FIXED = 4,
};

/* RDATA under way: whole strings, as far as they fit. */
struct gist {
	uint8_t *at, *end;
};

/* One string under way; what does not fit its 255 octets is cut off. */
struct line {
	char text[STRING_MAX];
	size_t size;
};

/* Whose address is looked at. */
struct looked {
	struct client client;
	unsigned length; /* of a client subnet */
	bool ecs;
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

size_t gist_room(const struct query *query, uint16_t identity_size)
{
	size_t used = HEADER_SIZE + query->question_size + RECORD_FIXED;
	if (query->edns)
		used += OPT_FIXED;
	if (query->subnet.option)
		used += SUBNET_FIXED + query->subnet.octets;
	if (query->nsid && identity_size)
		used += OPTION_FIXED + (size_t)identity_size;
	size_t room = used < REPLY_FLOOR ? REPLY_FLOOR - used : 0;
	return room < GIST_RDATA_MAX ? room : GIST_RDATA_MAX;
}

/* --- strings --- */

static void text_put(struct line *line, const char *text, size_t size)
{
	if (size > STRING_MAX - line->size)
		size = STRING_MAX - line->size;
	memcpy(line->text + line->size, text, size);
	line->size += size;
}

static struct line line_begin(const char *text)
{
	struct line line = {.size = 0};
	text_put(&line, text, strlen(text));
	return line;
}

/* In base 10 or 16, without leading zeros. */
static void number_put(struct line *line, uint64_t number, unsigned base)
{
	char digits[20];
	size_t at = sizeof(digits);
	do
		digits[--at] = "0123456789abcdef"[number % base];
	while (number /= base);
	text_put(line, digits + at, sizeof(digits) - at);
}

static void ipv4_put(struct line *line, const uint8_t *octets)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i)
			text_put(line, ".", 1);
		number_put(line, octets[i], 10);
	}
}

/* RFC 5952 4: the first longest run of two zeros or more is "::". */
static void ipv6_put(struct line *line, const uint8_t *octets)
{
	unsigned words[8], start = 8, longest = 1;
	for (unsigned i = 0; i < 8; i++)
		words[i] = (unsigned)octets[2 * i] << 8 | octets[2 * i + 1];
	for (unsigned i = 0; i < 8; i++) {
		unsigned run = 0;
		while (i + run < 8 && !words[i + run])
			run++;
		if (run > longest) {
			start = i;
			longest = run;
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == start) {
			text_put(line, "::", 2);
			i += longest - 1;
			continue;
		}
		if (i && i != start + longest)
			text_put(line, ":", 1);
		number_put(line, words[i], 16);
	}
}

static void address_put(struct line *line, const uint8_t *octets, bool ipv6)
{
	(ipv6 ? ipv6_put : ipv4_put)(line, octets);
}

/* As a character-string, if it fits. */
static void line_end(struct gist *gist, const struct line *line)
{
	if ((size_t)(gist->end - gist->at) < 1 + line->size)
		return;
	*gist->at++ = (uint8_t)line->size;
	memcpy(gist->at, line->text, line->size);
	gist->at += line->size;
}

static void pair_add(struct gist *gist, const char *key, const char *value, size_t size)
{
	struct line line = line_begin(key);
	text_put(&line, value, size);
	line_end(gist, &line);
}

static void number_add(struct gist *gist, const char *key, uint64_t number)
{
	struct line line = line_begin(key);
	number_put(&line, number, 10);
	line_end(gist, &line);
}

/* --- whose address --- */

/* As the answer decides: the client subnet, unless it hides the client, is private, or the pool does not look at it. */
static struct looked looked_find(const struct snapshot *snapshot, const struct client *client,
	const struct query *query, const struct snapshot_pool *pool)
{
	const struct query_subnet *subnet = &query->subnet;
	struct looked source = {.client = *client};
	if (!subnet->option || !subnet->source || (pool && !pool->ecs))
		return source;
	struct looked named = {
		.client = {.ipv6 = subnet->family == 2}, .length = subnet->source, .ecs = true};
	memcpy(named.client.address, subnet->option + SUBNET_FIXED, subnet->octets);
	if (locate_place_find(snapshot->inputs, &named.client).special)
		return source;
	return named;
}

static void place_add(
	struct gist *gist, const struct looked *looked, const struct locate_place *place)
{
	struct line line = line_begin("client=");
	address_put(&line, looked->client.address, looked->client.ipv6);
	if (looked->ecs) {
		text_put(&line, "/", 1);
		number_put(&line, looked->length, 10);
	}
	line_end(gist, &line);
	pair_add(gist, "from=", looked->ecs ? "ecs" : "source", looked->ecs ? 3 : 6);
	line = line_begin("network=");
	address_put(&line, place->octets, place->ipv6);
	text_put(&line, "/", 1);
	number_put(&line, place->length, 10);
	line_end(gist, &line);
	const char *country = place->country ? country_code(place->country) : "none";
	pair_add(gist, "country=", country, strlen(country));
	if (place->override)
		number_add(gist, "override=line ", place->override->line);
}

/* The scope that a reply about the pool has; without a client subnet, the one that a resolver near the client would see. */
static uint8_t scope_find(
	const struct snapshot_pool *pool, const struct client *client, const struct query *query)
{
	struct client named = {.ipv6 = query->subnet.family == 2};
	if (!query->subnet.option)
		return locate_scope_find(pool, client);
	if (!query->subnet.source)
		return 0;
	memcpy(named.address, query->subnet.option + SUBNET_FIXED, query->subnet.octets);
	return locate_scope_find(pool, &named);
}

/* --- levels and candidates --- */

/* The last level that was asked: a group tops up from one level each. */
static int level_last(const struct walk *walk, const struct pool_rule *rule,
	const struct mirrors *mirrors, const struct pool_set *set, unsigned family)
{
	struct pool_member member;
	uint32_t first = 0;
	if (!set)
		return rule->families[family] ? walk->count - 1 : WALK_NONE;
	int level = walk->own[family];
	for (uint32_t k = 1; k < set->group_count; k++) {
		first += set->groups[k - 1].layout->plan.list.count;
		if (!pool_member(set, first, &member))
			break;
		unsigned country = mirrors->list[member.mirror].country;
		do
			level++;
		while (level + 1 < walk->count &&
			!walk_place_has(&walk->levels[level].place, country));
	}
	if (set->members < rule->min_members && set->answer_count == set->members &&
		(rule->answers == 0 || set->answer_count < rule->answers))
		return walk->count - 1;
	return level;
}

static void level_add(struct gist *gist, const struct pool_level *level)
{
	char place[WALK_PLACE_MAX];
	struct line line = line_begin("level=");
	walk_place_write(&level->place, place);
	text_put(&line, place, strlen(place));
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		text_put(&line, f == POOL_IPV4 ? " ipv4 " : " ipv6 ", 6);
		number_put(&line, level->in_service[f], 10);
		text_put(&line, "/", 1);
		number_put(&line, level->listed[f], 10);
	}
	line_end(gist, &line);
}

/* As many as fit `room` octets; returns how many. */
static uint32_t candidates_add(
	struct gist *gist, const struct pool_set *set, bool ipv6, size_t room)
{
	struct line line = line_begin("candidates=");
	struct pool_member member;
	uint32_t shown = 0;
	if (room > STRING_MAX + 1)
		room = STRING_MAX + 1;
	while (pool_member(set, shown, &member)) {
		struct line longer = line;
		if (shown)
			text_put(&longer, " ", 1);
		address_put(&longer, member.octets, ipv6);
		/* A line that is full may have lost something. */
		if (longer.size == STRING_MAX || 1 + longer.size > room)
			break;
		line = longer;
		shown++;
	}
	if (shown)
		line_end(gist, &line);
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
		pair_add(gist, "candidates=", "none", 4);
	if (more)
		number_add(gist, "more=", more);
}

static void levels_add(struct gist *gist, const struct walk_name *found, const struct walk *walk,
	const struct snapshot_outcome *outcome)
{
	const struct mirrors *mirrors = pools_mirrors(found->zone->pools);
	int last = WALK_NONE;
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		int level =
			level_last(walk, &found->pool->config->rule, mirrors, outcome->set[f], f);
		last = level > last ? level : last;
	}
	/* A long walk leaves half of the room to the candidates. */
	const uint8_t *half = gist->at + (gist->end - gist->at) / 2;
	for (int i = 0; i <= last && gist->at < half; i++)
		level_add(gist, &walk->levels[i]);
}

/* --- the whole --- */

/* Follows CNAMEs within our zones to the name that is answered; false: it does not exist, or is nobody of ours. */
static bool target_find(
	struct walk_name *found, const struct snapshot *snapshot, const uint8_t **name)
{
	for (unsigned steps = 0; steps < CHAIN_MAX; steps++) {
		if (!walk_name_find(found, snapshot, *name))
			return false;
		const struct rrset *cname =
			found->node ? zone_rrset(found->node, TYPE_CNAME) : NULL;
		if (!cname)
			return true;
		*name = record_rdata(cname->records);
	}
	return true;
}

static void pool_add(struct gist *gist, const struct walk_name *found, const uint8_t *name,
	const struct looked *looked, unsigned country)
{
	struct walk walk;
	const struct config_pool *config = found->pool->config;
	const struct snapshot_outcome *outcome = locate_outcome_find(found->pool, &looked->client);
	if (config->rule.from == POOL_FROM_LABEL)
		country = walk_label(config, name);
	walk_find(&walk, found->zone->pools, &config->rule, country);
	levels_add(gist, found, &walk, outcome);
	sets_add(gist, outcome);
}

size_t gist_write(const struct snapshot *snapshot, const struct client *client,
	const struct query *query, uint8_t *rdata, size_t room)
{
	struct gist gist = {rdata, rdata + room};
	struct walk_name found;
	const uint8_t *name = query->name.wire + GIST_LABEL_SIZE;
	bool exists = target_find(&found, snapshot, &name);
	if (!found.zone || (name == query->name.wire + GIST_LABEL_SIZE && !exists &&
				   !name_is_within(name, found.zone->apex)))
		return 0;
	struct looked looked = looked_find(snapshot, client, query, found.pool);
	struct locate_place place = locate_place_find(snapshot->inputs, &looked.client);
	place_add(&gist, &looked, &place);
	if (!exists) {
		pair_add(&gist, "answer=", "NXDOMAIN", 8);
	} else if (!found.pool) {
		pair_add(&gist, "pool=", "none", 4);
	} else {
		size_t size = strlen(found.pool->config->name);
		pair_add(&gist, "pool=", found.pool->config->name,
			size < POOL_SHOWN_MAX ? size : POOL_SHOWN_MAX);
		number_add(&gist, "scope=", scope_find(found.pool, client, query));
		pool_add(&gist, &found, name, &looked, place.country);
	}
	return (size_t)(gist.at - rdata);
}
