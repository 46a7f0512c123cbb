#include "geo/map.h"

#include "tests/unit/mmdb_write.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/map_oracle.h"

static char why[512];

static struct map *map_of(
	struct mmdb *mmdb, const char *overrides_text, const uint16_t outcome[COUNTRY_MAX + 1])
{
	struct place_database *database = NULL;
	if (mmdb) {
		struct mmdb_file file = mmdb_write(mmdb);
		database = place_database_parse(file.octets, file.size, "x", why, sizeof why);
		free(file.octets);
		if (!database)
			fail_msg("%s", why);
	}
	struct place_overrides *overrides =
		place_overrides_parse(overrides_text, strlen(overrides_text), "o", why, sizeof why);
	if (!overrides)
		fail_msg("%s", why);
	struct places *places = places_build(database, overrides);
	place_database_free(database);
	place_overrides_free(overrides);
	assert_non_null(places);
	struct map *map = map_build(places, outcome);
	places_free(places);
	assert_non_null(map);
	return map;
}

static struct map_match map_find(
	const struct map *map, bool ipv6, const uint8_t octets[16], uint8_t *special_length)
{
	uint32_t ipv4 = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
			(uint32_t)octets[2] << 8 | octets[3];
	*special_length = map_special_length(map, ipv6, octets);
	return ipv6 ? map_find_ipv6(map, map_key(octets)) : map_find_ipv4(map, ipv4);
}

static const char nothing[] = "";
static const char nested[] = "20.0.0.0/8,DE\n20.5.0.0/16,FR\n30.0.0.0/8,DE\n31.0.0.0/8,AT\n"
			     "10.5.0.0/16,DE\n2001:db8::/32,JP\n2001:db8:1::/48,KR\n"
			     "2001:db8::1/128,KR\nfd00::/8,DE\n";
static const char all_one[] = "::/0,DE\n0.0.0.0/0,AT\n";
static const char all_two[] = "::/0,DE\n0.0.0.0/0,FR\n";
static const char one_but[] = "::/0,DE\n0.0.0.0/0,DE\n2001:db8::/32,FR\n";
static const char edges[] = "0.0.0.0/32,DE\n255.255.255.255/32,DE\n::/128,DE\n"
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128,DE\n";

/* Each country is an outcome of its own, but AT's is DE's. */
static const struct {
	const char *overrides, *address, *code;
	unsigned length, special; /* special: map_special_length, 0: is none */
} table_rows[] = {
	{nothing, "192.0.2.1", "", 0, 0},
	{nothing, "10.0.0.1", "", 0, 0},
	{nothing, "2001:db8::1", "", 0, 0},
	{nothing, "fe80::1", "", 0, 0},
	{nothing, "::ffff:10.0.0.1", "", 0, 0},
	{nested, "20.5.1.1", "FR", 16, 0},
	{nested, "20.4.255.255", "DE", 16, 0},
	{nested, "20.6.0.0", "DE", 15, 0},
	{nested, "20.0.0.0", "DE", 14, 0},
	{nested, "20.128.0.0", "DE", 9, 0},
	{nested, "21.0.0.0", "", 8, 0},
	{nested, "30.1.2.3", "DE", 7, 0},
	{nested, "31.1.2.3", "DE", 7, 0},
	{nested, "0.0.0.0", "", 5, 0},
	{nested, "9.0.0.0", "", 7, 0},
	{nested, "10.5.6.7", "DE", 16, 0},
	{nested, "10.4.0.0", "", 16, 16},
	{nested, "10.0.0.0", "", 14, 14},
	{nested, "10.128.0.0", "", 9, 9},
	{nested, "192.168.0.1", "", 16, 16},
	{nested, "::ffff:20.5.1.1", "FR", 112, 0},
	{nested, "::ffff:10.128.0.1", "", 105, 105},
	{nested, "2001:db8:1::", "KR", 48, 0},
	{nested, "2001:db8::", "JP", 128, 0},
	{nested, "2001:db8::1", "KR", 128, 0},
	{nested, "2001:db8::2", "JP", 127, 0},
	{nested, "2001:db8:2::", "JP", 47, 0},
	{nested, "2001:db9::", "", 32, 0},
	{nested, "4000::", "", 2, 0},
	{nested, "::1", "", 128, 128},
	{nested, "::", "", 128, 0},
	{nested, "::fffe:0:0", "", 96, 0},
	{nested, "fc00::1", "", 8, 8},
	{nested, "fd00::1", "DE", 8, 0},
	{nested, "febf::1", "", 10, 10},
	{all_one, "10.0.0.1", "DE", 0, 0},
	{all_one, "::1", "DE", 0, 0},
	{all_one, "::ffff:1.2.3.4", "DE", 0, 0},
	{all_two, "10.0.0.1", "FR", 0, 0},
	{all_two, "::ffff:1.2.3.4", "FR", 96, 0},
	{all_two, "8000::", "DE", 1, 0},
	{all_two, "2001:db8::", "DE", 3, 0},
	{all_two, "::fffe:0:0", "DE", 96, 0},
	{one_but, "10.0.0.1", "DE", 0, 0},
	{one_but, "::ffff:1.2.3.4", "DE", 96, 0},
	{one_but, "::fffe:0:0", "DE", 3, 0},
	{one_but, "2001:db8::", "FR", 32, 0},
	{edges, "0.0.0.0", "DE", 32, 0},
	{edges, "0.0.0.1", "", 32, 0},
	{edges, "255.255.255.255", "DE", 32, 0},
	{edges, "255.255.255.253", "", 31, 0},
	{edges, "::", "DE", 128, 0},
	{edges, "::3", "", 127, 0},
	{edges, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "DE", 128, 0},
	{edges, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffc", "", 127, 0},
};

static void test_table(void **state)
{
	(void)state;
	uint16_t outcome[COUNTRY_MAX + 1];
	for (unsigned country = 0; country <= COUNTRY_MAX; country++)
		outcome[country] = (uint16_t)(country ? country : 65535);
	outcome[country_find("AT", 2)] = outcome[country_find("DE", 2)];
	for (size_t i = 0; i < sizeof table_rows / sizeof *table_rows; i++) {
		struct map *map = map_of(NULL, table_rows[i].overrides, outcome);
		uint8_t octets[16] = {0}, special_length;
		bool ipv6 = strchr(table_rows[i].address, ':') != NULL;
		assert_int_equal(
			inet_pton(ipv6 ? AF_INET6 : AF_INET, table_rows[i].address, octets), 1);
		struct map_match match = map_find(map, ipv6, octets, &special_length);
		if (match.outcome != outcome[country_find(
					     table_rows[i].code, strlen(table_rows[i].code))] ||
			match.length != table_rows[i].length ||
			match.special != (table_rows[i].special != 0) ||
			(match.special && special_length != table_rows[i].special))
			fail_msg("row %zu, %s: %u/%u %d (%u)", i, table_rows[i].address,
				match.outcome, match.length, match.special, special_length);
		map_free(map);
	}
	map_free(NULL);
}

static uint64_t random_state = 7871;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 32) * limit >> 32);
}

static oracle_key random_key(unsigned bits)
{
	oracle_key key = 0;
	for (unsigned i = 0; i < 4; i++)
		key = key << 32 | random_below(UINT32_MAX);
	return bits == 32 ? key & 0xFFFFFFFF : key;
}

/* Where something interesting is: at special space, at the mapped block, in global unicast. */
static oracle_key base_key(unsigned bits)
{
	static const uint32_t ipv4[] = {0, 0x0A000000, 0x0AFFFF00, 0x64400000, 0x7F000001,
		0xA9FE0000, 0xAC100000, 0xC0A80100, 0x51020300, 0xFFFFFFFF};
	static const struct {
		uint64_t high, low;
	} ipv6[] = {{0, 0}, {0, 1}, {0, 0xFFFF00000000}, {0, 0xFFFE00000000}, {0, 0x1000000000000},
		{0, 0x51020300}, {0x2001000000000000, 0}, {0x20010DB800000000, 0},
		{0x2002000000000000, 0}, {0xFC00000000000000, 0}, {0xFD12345678000000, 0},
		{0xFE80000000000000, 0}, {0xFEC0000000000000, 0}, {UINT64_MAX, UINT64_MAX}};
	if (bits == 32)
		return ipv4[random_below(sizeof ipv4 / sizeof *ipv4)];
	size_t i = random_below(sizeof ipv6 / sizeof *ipv6);
	return (oracle_key)ipv6[i].high << 64 | ipv6[i].low;
}

/* Adds a network, often inside or around one that there is, unless it is there. */
static void net_add(struct oracle_list *list, unsigned bits, unsigned outer, unsigned country)
{
	unsigned way = random_below(list->count ? 4 : 2), length = random_below(bits + 1);
	oracle_key key = way == 0 ? random_key(bits) : base_key(bits);
	if (way > 1) {
		const struct oracle_net *net = &list->nets[random_below((uint32_t)list->count)];
		if (net->length < outer)
			return;
		length = net->length - outer;
		length = way == 2 ? length + random_below(9) : random_below(length + 1);
		length = length > bits ? bits : length;
		key = net->first | oracle_last(0, net->length, outer + bits);
		key = net->first | (random_key(bits) & (key ^ net->first));
	}
	key = oracle_mask(key, length, bits);
	for (size_t i = 0; i < list->count; i++)
		if (list->nets[i].first == key && list->nets[i].length == outer + length)
			return;
	list->nets[list->count++] = (struct oracle_net){key, outer + length, country};
}

static void world_fill(struct oracle *oracle)
{
	unsigned palette[ORACLE_PALETTE], kinds = 1 + random_below(4);
	for (unsigned i = 0; i < ORACLE_PALETTE; i++)
		palette[i] = 1 + random_below(COUNTRY_MAX);
	for (unsigned i = 0; i <= COUNTRY_MAX; i++)
		oracle->outcome[i] = (uint16_t)(1000 * random_below(kinds));
	for (uint32_t i = random_below(60); i > 0; i--) {
		bool is_ipv6 = oracle->tree_ipv6 && random_below(2);
		net_add(&oracle->database, is_ipv6 ? 128 : 32, is_ipv6 ? 0 : 96,
			palette[random_below(ORACLE_PALETTE)]);
	}
	/* In some worlds an override is all of a family, in some the only one. */
	for (unsigned family = 0; family < 2; family++) {
		struct oracle_list *list = &oracle->overrides[family];
		if (random_below(3) == 0)
			list->nets[list->count++] = (struct oracle_net){0, 0, palette[0]};
		for (uint32_t i = random_below(3) ? random_below(50) : 0; i > 0; i--) {
			net_add(list, family ? 128 : 32, 0, palette[random_below(ORACLE_PALETTE)]);
			/* What is inside of the mapped block is IPv4's: written so below. */
			const struct oracle_net *last = &list->nets[list->count - 1];
			if (family && oracle_is_mapped(last->first) && last->length >= 96)
				list->count--;
		}
	}
}

static struct map *world_map(const struct oracle *oracle)
{
	static const unsigned sizes[] = {24, 28, 32};
	struct mmdb mmdb = mmdb_init(sizes[random_below(3)], oracle->tree_ipv6, random_below(2));
	for (unsigned length = 0; length <= 128; length++)
		for (size_t i = 0; i < oracle->database.count; i++) {
			const struct oracle_net *net = &oracle->database.nets[i];
			if (net->length != length)
				continue;
			const char *code = country_code(net->country);
			if (length >= 96 && net->first >> 32 == 0)
				mmdb_add_ipv4(&mmdb, (uint32_t)net->first, length - 96, code);
			else
				mmdb_add_ipv6(&mmdb, net->first, length, code);
		}
	char text[2 * ORACLE_NETS * 64] = "", address[INET6_ADDRSTRLEN];
	for (size_t family = 0, at = 0; family < 2; family++)
		for (size_t i = 0; i < oracle->overrides[family].count; i++) {
			const struct oracle_net *net = &oracle->overrides[family].nets[i];
			bool mapped = !family && random_below(4) == 0;
			oracle_text(family, net->first, address);
			at += (size_t)sprintf(text + at, "%s%s/%u,%s\n", mapped ? "::ffff:" : "",
				address, net->length + (mapped ? 96 : 0),
				country_code(net->country));
		}
	struct map *map = map_of(oracle->database.count ? &mmdb : NULL, text, oracle->outcome);
	mmdb_free(&mmdb);
	return map;
}

/* The widest prefix with this property: it has it, and its parent has not. */
static bool special_is_right(
	const struct oracle *oracle, bool ipv6, oracle_key key, unsigned length)
{
	return oracle_is_special(oracle, ipv6, key, length) &&
	       !oracle_is_special(oracle, ipv6, key, length - 1);
}

static bool match_is_right(
	const struct oracle *oracle, const struct map *map, bool ipv6, oracle_key key)
{
	uint8_t octets[16], special_length;
	for (unsigned i = 0; i < 16; i++)
		octets[i] = (uint8_t)(ipv6    ? key >> (120 - 8 * i)
				      : i < 4 ? key >> (24 - 8 * i)
					      : 0);
	struct map_match match = map_find(map, ipv6, octets, &special_length);
	struct oracle_answer answer = oracle_find(oracle, ipv6, key);
	if (match.outcome != answer.outcome)
		return false;
	if (oracle->same)
		return match.length == 0 && !match.special;
	if (match.special != answer.special)
		return false;
	if (ipv6 && oracle_is_mapped(key)) {
		if (match.length < 96 || special_length < 96)
			return match.length >= 96 && !match.special;
		match.length = (uint8_t)(match.length - 96);
		special_length = (uint8_t)(special_length - 96);
		key &= 0xFFFFFFFF;
		ipv6 = false;
	}
	if (match.special && !special_is_right(oracle, ipv6, key, special_length))
		return false;
	return match.length <= (ipv6 ? 128 : 32) &&
	       oracle_is_uniform(oracle, ipv6, key, match.length, answer) &&
	       (match.length == 0 ||
		       !oracle_is_uniform(oracle, ipv6, key, match.length - 1u, answer));
}

/* An address as a query carries it: near an edge or anywhere, zero padded behind its source. */
static oracle_key address_random(const struct oracle *oracle, bool ipv6)
{
	unsigned bits = ipv6 ? 128 : 32, way = random_below(4);
	const struct oracle_edges *near = &oracle->edges[ipv6];
	oracle_key key = random_key(bits), edge = near->at[random_below((uint32_t)near->count)];
	if (way == 1)
		key = edge + random_below(3) - 1;
	else if (way > 1)
		key = edge ^ oracle_mask(key, bits, bits) >> random_below(bits);
	unsigned source = way == 1 ? bits : random_below(bits + 1);
	return oracle_mask(key & oracle_last(0, 0, bits), source, bits);
}

static void test_property(void **state)
{
	(void)state;
	enum { WORLDS = 250, CHECKS = 4000 };
	static struct oracle oracle;
	size_t checks = 0, wrong = 0, special = 0, mapped = 0, same = 0, networks = 0;
	for (unsigned world = 0; world < WORLDS; world++) {
		memset(&oracle, 0, sizeof oracle);
		oracle.tree_ipv6 = random_below(4) != 0;
		world_fill(&oracle);
		oracle_finish(&oracle);
		struct map *map = world_map(&oracle);
		for (unsigned i = 0; i < CHECKS; i++, checks++) {
			bool ipv6 = random_below(2);
			oracle_key key = address_random(&oracle, ipv6);
			char text[INET6_ADDRSTRLEN];
			if (!match_is_right(&oracle, map, ipv6, key) && ++wrong <= 10)
				print_message("world %u: %s is wrong\n", world,
					oracle_text(ipv6, key, text));
			special += !oracle.same && oracle_find(&oracle, ipv6, key).special;
			mapped += ipv6 && oracle_is_mapped(key);
		}
		same += oracle.same;
		networks += oracle.database.count + oracle.overrides[0].count +
			    oracle.overrides[1].count;
		map_free(map);
	}
	print_message(
		"scope: %zu checks in %u worlds of %zu networks in all (%zu in special space, "
		"%zu mapped, %zu worlds of one outcome): %zu mismatches\n",
		checks, WORLDS, networks, special, mapped, same, wrong);
	assert_int_equal(wrong, 0);
	assert_int_equal(checks, 1000000);
	assert_true(special > 1000 && mapped > 1000 && same > 0 && same < WORLDS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_property),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
