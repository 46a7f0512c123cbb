#include "tests/unit/explain_case.h"

#include "dns/explain/explain.h"
#include "dns/explain/self_query.h"

#include <arpa/inet.h>

static json_t *explain(const char *name, const char *address)
{
	json_t *object = explain_json(world.snapshot, name, address, why, sizeof(why));
	if (!object)
		fail_msg("%s %s: %s", name, address, why);
	return object;
}

static void test_refused(void **state)
{
	static const struct {
		const char *name, *address, *sentence;
	} rows[] = {
		{"db.de", "1.2.3",
			"the address is \"1.2.3\", expected an IPv4 or IPv6 address, "
			"with /LENGTH when it is a client subnet"},
		{"db.de", "", "the address is \"\", expected an IPv4"},
		{"db.de", "1.2.3.4/33", "expected a prefix length of 0 to 32 after the /"},
		{"db.de", "1.2.3.4/", "expected a prefix length of 0 to 32 after the /"},
		{"db.de", "1.2.3.4/+8", "expected a prefix length of 0 to 32 after the /"},
		{"db.de", "::1/129", "expected a prefix length of 0 to 128 after the /"},
		{"db.de", "1.2.3.4/24",
			"expected no bits set beyond the prefix length (RFC 7871 6): 1.2.3.0/24"},
		{"db.de", "2001:db8::1/32",
			"expected no bits set beyond the prefix length (RFC 7871 6): "
			"2001:db8::/32"},
		{"db.de", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
			"expected an IPv4 or IPv6 address"},
		{"db.zz", "1.2.3.4",
			"db.zz does not exist in any configured zone: it gets NXDOMAIN or REFUSED"},
		{"db.de.", "1.2.3.4", "db.de. does not exist in any configured zone"},
		{"www.example.org.", "1.2.3.4",
			"www.example.org. does not exist in any configured zone"},
		{"a..b", "1.2.3.4", "\"a..b\" is not a valid name: "},
		{"", "1.2.3.4", "\"\" is not a valid name: "},
	};
	(void)state;
	assert_null(explain_json(world.snapshot, NULL, "::1", why, sizeof(why)));
	assert_string_equal(why, "explain needs a name and an address");
	assert_null(explain_json(world.snapshot, "db.de", NULL, why, sizeof(why)));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_null(explain_json(
			world.snapshot, rows[i].name, rows[i].address, why, sizeof(why)));
		if (!strstr(why, rows[i].sentence))
			fail_msg("%s %s: %s", rows[i].name, rows[i].address, why);
	}
}

/* Every member that product and operators rely on. */
static void test_members(void **state)
{
	(void)state;
	json_t *object = explain("db.local", "192.0.2.0/24");
	static const char *const keys[] = {"name", "client", "from", "country", "continent",
		"network", "pool", "levels", "scope", "fallback", "candidates", "left_out",
		"answer"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		assert_non_null(json_object_get(object, keys[i]));
	assert_string_equal(text_of(object, "name"), "db.local.clamav.net");
	assert_string_equal(text_of(object, "client"), "192.0.2.0/24");
	assert_string_equal(text_of(object, "from"), "ecs");
	assert_string_equal(text_of(object, "country"), "DE");
	assert_string_equal(text_of(object, "continent"), "EU");
	assert_string_equal(text_of(object, "network"), "192.0.2.0/24");
	assert_string_equal(text_of(object, "pool"), "db.local");
	assert_true(json_is_true(json_object_get(object, "override")));
	assert_int_equal(number_of(object, "override_line"), 2);
	assert_int_equal(number_of(object, "scope"), 24);
	assert_true(json_is_false(json_object_get(object, "fallback")));
	json_t *level = row_find(
		json_object_get(object, "levels"), "level", "country:DE", "family", "ipv4");
	assert_int_equal(number_of(level, "members"), 5);
	assert_int_equal(number_of(level, "served"), 3);
	assert_string_equal(text_of(level, "use"), "own");
	json_t *one = row_find(
		json_object_get(object, "candidates"), "address", "2001:db8:de::12", NULL, NULL);
	assert_string_equal(text_of(one, "host"), "de2.example");
	assert_string_equal(text_of(one, "state"), "ok");
	assert_int_equal(number_of(one, "weight"), 100);
	assert_true(json_real_value(json_object_get(one, "share")) == 0.5);
	json_t *left = json_object_get(object, "left_out");
	assert_int_equal(json_array_size(left), 4);
	assert_string_equal(
		text_of(row_find(left, "address", "192.0.2.14", NULL, NULL), "why"), "removed");
	assert_string_equal(
		text_of(row_find(left, "address", "192.0.2.15", NULL, NULL), "why"), "disabled");
	json_t *answer = json_object_get(object, "answer");
	assert_int_equal(json_array_size(json_object_get(answer, "A")), 3);
	assert_int_equal(json_array_size(json_object_get(answer, "AAAA")), 2);
	json_decref(object);
}

/* What decides, and the words for it. */
static void test_sources(void **state)
{
	static const struct {
		const char *name, *address, *from, *country, *network, *note;
		int scope;
	} rows[] = {
		{"db.local", "192.0.2.7", "source", "DE", "192.0.2.0/24", NULL, 24},
		{"db.local", "198.51.100.0/24", "ecs", "FR", "198.51.100.0/25", NULL, 24},
		{"db.local", "10.0.0.0/8", "source", "", "10.0.0.0/16",
			"a client subnet in private space is ignored", 16},
		{"db.local", "10.1.2.0/24", "ecs", "FR", "10.1.0.0/16", NULL, 16},
		{"db.local", "0.0.0.0/0", "source", "", "0.0.0.0/5",
			"a client subnet of length 0 hides the client", 0},
		{"db.local", "8.8.8.8", "source", "", "8.0.0.0/7",
			"neither database nor overrides have a country for this address", 7},
		{"db.local", "10.2.0.1", "source", "", "10.2.0.0/15",
			"the address is private: no country", 15},
		{"db.local", "::ffff:192.0.2.0/120", "ecs", "DE", "192.0.2.0/24", NULL, 120},
		{"db.local", "2001:db8:de::/48", "ecs", "DE", "2001:db8:de::/48", NULL, 48},
		{"db.source", "192.0.2.0/24", "source", "DE", "192.0.2.0/24", "ecs = false", 0},
		{"DB.De", "198.51.100.0/24", "ecs", "FR", "198.51.100.0/25",
			"the name alone selects the place", 0},
		{"db.all", "198.51.100.9", "source", "FR", "198.51.100.0/25", "the place is fixed",
			0},
		{"www", "198.51.100.9", "static", "FR", "198.51.100.0/25", "not a pool", 0},
		{"stats", "198.51.100.9", "static", "FR", "198.51.100.0/25", "is delegated", 0},
		{"@", "198.51.100.9", "static", "FR", "198.51.100.0/25", "not a pool", 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *object = explain(rows[i].name, rows[i].address);
		if (strcmp(text_of(object, "from"), rows[i].from) != 0 ||
			strcmp(text_of(object, "country"), rows[i].country) != 0 ||
			strcmp(text_of(object, "network"), rows[i].network) != 0 ||
			number_of(object, "scope") != rows[i].scope ||
			(rows[i].note && !list_has(json_object_get(object, "notes"), rows[i].note)))
			fail_msg("%s %s: %s", rows[i].name, rows[i].address, json_dumps(object, 0));
		json_decref(object);
	}
}

/* CNAMEs are followed to the pool, and the words name both. */
static void test_chain(void **state)
{
	(void)state;
	json_t *object = explain("database.clamav.net", "192.0.2.0/24");
	assert_string_equal(text_of(object, "name"), "database.clamav.net");
	assert_string_equal(text_of(object, "leads_to"), "db.local.clamav.net");
	assert_string_equal(text_of(object, "pool"), "db.local");
	assert_int_equal(json_array_size(json_object_get(object, "candidates")), 5);
	json_decref(object);
	object = explain("away", "192.0.2.0/24");
	assert_string_equal(text_of(object, "leads_to"), "www.example.org");
	assert_string_equal(text_of(object, "from"), "static");
	json_decref(object);
	object = explain("nowhere", "192.0.2.0/24");
	assert_string_equal(text_of(object, "rcode"), "NXDOMAIN");
	json_decref(object);
}

static void test_fallback(void **state)
{
	(void)state;
	json_t *object = explain("db.local", "198.51.101.0/24"); /* Monaco has none */
	json_t *levels = json_object_get(object, "levels");
	assert_true(json_is_true(json_object_get(object, "fallback")));
	assert_string_equal(
		text_of(row_find(levels, "level", "country:MC", "family", "ipv4"), "use"), "empty");
	assert_string_equal(
		text_of(row_find(levels, "level", "continent:EU", "family", "ipv4"), "use"), "own");
	assert_string_equal(
		text_of(row_find(levels, "level", "world", "family", "ipv4"), "use"), "not asked");
	json_decref(object);
	object = explain("db.near", "198.51.100.0/25"); /* France has no IPv6 */
	assert_true(list_has(json_object_get(object, "notes"),
		"AAAA is NODATA: no level has an IPv6 member to serve"));
	json_decref(object);
}

static bool candidate_is(const json_t *candidates, const uint8_t *octets, bool ipv6)
{
	char text[64];
	inet_ntop(ipv6 ? AF_INET6 : AF_INET, octets, text, sizeof(text));
	return row_find(candidates, "address", text, NULL, NULL);
}

/* Answers of serve() until all turns have come round: every candidate is seen and nobody else. */
static unsigned answers_compare(const char *name, const char *address, const json_t *object)
{
	struct locate_client client;
	struct explain_asker asker;
	struct explain_reply reply;
	uint8_t wire[NAME_SIZE_MAX];
	const json_t *candidates = json_object_get(object, "candidates");
	uint8_t seen[256][16];
	unsigned count = 0;
	assert_true(locate_client_parse(&client, address, why, sizeof(why)));
	assert_true(name_parse(name, world.snapshot->zones[0].apex, wire, why, sizeof(why)));
	assert_true(explain_asker_init(&asker, world.snapshot, &client));
	for (unsigned turn = 0; turn < 2 * 400; turn++) {
		explain_ask(&asker, wire, turn & 1, &reply);
		for (unsigned i = 0; i < reply.count; i++) {
			uint8_t octets[16] = {0};
			memcpy(octets, reply.addresses[i], reply.ipv6 ? 16 : 4);
			if (!candidate_is(candidates, octets, reply.ipv6))
				fail_msg("%s %s: an answer that is no candidate", name, address);
			unsigned k = 0;
			while (k < count && memcmp(seen[k], octets, 16) != 0)
				k++;
			assert_true(k < 256);
			memcpy(seen[k], octets, 16);
			count += k == count;
		}
	}
	explain_asker_free(&asker);
	return count;
}

static void test_answers_are_candidates(void **state)
{
	static const char *const names[] = {"db.local", "db.de", "db.fr", "db.mc", "db.us", "db.jp",
		"db.us.big", "db.all", "db.source", "db.near", "database"};
	static const char *const clients[] = {"192.0.2.0/24", "198.51.100.77", "198.51.101.0/24",
		"203.0.113.0/25", "8.8.8.0/24", "10.0.0.1", "10.1.1.0/24", "2001:db8:fa::/56"};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (size_t k = 0; k < sizeof(clients) / sizeof(*clients); k++) {
			json_t *object = explain(names[i], clients[k]);
			size_t expected = json_array_size(json_object_get(object, "candidates"));
			unsigned found = answers_compare(names[i], clients[k], object);
			if (found != expected)
				fail_msg("%s %s: %u addresses seen, %zu candidates", names[i],
					clients[k], found, expected);
			json_decref(object);
		}
}

/* Nobody's rotation moves. */
static void test_turns_stay(void **state)
{
	(void)state;
	json_decref(explain("db.local", "192.0.2.0/24"));
	for (size_t i = 0; i < world.snapshot->turn_count; i++)
		assert_int_equal(world.serving.turns[i].next, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_answers_are_candidates),
		cmocka_unit_test(test_turns_stay),
	};
	return cmocka_run_group_tests(tests, explain_load, explain_unload);
}
