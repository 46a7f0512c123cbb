#include "tests/unit/explain_case.h"

#include "tests/unit/packet_case.h"

#include "dns/explain/explain.h"
#include "dns/query/explain_txt.h"

#include <arpa/inet.h>

enum { STRINGS_MAX = 64 };

/* The strings of one TXT, and the query that asked for it. */
struct told {
	struct packet packet;
	struct query query;
	struct client client;
	char strings[STRINGS_MAX][256];
	unsigned count;
	size_t size;
};

static const struct client loopback = {.address = {127, 0, 0, 1}};

/* "192.0.2.0/24", or NULL: no client subnet. */
static void query_build(struct told *asked, const char *name, const char *subnet)
{
	uint8_t rest[400], wire[NAME_SIZE_MAX], address[16] = {0};
	char text[64];
	struct wire_writer writer = {rest, rest + sizeof(rest), false};
	unsigned length = 0;
	if (!name_parse(name, world.snapshot->zones[0].apex, wire, why, sizeof(why)))
		fail_msg("%s: %s", name, why);
	wire_put(&writer, wire, name_size(wire));
	wire_put(&writer, "\0\20\0\1\0\0\x29\4\xd0\0\0\0\0", 13);
	if (subnet) {
		snprintf(text, sizeof(text), "%s", subnet);
		length = (unsigned)atoi(strchr(text, '/') + 1);
		*strchr(text, '/') = '\0';
	}
	bool ipv6 = subnet && strchr(text, ':');
	size_t octets = (length + 7) / 8;
	if (subnet)
		assert_int_equal(inet_pton(ipv6 ? AF_INET6 : AF_INET, text, address), 1);
	wire_put16(&writer, subnet ? (unsigned)(8 + octets) : 0);
	if (subnet) {
		wire_put16(&writer, 8);
		wire_put16(&writer, (unsigned)(4 + octets));
		wire_put16(&writer, ipv6 ? 2 : 1);
		wire_put8(&writer, length);
		wire_put8(&writer, 0);
		wire_put(&writer, address, octets);
	}
	packet_build(
		&asked->packet, 0x0100, (uint16_t[]){1, 0, 0, 1}, rest, (size_t)(writer.at - rest));
	assert_int_equal(
		query_parse(&asked->query, asked->packet.octets, asked->packet.size), QUERY_GOOD);
}

/* Asks with `room` octets and takes the strings apart. */
static void explain_txt_ask(struct told *asked, size_t room)
{
	uint8_t *rdata = malloc(room ? room : 1);
	assert_non_null(rdata);
	asked->size = explain_txt_write(world.snapshot, &asked->client, &asked->query, rdata, room);
	assert_true(asked->size <= room);
	asked->count = 0;
	for (size_t at = 0; at < asked->size; at += 1u + rdata[at]) {
		assert_true(at + 1 + rdata[at] <= asked->size && asked->count < STRINGS_MAX);
		memcpy(asked->strings[asked->count], rdata + at + 1, rdata[at]);
		asked->strings[asked->count++][rdata[at]] = '\0';
	}
	free(rdata);
}

static struct told *ask(const char *name, const char *subnet)
{
	static struct told asked;
	asked.client = loopback;
	query_build(&asked, name, subnet);
	assert_true(explain_txt_is_query(&asked.query.name));
	bool identity;
	explain_txt_ask(&asked, explain_txt_room(&asked.query, 0, &identity));
	return &asked;
}

static bool has(const struct told *asked, const char *string)
{
	for (unsigned i = 0; i < asked->count; i++)
		if (strcmp(asked->strings[i], string) == 0)
			return true;
	return false;
}

static void test_strings(void **state)
{
	static const struct {
		const char *name, *subnet, *strings[12];
	} rows[] = {
		{"_explain.db.local", "192.0.2.0/24",
			{"client=192.0.2.0/24", "from=ecs", "network=192.0.2.0/24", "country=DE",
				"override=line 2", "pool=db.local", "scope=24",
				"level=country:DE ipv4 3/5 ipv6 2/4",
				"candidates=192.0.2.11 192.0.2.12 192.0.2.13",
				"candidates=2001:db8:de::11 2001:db8:de::12"}},
		{"_EXPLAIN.db.local", NULL,
			{"client=127.0.0.1", "from=source", "network=127.0.0.0/8", "country=none",
				"pool=db.local", "scope=8", "level=world ipv4 84/86 ipv6 3/5"}},
		{"_explain.db.mc", "198.51.101.0/24",
			{"client=198.51.101.0/24", "country=MC", "pool=db.*", "scope=0",
				"level=country:MC ipv4 0/0 ipv6 0/0",
				"level=continent:EU ipv4 5/7 ipv6 2/4",
				"candidates=192.0.2.11 192.0.2.12 192.0.2.13 198.51.100.21 "
				"198.51.100.22"}},
		{"_explain.database", "2001:db8:fa::/48",
			{"client=2001:db8:fa::/48", "from=ecs", "network=2001:db8:fa::/48",
				"country=FR", "pool=db.local", "scope=48",
				"level=country:FR ipv4 2/2 ipv6 0/0",
				"level=continent:EU ipv4 5/7 ipv6 2/4",
				"candidates=198.51.100.21 198.51.100.22"}},
		{"_explain.db.us", NULL, /* one of many has its place */
			{"candidates=2001:db8:5::1", "level=country:US ipv4 40/40 ipv6 1/1"}},
		{"_explain.db.local", "10.0.0.0/8",
			{"client=127.0.0.1", "from=source", "country=none", "scope=16"}},
		{"_explain.db.local", "0.0.0.0/0", {"client=127.0.0.1", "from=source", "scope=0"}},
		{"_explain.db.source", "192.0.2.0/24",
			{"client=127.0.0.1", "from=source", "scope=0"}},
		{"_explain.db.near", "198.51.100.0/25",
			{"level=country:FR ipv4 2/2 ipv6 0/0",
				"candidates=198.51.100.21 198.51.100.22"}},
		{"_explain.www", "192.0.2.0/24",
			{"client=192.0.2.0/24", "country=DE", "pool=none"}},
		{"_explain.db.zz", "192.0.2.0/24", {"client=192.0.2.0/24", "answer=NXDOMAIN"}},
		{"_explain.nowhere", NULL, {"answer=NXDOMAIN"}},
		{"_explain", NULL, {"pool=none"}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct told *asked = ask(rows[i].name, rows[i].subnet);
		for (unsigned k = 0; k < 12 && rows[i].strings[k]; k++)
			if (!has(asked, rows[i].strings[k])) {
				for (unsigned n = 0; n < asked->count; n++)
					printf("  %s\n", asked->strings[n]);
				fail_msg("%s: no %s", rows[i].name, rows[i].strings[k]);
			}
	}
}

static void test_not_ours(void **state)
{
	(void)state;
	assert_int_equal(ask("_explain.example.org.", NULL)->size, 0);
	assert_int_equal(ask("_explain.", NULL)->size, 0);
}

static void test_is_query(void **state)
{
	static const struct {
		const char *name;
		bool is;
	} rows[] = {
		{"_explain.db.de", true},
		{"_ExPlAiN.db.de", true},
		{"explain.db.de", false},
		{"_explai.db.de", false},
		{"_explainx.db.de", false},
		{"x._explain.db.de", false},
		{"_expl\\097in.de", true},
		{"\\127explain.de", false},
		{".", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct told asked;
		query_build(&asked, rows[i].name, NULL);
		if (explain_txt_is_query(&asked.query.name) != rows[i].is)
			fail_msg("%s", rows[i].name);
	}
}

static void test_allowed(void **state)
{
	static struct config_network networks[] = {{{{127}, false}, 8},
		{{{192, 0, 2, 64}, false}, 26}, {{{[15] = 1}, true}, 128},
		{{{0x20, 1, 0xd, 0xb8, 0x80}, true}, 33}};
	const struct config config = {.explain_to = networks, .explain_to_count = 4};
	static const struct {
		const char *address;
		bool may;
	} rows[] = {
		{"127.0.0.1", true}, {"127.255.1.2", true}, {"128.0.0.1", false},
		{"192.0.2.64", true}, {"192.0.2.127", true}, {"192.0.2.63", false},
		{"192.0.2.128", false}, {"::1", true}, {"::2", false}, {"2001:db8:8000::1", true},
		{"2001:db8:7fff::1", false}, {"7f00::", false}, /* another family's octets */
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct client client = {.ipv6 = strchr(rows[i].address, ':')};
		inet_pton(client.ipv6 ? AF_INET6 : AF_INET, rows[i].address, client.address);
		if (explain_txt_is_allowed(&config, &client) != rows[i].may)
			fail_msg("%s", rows[i].address);
	}
	assert_false(explain_txt_is_allowed(&(struct config){0}, &loopback));
}

/* Who is shown, each a candidate that explain says too; *more: what the reply says of the rest. */
static size_t shown_count(const struct told *asked, const json_t *candidates, size_t *more)
{
	size_t shown = 0;
	*more = 0;
	for (unsigned i = 0; i < asked->count; i++) {
		char text[256];
		if (sscanf(asked->strings[i], "more=%zu", more) == 1 ||
			strncmp(asked->strings[i], "candidates=", 11) != 0)
			continue;
		memcpy(text, asked->strings[i], sizeof(text));
		for (char *one = strtok(text + 11, " "); one; one = strtok(NULL, " ")) {
			if (!row_find(candidates, "address", one, NULL, NULL))
				fail_msg("%s is no candidate", one);
			shown++;
		}
	}
	return shown;
}

/* In every room, to the octet: whole strings, within it, and nobody is lost count of. */
static void test_rooms(void **state)
{
	static const char *const names[] = {"db.local", "db.us.big", "db.all", "db.mc", "www"};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char name[64];
		size_t more;
		json_t *object =
			explain_json(world.snapshot, names[i], "203.0.113.0/24", why, sizeof(why));
		assert_non_null(object);
		const json_t *candidates = json_object_get(object, "candidates");
		snprintf(name, sizeof(name), "_explain.%s", names[i]);
		struct told *asked = ask(name, "203.0.113.0/24");
		for (size_t room = 0; room <= EXPLAIN_TXT_RDATA_MAX; room++) {
			explain_txt_ask(asked, room);
			size_t shown = shown_count(asked, candidates, &more);
			if (room >= 250 && json_array_size(candidates) &&
				shown + more != json_array_size(candidates))
				fail_msg("%s in %zu: %zu shown, %zu more", name, room, shown, more);
			/* 81 of one family leave the other its half. */
			if (room >= 300 && i == 2)
				assert_true(strstr(asked->strings[asked->count - 2], "=2001:"));
		}
		json_decref(object);
	}
}

/* The longest reply fits 512 octets, whatever else is in it. */
static void test_room(void **state)
{
	struct told asked;
	char name[300] = "_explain";
	(void)state;
	for (unsigned i = 0; i < 110; i++)
		strcat(name, ".a");
	strcat(name, ".clamav.net.");
	query_build(&asked, name, "2001:db8::/128");
	bool identity;
	size_t room = explain_txt_room(&asked.query, 255, &identity);
	size_t rest = HEADER_SIZE + asked.query.question_size + RECORD_FIXED + 11 + 24;
	assert_int_equal(room, 512 - rest); /* NSID was not asked for */
	asked.query.nsid = true;
	assert_int_equal(explain_txt_room(&asked.query, 255, &identity), room);
	assert_false(identity); /* the explanation comes first */
	assert_int_equal(explain_txt_room(&asked.query, 8, &identity), room - 4 - 8);
	assert_true(identity);
	asked.client = loopback;
	explain_txt_ask(&asked, room);
	assert_true(has(&asked, "client=2001:db8::/128") && has(&asked, "answer=NXDOMAIN"));
	query_build(&asked, "_explain.db.de", NULL);
	assert_true(explain_txt_room(&asked.query, 0, &identity) <= EXPLAIN_TXT_RDATA_MAX);
	assert_true(explain_txt_room(&asked.query, 0, &identity) + HEADER_SIZE +
			    asked.query.question_size + RECORD_FIXED + 11 <=
		    512);
}

/* As inet_ntop writes them. */
static void test_addresses(void **state)
{
	static const char *const subnets[] = {"2001:db8::/32", "2001:db8:0:0:1::/80",
		"2001:0:0:1::/64", "1:2:3:4:5:6:7:8/128", "::/1", "2001:db8:a:b:c:d::/96",
		"1:0:2:0:3:0:4:0/127", "abcd:ef01:2345:6789:abcd:ef01:2345:6789/128",
		"2000:0:0:2:0:0:0:3/128", "255.255.255.255/32", "1.20.0.0/14"};
	(void)state;
	for (size_t i = 0; i < sizeof(subnets) / sizeof(*subnets); i++) {
		char expected[80];
		const struct told *asked = ask("_explain.db.local", subnets[i]);
		snprintf(expected, sizeof(expected), "client=%s", subnets[i]);
		if (i == 1) /* the way it is written when it is not typed */
			snprintf(expected, sizeof(expected), "client=2001:db8:0:0:1::/80");
		if (i == 8)
			snprintf(expected, sizeof(expected), "client=2000:0:0:2::3/128");
		if (!has(asked, expected))
			fail_msg("%s: %s", subnets[i], asked->strings[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_is_query),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_rooms),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_addresses),
	};
	return cmocka_run_group_tests(tests, explain_load, explain_unload);
}
