#include "dns/explain/explain.h"

#include "dns/base/json.h"
#include "dns/base/why.h"
#include "dns/explain/explain_pool.h"
#include "dns/explain/self_query.h"
#include "dns/snapshot/find.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SHOWN_MAX = 300 };

/* One explanation under way. */
struct explaining {
	const struct snapshot *snapshot;
	struct locate_client client;
	struct explain_asker asker;
	uint8_t name[NAME_SIZE_MAX];
	struct explain_pool pool;
	struct explain_reply reply; /* to the question asked last */
	json_t *object;
	json_t *notes;
	bool failed; /* something could not be added: no memory */
};

static void member_add(struct explaining *explaining, const char *key, json_t *value)
{
	if (json_object_set_new(explaining->object, key, value) != 0)
		explaining->failed = true;
}

static void text_add(struct explaining *explaining, const char *key, const char *text)
{
	member_add(explaining, key, plain_json(text));
}

static void note_add(struct explaining *explaining, const char *note)
{
	if (json_array_append_new(explaining->notes, json_string(note)) != 0)
		explaining->failed = true;
}

/* --- the name --- */

/* Asks for a name; false: there is no such name here. */
static bool name_try(struct explaining *explaining, const char *text, const uint8_t *origin)
{
	char ignored[256];
	struct find_name found;
	if (!name_parse(text, origin, explaining->name, ignored, sizeof(ignored)))
		return false;
	name_lower(explaining->name);
	if (!find_name_at(&found, explaining->snapshot, explaining->name))
		return false;
	explain_ask(&explaining->asker, explaining->name, false, &explaining->reply);
	return explaining->reply.rcode != RCODE_NXDOMAIN || explaining->reply.steps > 0;
}

/* As it stands, else as a name of each zone. */
static bool name_find(struct explaining *explaining, const char *text, char *why, size_t size)
{
	uint8_t wire[NAME_SIZE_MAX];
	char sentence[256];
	const struct snapshot *snapshot = explaining->snapshot;
	if (!name_parse(text, (const uint8_t *)"", wire, sentence, sizeof(sentence)))
		return why_write(why, size, "\"%.*s\" is not a valid name: %s", NAME_SHOWN_MAX,
			text, sentence);
	size_t length = strlen(text);
	bool absolute = length > 1 && text[length - 1] == '.';
	if (strcmp(text, "@") != 0 && name_try(explaining, text, (const uint8_t *)""))
		return true;
	for (size_t z = 0; !absolute && z < snapshot->zone_count; z++)
		if (name_try(explaining, text, snapshot->zones[z].apex))
			return true;
	snprintf(why, size,
		"%.*s does not exist in any configured zone: it gets NXDOMAIN or REFUSED; "
		"`mirrornsctl pools` lists the pools",
		NAME_SHOWN_MAX, text);
	return false;
}

/* --- the answer --- */

/* "" for one that no reply of ours has. */
static const char *rcode_name(enum rcode rcode)
{
	switch (rcode) {
	case RCODE_NOERROR:
		return "NOERROR";
	case RCODE_FORMERR:
		return "FORMERR";
	case RCODE_SERVFAIL:
		return "SERVFAIL";
	case RCODE_NXDOMAIN:
		return "NXDOMAIN";
	case RCODE_NOTIMP:
		return "NOTIMP";
	case RCODE_REFUSED:
		return "REFUSED";
	case RCODE_YXDOMAIN:
		return "YXDOMAIN";
	case RCODE_BADVERS:
		return "BADVERS";
	}
	return "";
}

static json_t *addresses_json(const struct explain_reply *reply)
{
	json_t *list = json_array();
	bool good = list;
	for (unsigned i = 0; good && i < reply->count; i++) {
		char text[ADDRESS_TEXT_MAX];
		struct address address = address_from(reply->addresses[i], reply->ipv6);
		good = json_array_append_new(list, json_string(address_write(&address, text))) == 0;
	}
	return whole_json(list, good);
}

/* The string of a txt name, as its file had it; NULL: it is none, or is withdrawn. */
static json_t *txt_json(const struct inputs *inputs, const uint8_t *name)
{
	const struct config *config = inputs_config(inputs);
	for (size_t z = 0; z < config->zone_count; z++)
		for (size_t t = 0; t < config->zones[z].txt_count; t++) {
			const struct config_txt *one = &config->zones[z].txts[t];
			const struct txt *txt = refcount_get(inputs->zones[z].txts[t]);
			if (!name_equal(one->wire, name) || !txt ||
				(one->stale == STALE_WITHDRAW &&
					txt_is_stale(txt, one, inputs->now)))
				continue;
			char *copy = strndup(txt->text, txt->size);
			json_t *list = copy ? json_pack("[o]", plain_json(copy)) : NULL;
			free(copy);
			return list;
		}
	return NULL;
}

/* The scope is the reply's where there was a client subnet. */
static void answer_add(struct explaining *explaining)
{
	json_t *answer = json_object();
	static const char *const types[POOL_FAMILIES] = {"A", "AAAA"};
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		explain_ask(
			&explaining->asker, explaining->name, f == POOL_IPV6, &explaining->reply);
		if (json_object_set_new(answer, types[f], addresses_json(&explaining->reply)) != 0)
			explaining->failed = true;
	}
	json_t *txt = txt_json(explaining->snapshot->inputs, explaining->reply.target);
	if (txt)
		json_object_set_new(answer, "TXT", txt);
	member_add(explaining, "answer", answer);
	text_add(explaining, "rcode", rcode_name(explaining->reply.rcode));
}

/* --- the client --- */

/* The source address decides although a client subnet was sent. */
static bool source_decides(const struct explaining *explaining, const struct locate_place *place)
{
	const struct snapshot_pool *pool = explaining->pool.pool;
	return !explaining->client.ecs || !explaining->client.length ||
	       (pool && (!pool->ecs || (pool->map && place->special)));
}

static void place_add(struct explaining *explaining, const struct locate_place *place)
{
	char text[LOCATE_CLIENT_MAX];
	const struct place_database *database =
		refcount_get(explaining->snapshot->inputs->database);
	unsigned country = place->country;
	text_add(explaining, "country", country_code(country));
	text_add(explaining, "country_name", country_name(country));
	text_add(
		explaining, "continent", country ? continent_code(country_continent(country)) : "");
	text_add(explaining, "network", locate_network_write(place, text));
	member_add(explaining, "override", json_boolean(place->override));
	if (place->override)
		member_add(explaining, "override_line", json_integer(place->override->line));
	member_add(
		explaining, "database_build", database ? count_json(database->build) : json_null());
}

static void client_notes_add(struct explaining *explaining, const struct locate_place *place)
{
	const struct snapshot_pool *pool = explaining->pool.pool;
	if (!pool->map) {
		note_add(explaining, pool->config->rule.from == POOL_FROM_LABEL
					     ? "the name alone selects the place, not the client"
					     : "the place is fixed: the client does not matter");
		return;
	}
	if (explaining->client.ecs && !explaining->client.length)
		note_add(explaining,
			"a client subnet of length 0 hides the client: the source address decides, "
			"assumed to be the same here");
	else if (explaining->client.ecs && !pool->ecs)
		note_add(explaining,
			"ecs = false: the source address decides, assumed to be the same here");
	else if (explaining->client.ecs && place->special)
		note_add(explaining,
			"a client subnet in private space is ignored: the source address decides, "
			"assumed to be the same here");
	if (!place->country)
		note_add(explaining,
			place->special
				? "the address is private: no country, the world is level 1"
				: "neither database nor overrides have a country for this address: "
				  "the world is level 1");
}

/* --- the pool --- */

/* A family that is not served has a reason that the levels do not show. */
static void families_notes_add(struct explaining *explaining)
{
	const struct explain_pool *pool = &explaining->pool;
	const struct pool_rule *rule = &pool->pool->config->rule;
	static const char *const none[POOL_FAMILIES] = {
		"A is NODATA: families = ipv6 only", "AAAA is NODATA: families = ipv4 only"};
	static const char *const together[POOL_FAMILIES] = {
		"A is NODATA: family-fallback = together, and the level that decides has no ipv4",
		"AAAA is NODATA: family-fallback = together, and the level that decides has no ipv6"};
	static const char *const nobody[POOL_FAMILIES] = {
		"A is NODATA: no level has an IPv4 member to serve",
		"AAAA is NODATA: no level has an IPv6 member to serve"};
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		bool elsewhere = rule->together && pool->outcome->set[!f];
		if (pool->outcome->set[f])
			continue;
		note_add(explaining, !rule->families[f] ? none[f]
				     : elsewhere        ? together[f]
							: nobody[f]);
	}
	if (pool->walk.open)
		note_add(explaining,
			"no mirror in service at any level: removed ones are served (fail = open)");
}

static void pool_add(struct explaining *explaining, const struct locate_place *place)
{
	struct explain_pool *pool = &explaining->pool;
	const struct pool_rule *rule = &pool->pool->config->rule;
	char text[WALK_RULE_MAX];
	size_t more;
	pool->inputs = explaining->snapshot->inputs;
	pool->country = rule->from == POOL_FROM_CLIENT
				? place->country
				: find_label(pool->pool->config, explaining->reply.target);
	pool->outcome = locate_outcome_find(pool->pool, &explaining->client.source);
	pools_decide(pool->zone->pools, rule, pool->country, &pool->walk);
	text_add(explaining, "pool", pool->pool->config->name);
	text_add(explaining, "zone", pool->zone->config->name);
	text_add(explaining, "rule", walk_rule_write(rule, text));
	member_add(explaining, "ttl", json_integer(rule->ttl));
	member_add(explaining, "answers", json_integer(rule->answers));
	member_add(explaining, "min_members", json_integer(rule->min_members));
	member_add(explaining, "levels", explain_levels(pool));
	member_add(explaining, "scope",
		json_integer(explaining->client.ecs
				     ? (json_int_t)explaining->reply.scope
				     : locate_scope_find(pool->pool, &explaining->client.source)));
	member_add(explaining, "fallback", json_boolean(explain_falls_back(pool)));
	member_add(explaining, "candidates", explain_candidates(pool, &more));
	member_add(explaining, "candidates_more", count_json(more));
	member_add(explaining, "left_out", explain_left_out(pool, &more));
	member_add(explaining, "left_out_more", count_json(more));
	client_notes_add(explaining, place);
	families_notes_add(explaining);
}

/* Nothing of it depends on who asks. */
static void static_add(struct explaining *explaining)
{
	text_add(explaining, "pool", "");
	member_add(explaining, "scope", json_integer(0));
	note_add(explaining,
		explaining->reply.authoritative
			? "not a pool: the answer comes from the zone file, a txt or a ping name"
			: "no authoritative answer: it is delegated, or its TXT was never read");
}

static void everything_add(struct explaining *explaining)
{
	char text[NAME_TEXT_MAX], client[LOCATE_CLIENT_MAX];
	struct locate_place place =
		locate_place_find(explaining->snapshot->inputs, &explaining->client.source);
	bool led = explaining->reply.steps > 0;
	/* Where a chain leaves our zones nothing is left to be explained. */
	struct find_name found;
	find_name_at(&found, explaining->snapshot, explaining->reply.target);
	explaining->pool.zone = found.zone;
	explaining->pool.pool = found.pool;
	const struct snapshot_pool *pool = found.pool;
	text_add(explaining, "name", name_write_plain(explaining->name, text));
	text_add(explaining, "client", locate_client_write(&explaining->client, client));
	text_add(explaining, "from",
		!pool                                ? "static"
		: source_decides(explaining, &place) ? "source"
						     : "ecs");
	if (led)
		text_add(explaining, "leads_to", name_write_plain(explaining->reply.target, text));
	place_add(explaining, &place);
	if (pool)
		pool_add(explaining, &place);
	else
		static_add(explaining);
	answer_add(explaining);
	member_add(explaining, "notes", json_incref(explaining->notes));
}

json_t *explain_json(const struct snapshot *snapshot, const char *name, const char *address,
	char *why, size_t size)
{
	struct explaining explaining = {.snapshot = snapshot};
	if (!name || !address) {
		snprintf(why, size, "explain needs a name and an address");
		return NULL;
	}
	if (!locate_client_parse(&explaining.client, address, why, size))
		return NULL;
	explaining.object = json_object();
	explaining.notes = json_array();
	bool named = false;
	if (!explaining.object || !explaining.notes ||
		!explain_asker_init(&explaining.asker, snapshot, &explaining.client)) {
		explaining.failed = true;
	} else {
		named = name_find(&explaining, name, why, size);
		if (named)
			everything_add(&explaining);
		explain_asker_free(&explaining.asker);
	}
	if (explaining.failed)
		snprintf(why, size, "out of memory");
	json_decref(explaining.notes);
	return whole_json(explaining.object, named && !explaining.failed);
}
