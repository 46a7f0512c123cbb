#include "geo/place.h"

#include "tests/unit/mmdb_write.h"

#include <endian.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/address.h"

static char why[512];

static struct place_overrides *overrides_of(const char *text)
{
	*why = 0;
	return place_overrides_parse(text, strlen(text), "o.csv", why, sizeof why);
}

static const struct {
	const char *text, *sentence;
} refused_rows[] = {
	{"10.0.0.0/8 DE", "o.csv:1: \"10.0.0.0/8 DE\" has no comma; expected network,country"},
	{"10.0.0.0/8,DE,x", "o.csv:1: \"10.0.0.0/8,DE,x\" has more than two fields"},
	{"10.0.0.0/8,DE,", "o.csv:1: \"10.0.0.0/8,DE,\" has more than two fields"},
	{"\n# c\n10.0.0.0/8,XX", "o.csv:3: \"XX\" is not a country; expected an ISO 3166-1 code"},
	{"10.0.0.0/8,", "o.csv:1: \"\" is not a country"},
	{"10.0.0.0/8,Germany", "o.csv:1: \"Germany\" is not a country"},
	{"10.0.0.0/8,D\tE", "o.csv:1: \"D?E\" is not a country"},
	{"10.0.0.1,DE",
		"o.csv:1: \"10.0.0.1\" has no prefix length; expected one: a single address is 10.0.0.1/32"},
	{"::1,DE", "a single address is ::1/128"},
	{"10.0.0.1/8,DE", "o.csv:1: \"10.0.0.1/8\" has host bits set; expected "
			  "10.0.0.0/8"},
	{"2001:db8::1/32,DE", "has host bits set; expected 2001:db8::/32"},
	{"0.0.0.1/0,DE", "has host bits set; expected 0.0.0.0/0"},
	{"10.0.0.0/33,DE", "has the prefix length \"33\"; expected 0 to 32"},
	{"2001:db8::/129,DE", "has the prefix length \"129\"; expected 0 to 128"},
	{"10.0.0.0/,DE", "has the prefix length \"\"; expected 0 to 32"},
	{"10.0.0.0/-8,DE", "has the prefix length \"-8\""},
	{"10.0.0.0/08,DE", "has the prefix length \"08\""},
	{"10.0.0.0/8/8,DE", "has the prefix length \"8/8\""},
	{"10.0.0.0/ 8,DE", "has the prefix length \" 8\""},
	{"10.0.0.0/4294967304,DE", "has the prefix length \"4294967304\""},
	{"10.0.0/8,DE", "o.csv:1: \"10.0.0/8\" is not a network; expected one like"},
	{"010.0.0.0/8,DE", "is not a network"},
	{"10.0.0.0 /8,DE", "is not a network"},
	{"fe80::%1/64,DE", "is not a network"},
	{",DE", "o.csv:1: \"\" is not a network"},
	{"network,country", "o.csv:1: \"network\" is not a network"},
	{"10.0.0.0/8\x01,DE", "\"10.0.0.0/8?\" has the prefix length \"8?\""},
	{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd/64,DE",
		"\"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:...\" is no"},
	{"10.0.0.0/8,DE\n10.0.0.0/9,DE\n10.0.0.0/8,FR",
		"o.csv:3: 10.0.0.0/8 is already in line 1; expected each network once"},
	{"::ffff:10.0.0.0/104,DE\n10.0.0.0/8,DE", "o.csv:2: 10.0.0.0/8 is already in line 1"},
	{"2001:db8::/32,DE\n#\n2001:DB8:0::/32,DE", "o.csv:3: 2001:db8::/32 is already in line 1"},
	{"1.0.0.0/8,DE\n2.0.0.0/8,DE\n2.0.0.0/8,DE\n1.0.0.0/8,DE", "o.csv:3: 2.0.0.0/8"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused_rows / sizeof *refused_rows; i++) {
		assert_null(overrides_of(refused_rows[i].text));
		if (!strstr(why, refused_rows[i].sentence))
			fail_msg("\"%s\", expected \"%s\"", why, refused_rows[i].sentence);
	}
	/* NUL ends nothing, and neither does the end of the text need a newline. */
	assert_null(place_overrides_parse("10.0.0.0/8\0,DE", 14, "o.csv", why, sizeof why));
	assert_non_null(strstr(why, "\"10.0.0.0/8?\""));
	/* A short buffer is no overrun. */
	assert_null(place_overrides_parse("x", 1, "a-long-name.csv", why, 8));
	assert_string_equal(why, "a-long-");
}

static void test_accepted(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t count;
		bool ipv6;
		unsigned length, line;
		const char *network, *code;
	} rows[] = {
		{"", 0, false, 0, 0, "", ""},
		{"\n \t\n# 10.0.0.0/8,DE\r\n", 0, false, 0, 0, "", ""},
		{"10.0.0.0/8,DE", 1, false, 8, 1, "10.0.0.0", "DE"},
		{"\n\n10.0.0.0/8,DE\r\n", 1, false, 8, 3, "10.0.0.0", "DE"},
		{"  10.0.0.0/8\t ,  de # office", 1, false, 8, 1, "10.0.0.0", "DE"},
		{"10.0.0.0/8,uk#office", 1, false, 8, 1, "10.0.0.0", "GB"},
		{"0.0.0.0/0,IS", 1, false, 0, 1, "0.0.0.0", "IS"},
		{"255.255.255.255/32,IS", 1, false, 32, 1, "255.255.255.255", "IS"},
		{"::/0,IS", 1, true, 0, 1, "::", "IS"},
		{"2001:db8::/32,IS", 1, true, 32, 1, "2001:db8::", "IS"},
		{"::1/128,IS", 1, true, 128, 1, "::1", "IS"},
		{"::ffff:0.0.0.0/96,IS", 1, false, 0, 1, "0.0.0.0", "IS"},
		{"::ffff:192.0.2.1/128,IS", 1, false, 32, 1, "192.0.2.1", "IS"},
		{"::fffe:0:0/95,IS", 1, true, 95, 1, "::fffe:0:0", "IS"},
		{"::/64,IS", 1, true, 64, 1, "::", "IS"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct place_overrides *overrides = overrides_of(rows[i].text);
		if (!overrides)
			fail_msg("%s", why);
		assert_int_equal(overrides->count, rows[i].count);
		if (rows[i].count > 0) {
			const struct place_override *override = &overrides->list[0];
			bool ipv6;
			struct place_address address = address_of(rows[i].network, &ipv6);
			assert_int_equal(override->ipv6, rows[i].ipv6);
			assert_int_equal(override->prefix.length, rows[i].length);
			assert_int_equal(override->line, rows[i].line);
			assert_true(override->prefix.address.high == address.high &&
				    override->prefix.address.low == address.low);
			assert_string_equal(country_code(override->country), rows[i].code);
		}
		place_overrides_free(overrides);
	}
}

static const char overrides_text[] = "10.1.0.0/16,DE\n"
				     "10.1.2.0/24,FR\n"
				     "10.1.2.3/32,DE\n"
				     "8.0.0.0/6,PL\n"
				     "10.128.0.0/9,PL\n"
				     "127.0.0.1/32,IS\n"
				     "255.255.255.255/32,IS\n"
				     "128.0.0.0/1,CH\n"
				     "2001:db8::/32,JP\n"
				     "2001:db8::/33,KR\n"
				     "::ffff:1.0.0.0/104,SE\n"
				     "fd00::/8,NO\n"
				     "::/64,FI\n";

static struct places *places_make(bool with_database, const char *text)
{
	struct mmdb mmdb = mmdb_init(28, true, false);
	mmdb_add_ipv4(&mmdb, 0, 0, "US");
	mmdb_add_ipv4(&mmdb, 0x64400000, 11, "BR");
	mmdb_add_ipv6(&mmdb, key_of("2000::"), 3, "US");
	mmdb_add_ipv6(&mmdb, key_of("fe80::"), 11, "AR");
	struct mmdb_file file = mmdb_write(&mmdb);
	struct place_database *database =
		place_database_parse(file.octets, file.size, "x", why, sizeof why);
	struct place_overrides *overrides = overrides_of(text);
	assert_true(database && overrides);
	struct places *places = places_build(with_database ? database : NULL, overrides);
	assert_non_null(places);
	place_database_free(database);
	place_overrides_free(overrides);
	free(file.octets);
	mmdb_free(&mmdb);
	family_check(&places->ipv4);
	family_check(&places->ipv6);
	return places;
}

static const struct {
	const char *address, *code, *without; /* with a database, without */
	bool special;
} layer_rows[] = {
	{"0.0.0.0", "US", "", false},
	{"1.2.3.4", "SE", "SE", false},
	{"8.0.0.0", "PL", "PL", false},
	/* A wide override covers a special block inside it, a narrow one its part. */
	{"10.0.0.1", "PL", "PL", false},
	{"10.1.0.0", "DE", "DE", false},
	{"10.1.2.0", "FR", "FR", false},
	{"10.1.2.3", "DE", "DE", false},
	{"10.1.2.4", "FR", "FR", false},
	{"10.1.3.0", "DE", "DE", false},
	{"10.255.0.0", "PL", "PL", false},
	{"11.255.255.255", "PL", "PL", false},
	{"12.0.0.0", "US", "", false},
	{"100.63.255.255", "US", "", false},
	/* Special space keeps the database's country. */
	{"100.64.0.0", "BR", "", true},
	{"100.96.0.0", "US", "", true},
	{"100.127.255.255", "US", "", true},
	{"100.128.0.0", "US", "", false},
	{"126.255.255.255", "US", "", false},
	{"127.0.0.0", "US", "", true},
	{"127.0.0.1", "IS", "IS", false},
	{"127.0.0.2", "US", "", true},
	{"128.0.0.0", "CH", "CH", false},
	{"169.254.1.1", "CH", "CH", false},
	{"192.168.1.1", "CH", "CH", false},
	{"255.255.255.254", "CH", "CH", false},
	{"255.255.255.255", "IS", "IS", false},
	{"::", "FI", "FI", false},
	{"::1", "FI", "FI", false},
	{"::ffff:1.2.3.4", "", "", false},
	{"::ffff:255.255.255.255", "", "", false},
	{"::1:0:0:0", "FI", "FI", false},
	{"0:0:0:1::", "", "", false},
	{"2001:db7::", "US", "", false},
	{"2001:db8::", "KR", "KR", false},
	{"2001:db8:8000::", "JP", "JP", false},
	{"2001:db9::", "US", "", false},
	{"fbff::", "", "", false},
	{"fc00::", "", "", true},
	{"fd00::", "NO", "NO", false},
	{"fe00::", "", "", false},
	{"fe80::1", "AR", "", true},
	{"fea0::1", "", "", true},
	{"febf::ffff", "", "", true},
	{"fec0::", "", "", false},
};

static void test_layers(void **state)
{
	(void)state;
	for (unsigned with = 0; with < 2; with++) {
		struct places *places = places_make(with, overrides_text);
		for (size_t i = 0; i < sizeof layer_rows / sizeof *layer_rows; i++) {
			bool ipv6;
			struct place_address address = address_of(layer_rows[i].address, &ipv6);
			const struct place_segment *segment =
				places_find(ipv6 ? &places->ipv6 : &places->ipv4, address);
			const char *expected = with ? layer_rows[i].code : layer_rows[i].without;
			if (strcmp(country_code(segment->country), expected) != 0 ||
				segment->special != layer_rows[i].special)
				fail_msg("%s: \"%s\" %d", layer_rows[i].address,
					country_code(segment->country), segment->special);
		}
		places_free(places);
	}
}

/* Special space as prefixes: "network/length" of each part, in order. */
static void test_special(void **state)
{
	(void)state;
	static const struct {
		const char *overrides, *ipv4, *ipv6;
	} rows[] = {
		{"",
			"10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 "
			"192.168.0.0/16 ",
			"::1/128 fc00::/7 fe80::/10 "},
		{"10.64.0.0/10,DE\n0.0.0.0/2,DE\n100.0.0.0/6,DE\n172.16.0.0/12,DE\n::/0,DE\n",
			"127.0.0.0/8 169.254.0.0/16 192.168.0.0/16 ", ""},
		{"10.64.0.0/11,DE\n126.0.0.0/7,DE\n169.0.0.0/8,DE\n172.0.0.0/8,DE\n192.168.0.1/32,"
		 "DE\n::1/128,DE\nfd00::/8,DE\nfe80::/64,DE\nfe80::/10,US",
			"10.0.0.0/10 10.96.0.0/11 10.128.0.0/9 100.64.0.0/10 192.168.0.0/32 "
			"192.168.0.2/31 192.168.0.4/30 192.168.0.8/29 192.168.0.16/28 "
			"192.168.0.32/27 192.168.0.64/26 192.168.0.128/25 192.168.1.0/24 "
			"192.168.2.0/23 192.168.4.0/22 192.168.8.0/21 192.168.16.0/20 "
			"192.168.32.0/19 192.168.64.0/18 192.168.128.0/17 ",
			"fc00::/8 "},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct places *places = places_make(true, rows[i].overrides);
		for (unsigned family = 0; family < 2; family++) {
			char text[1024] = "", part[INET6_ADDRSTRLEN];
			for (size_t j = 0; j < places->special_count[family]; j++) {
				struct place_prefix prefix = places->special[family][j];
				uint64_t halves[2] = {
					htobe64(prefix.address.high), htobe64(prefix.address.low)};
				inet_ntop(family ? AF_INET6 : AF_INET, halves, part, sizeof part);
				size_t at = strlen(text);
				snprintf(
					text + at, sizeof text - at, "%s/%u ", part, prefix.length);
			}
			assert_string_equal(text, family ? rows[i].ipv6 : rows[i].ipv4);
		}
		places_free(places);
	}
}

/* 200,000 nested overrides: a sweep, no search through all for each. */
static void test_many(void **state)
{
	(void)state;
	enum { COUNT = 200000 };
	char *text = malloc(COUNT * 24);
	assert_non_null(text);
	size_t size = 0;
	for (unsigned i = 0; i < COUNT / 2; i++) {
		size += (size_t)sprintf(text + size, "%u.%u.%u.0/24,%s\n", i >> 16, i >> 8 & 255,
			i & 255, i % 2 ? "DE" : "FR");
		size += (size_t)sprintf(
			text + size, "%u.%u.%u.8/32,PL\n", i >> 16, i >> 8 & 255, i & 255);
	}
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	struct place_overrides *overrides =
		place_overrides_parse(text, size, "o.csv", why, sizeof why);
	struct places *places = places_build(NULL, overrides);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_non_null(places);
	double seconds =
		(double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
	print_message("%u overrides: %.3f s, %zu segments\n", COUNT, seconds, places->ipv4.count);
	/* Each /24 is three segments; behind the last are the end and the six special blocks. */
	assert_int_equal(places->ipv4.count, 3 * COUNT / 2 + 1 + 2 * 6);
	assert_true(seconds < 10);
	place_overrides_free(overrides);
	places_free(places);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
