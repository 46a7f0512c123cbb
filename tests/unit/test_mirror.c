/* The export: what is taken, and the sentence for everything that is not. */
#include "geo/mirror.h"

#include "geo/country.h"
#include "tests/unit/mirror_case.h"

#include <arpa/inet.h>

/* Two mirrors on lines that the sentences below name. */
static const char good[] =
	"{\n"
	"  \"format\": \"mirror-export/1\",\n" /* 2 */
	"  \"generated\": \"2026-11-20T18:00:00Z\",\n"
	"  \"serial\": 412,\n" /* 4 */
	"  \"unknown\": {\"mirrors\": [1, 2], \"text\": \"a \\\" ] [ { \\\\\"},\n"
	"  \"mirrors\": [\n" /* 6 */
	"    { \"host\": \"a.example\", \"country\": \"PL\",\n"
	"      \"ipv4\": [\"192.0.2.10\"],\n" /* 8 */
	"      \"ipv6\": [\"2001:db8::10\",\n"
	"               \"2001:db8::11\"],\n" /* 10 */
	"      \"state\": \"ok\", \"since\": \"2026-11-18T04:00:00Z\", \"checked\": \"\",\n"
	"      \"extra\": [], \"weight\": 250 },\n" /* 12 */
	"    { \"host\": \"b.example\",\n"
	"      \"country\": \"uk\",\n" /* 14 */
	"      \"ipv4\": [\n"
	"        \"192.0.2.11\",\n" /* 16 */
	"        \"192.0.2.12\"\n"
	"      ],\n" /* 18 */
	"      \"state\": \"removed\",\n"
	"      \"reason\": \"old for two days\"\n" /* 20 */
	"    }\n"
	"  ]\n" /* 22 */
	"}\n";

#define HOST_63 "h23456789012345678901234567890123456789012345678901234567890123"
#define HOST_253                                                                                   \
	HOST_63 "." HOST_63 "." HOST_63 "."                                                        \
		"h234567890123456789012345678901234567890123456789012345678901"

struct refusal {
	const char *find, *replace; /* in `good`, once */
	const char *why;
};

static const struct refusal refusals[] = {
	/* JSON. */
	{"{\n  \"format\"", "{{\n  \"format\"",
		"m.json:1:2: invalid JSON: string or '}' expected near '{'"},
	{"412,", "412",
		"m.json:5:11: invalid JSON: '}' expected near '\"unknown\"' "
		"(is a comma missing in line 4?)"},
	{"412,", "4x2,", "m.json:4:14: invalid JSON: '}' expected near 'x'"},
	{"412,", "99999999999999999999,",
		"m.json:4:32: invalid JSON: too big integer near '99999999999999999999'"},
	{"  ]\n}\n", "  ]\n}\n{}", "m.json:24:1: invalid JSON: end of file expected near '{'"},
	{"  ]\n}\n", "  ]\n", "m.json:23:0: invalid JSON: '}' expected near end of file"},
	{"\"serial\"", "\"format\"",
		"m.json:4:10: invalid JSON: duplicate object key near '\"format\"'"},
	{"\"country\": \"uk\"", "\"host\": \"uk\"",
		"m.json:14:12: invalid JSON: duplicate object key near '\"host\"'"},
	{"\"format\"", "\"serial\": 1, \"for\\u006dat\": \"\", \"format\"",
		"m.json:2:42: invalid JSON: duplicate object key near '\"format\"'"},
	{"\"unknown\": {", "\"unknown\": {\"text\": tru, ",
		"m.json:5:25: invalid JSON: invalid token near 'tru'"},
	{"old for", "old \xFF",
		"m.json:20:21: invalid JSON: unable to decode byte 0xff near '\"old '"},
	{"old for", "old\\u0000",
		"m.json:20:36: invalid JSON: \\u0000 is not allowed without JSON_ALLOW_NUL"},
	/* The export itself. */
	{"mirror-export/1", "mirror-export/2",
		"m.json:2: format is \"mirror-export/2\", expected \"mirror-export/1\""},
	{"\"mirror-export/1\"", "1", "m.json:2: format is 1, expected \"mirror-export/1\""},
	{"\"format\"", "\"Format\"", "m.json:1: format is missing, expected \"mirror-export/1\""},
	{"2026-11-20T18:00:00Z", "yesterday",
		"m.json:3: generated is \"yesterday\", expected a time like"},
	{"2026-11-20T18:00:00Z", "1969-12-31T23:59:59Z",
		"m.json:3: generated is \"1969-12-31T23:59:59Z\", expected a time like"},
	{"\"2026-11-20T18:00:00Z\"", "null", "m.json:3: generated is null, expected a time like"},
	{"\"2026-11-20T18:00:00Z\"", "1764000000",
		"m.json:3: generated is 1764000000, expected a time like"},
	{"412", "-1", "m.json:4: serial is -1, expected an integer from 0"},
	{"412", "\"412\"", "m.json:4: serial is \"412\", expected an integer from 0"},
	{"412", "4.0", "m.json:4: serial is 4.0, expected an integer from 0"},
	{"412", "null", "m.json:4: serial is null, expected an integer from 0"},
	{"\"mirrors\": [\n", "\"mirror\": [\n",
		"m.json:1: mirrors is missing, expected an array of at least one mirror"},
	{"\"mirrors\": [\n", "\"mirrors\": [], \"others\": [\n",
		"m.json:6: mirrors is an empty array, expected an array of at least one mirror"},
	{"\"mirrors\": [\n", "\"mirrors\": {}, \"others\": [\n",
		"m.json:6: mirrors is an object, expected an array of at least one mirror"},
	{"    { \"host\": \"b", "  7,\n    { \"host\": \"b",
		"m.json:13: mirror 2: it is 7, expected an object"},
	/* Mirrors. */
	{"\"host\": \"b.example\"", "\"name\": \"b\"",
		"m.json:13: mirror 2: host is missing, expected a host name: 1 to 253 printable "
		"ASCII characters, no spaces"},
	{"\"b.example\"", "\"\"", "m.json:13: mirror 2: host is \"\", expected a host name"},
	{"\"b.example\"", "[1]", "m.json:13: mirror 2: host is an array, expected a host name"},
	{"\"b.example\"", "\"b example\"", "m.json:13: mirror 2: host is \"b example\", expected"},
	{"b.example", "b\\nexample", "m.json:13: mirror 2: host is \"b\\nexample\", expected"},
	{"b.example", "b\xC3\xBC", "m.json:13: mirror 2: host is \"b\\u00FC\", expected"},
	{"b.example", HOST_253 "x",
		"m.json:13: mirror 2: host is \"" HOST_63 ".h2345678901..., expected a host name"},
	{"\"country\": \"uk\"", "\"land\": \"uk\"",
		"m.json:13: host b.example: country is missing, expected a two-letter country "
		"code"},
	{"\"uk\"", "\"zz\"",
		"m.json:14: host b.example: country is \"zz\", expected a two-letter country code"},
	{"\"uk\"", "\"England\"", "m.json:14: host b.example: country is \"England\", expected"},
	{"\"uk\"", "44", "m.json:14: host b.example: country is 44, expected"},
	{"\"state\": \"removed\"", "\"x\": 1",
		"m.json:13: host b.example: state is missing, expected ok, old, removed or "
		"disabled"},
	{"\"removed\"", "\"OK\"",
		"m.json:19: host b.example: state is \"OK\", expected ok, old, removed or "
		"disabled"},
	{"\"removed\"", "true", "m.json:19: host b.example: state is true, expected ok"},
	{"250", "0", "m.json:12: host a.example: weight is 0, expected an integer from 1 to 1000"},
	{"250", "1001", "m.json:12: host a.example: weight is 1001, expected an integer from"},
	{"250", "1.5", "m.json:12: host a.example: weight is 1.5, expected an integer from 1"},
	{"250", "null", "m.json:12: host a.example: weight is null, expected an integer from 1"},
	{"\"old for two days\"", "17",
		"m.json:20: host b.example: reason is 17, expected a string"},
	{"\"2026-11-18T04:00:00Z\"", "{}",
		"m.json:11: host a.example: since is an object, expected a string"},
	{"\"checked\": \"\"", "\"checked\": false",
		"m.json:11: host a.example: checked is false, expected a string"},
	/* Addresses. */
	{"[\"192.0.2.10\"]", "\"192.0.2.10\"",
		"m.json:8: host a.example: ipv4 is \"192.0.2.10\", expected an array of addresses"},
	{"\"192.0.2.12\"", "12", "m.json:17: host b.example: ipv4 is 12, expected an IPv4 address"},
	{"192.0.2.12", "192.0.2.256",
		"m.json:17: host b.example: ipv4 is \"192.0.2.256\", expected an IPv4 address"},
	{"192.0.2.12", "192.0.2", "m.json:17: host b.example: ipv4 is \"192.0.2\", expected"},
	{"192.0.2.12", "192.0.02.1", "m.json:17: host b.example: ipv4 is \"192.0.02.1\", expected"},
	{"192.0.2.12", "192.0.2.12/32", "m.json:17: host b.example: ipv4 is \"192.0.2.12/32\""},
	{"192.0.2.12", "2001:db8::1", "m.json:17: host b.example: ipv4 is \"2001:db8::1\""},
	{"192.0.2.12", "0.0.0.0",
		"m.json:17: host b.example: ipv4 is 0.0.0.0, the unspecified address, expected an "
		"IPv4 address of one host"},
	{"192.0.2.12", "224.0.0.1", "m.json:17: host b.example: ipv4 is 224.0.0.1, a multicast"},
	{"192.0.2.12", "239.255.255.255",
		"m.json:17: host b.example: ipv4 is 239.255.255.255, a m"},
	{"192.0.2.12", "255.255.255.255",
		"m.json:17: host b.example: ipv4 is 255.255.255.255, the broadcast address, "},
	{"2001:db8::11", "2001:db8::g",
		"m.json:10: host a.example: ipv6 is \"2001:db8::g\", expected an IPv6 address"},
	{"2001:db8::11", "fe80::1%eth0",
		"m.json:10: host a.example: ipv6 is \"fe80::1%eth0\", exp"},
	{"2001:db8::11", "192.0.2.1", "m.json:10: host a.example: ipv6 is \"192.0.2.1\", expected"},
	{"2001:db8::11", "::", "m.json:10: host a.example: ipv6 is ::, the unspecified address"},
	{"2001:db8::11", "ff02::1",
		"m.json:10: host a.example: ipv6 is ff02::1, a multicast address"},
	{"2001:db8::11", "::ffff:192.0.2.1",
		"m.json:10: host a.example: ipv6 is ::ffff:192.0.2.1, an IPv4-mapped address, "
		"expected"},
	{"\"ipv4\": [\n", "\"ipv5\": [\n",
		"m.json:13: host b.example: ipv4 and ipv6 have no address, expected at least one"},
	{"192.0.2.12", "192.0.2.11",
		"m.json:17: host b.example: ipv4 192.0.2.11 is listed twice, expected once; first in line 16, host b.example"},
	{"192.0.2.12", "192.0.2.10",
		"m.json:17: host b.example: ipv4 192.0.2.10 is listed twice, expected once; first in line 8, host a.example"},
	{"\"192.0.2.12\"", "\"192.0.2.10\", \"192.0.2.9\", \"192.0.2.9\"",
		"m.json:17: host b.example: ipv4 192.0.2.10 is listed twice, expected once; first in"},
	{"2001:db8::11", "2001:0DB8:0::10",
		"m.json:10: host a.example: ipv6 2001:db8::10 is listed twice, expected once; first in line 9, host a.example"},
};

/* `good` with its first `find` replaced; to be freed. */
static char *text_replace(const char *find, const char *replace)
{
	char *text = NULL;
	const char *at = strstr(good, find);
	assert_non_null(at);
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - good), good, replace,
			    at + strlen(find)) > 0);
	return text;
}

static void test_refusals(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		const struct refusal *row = &refusals[i];
		char why[1024] = "taken", *text = text_replace(row->find, row->replace);
		struct mirrors *mirrors =
			mirrors_parse(text, strlen(text), "m.json", why, sizeof why);
		if (mirrors || strncmp(why, row->why, strlen(row->why)) != 0) {
			print_error("found:    %s\nexpected: %s\n", why, row->why);
			wrong++;
		}
		mirrors_free(mirrors);
		free(text);
	}
	assert_int_equal(wrong, 0);
}

static void test_not_json(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "m.json:1:0: invalid JSON: '[' or '{' expected near end of file"},
		{" \n\n", "m.json:3:0: invalid JSON: '[' or '{' expected near end of file"},
		{"\xEF\xBB\xBF{}", "m.json:1: format is missing"},
		{"\xEF\xBB\xBF{]", "m.json:1:3: invalid JSON: string or '}' expected near ']'"},
		{"{}\xEF\xBB\xBF", "m.json:1:3: invalid JSON: end of file expected near"},
		{"7", "m.json:1:1: invalid JSON: '[' or '{' expected near '7'"},
		{"[]", "m.json:1: it is an empty array, expected an object"},
		{"\n[{}]", "m.json:2: it is an array, expected an object"},
		{"{}", "m.json:1: format is missing, expected \"mirror-export/1\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char why[512] = "taken";
		assert_null(mirrors_parse(
			rows[i].text, strlen(rows[i].text), "m.json", why, sizeof why));
		if (strncmp(why, rows[i].why, strlen(rows[i].why)) != 0)
			fail_msg("found %s, expected %s", why, rows[i].why);
	}
}

static void test_good(void **state)
{
	(void)state;
	struct mirrors *mirrors = mirror_text_parse(good);
	assert_int_equal(mirrors->count, 2);
	assert_int_equal(mirrors->serial, 412);
	assert_int_equal(mirrors->generated, 1795197600);
	assert_int_equal(mirrors->generated_line, 3);
	assert_int_equal(mirrors->serial_line, 4);
	assert_int_equal(mirrors->mirrors_line, 6);
	const struct mirror *a = &mirrors->list[0], *b = &mirrors->list[1];
	assert_string_equal(a->host, "a.example");
	assert_string_equal(a->since, "2026-11-18T04:00:00Z");
	assert_string_equal(a->checked, "");
	assert_string_equal(a->reason, "");
	assert_int_equal(a->country, country_find("PL", 2));
	assert_int_equal(a->weight, 250);
	assert_int_equal(a->state, MIRROR_OK);
	assert_int_equal(a->line, 7);
	assert_string_equal(b->reason, "old for two days");
	assert_int_equal(b->country, country_find("GB", 2));
	assert_int_equal(b->weight, 100);
	assert_int_equal(b->state, MIRROR_REMOVED);
	assert_int_equal(b->line, 13);
	assert_int_equal(mirrors->address_count, 5);
	assert_int_equal(mirrors->in_service, 3);
	static const char *const addresses[] = {
		"192.0.2.10", "2001:db8::10", "2001:db8::11", "192.0.2.11", "192.0.2.12"};
	for (size_t i = 0; i < 5; i++) {
		const struct mirror_address *address = &mirrors->addresses[i];
		char text[ADDRESS_TEXT_MAX];
		assert_string_equal(address_write(&address->at, text), addresses[i]);
		assert_int_equal(address->mirror, i / 3);
	}
	mirrors_free(mirrors);
	mirrors_free(NULL);
}

static void test_accepted(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"\"serial\": 412,", ""},
		{"\"generated\"", "\"made\""},
		{"\"mirrors\": [\n", "\"mirro\\u0072s\": [\n"},
		{"b.example", "a.example"},
		{"b.example", HOST_253},
		{"192.0.2.12", "127.0.0.1"},
		{"192.0.2.12", "10.0.0.1"},
		{"192.0.2.12", "223.255.255.255"},
		{"192.0.2.12", "240.0.0.1"},
		{"2001:db8::11", "::1"},
		{"2001:db8::11", "fe80::1"},
		{"250", "1"},
		{"250", "1000"},
		{"\"uk\"", "\"Su\""},
		{"[\"192.0.2.10\"]", "[]"},
		{"{\n  \"format\"", "\xEF\xBB\xBF{\n  \"format\""},
		{"\"unknown\": {",
			"\"unknown\": 1, \"unknown\": {\"a\": 1e999, \"a\": \"\\u0000\", "},
		{"\"unknown\": {",
			"\"bytes\": 9223372036854775808, \"bytes\": -99999999999999999999, "
			"\"unknown\": {\"a\": {\"b\": 1, \"b\": 18446744073709551616}, "},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = text_replace(rows[i][0], rows[i][1]);
		struct mirrors *mirrors = mirror_text_parse(text);
		assert_int_equal(mirrors->list[1].line, 13);
		mirrors_free(mirrors);
		free(text);
	}
}

/* Only format and mirrors, and of a mirror host, country, state and an address. */
static void test_least(void **state)
{
	(void)state;
	struct mirrors *mirrors = mirror_text_parse(
		"{\"format\":\"mirror-export/1\",\n\"mirrors\":[{\"host\":\"a\","
		"\"country\":\"PL\",\"state\":\"old\",\"ipv6\":[\"2001:db8::1\"]}]}");
	const struct mirror *mirror = &mirrors->list[0];
	assert_int_equal(mirrors->serial, -1);
	assert_int_equal(mirrors->serial_line, 0);
	assert_int_equal(mirrors->generated, -1);
	assert_int_equal(mirrors->generated_line, 0);
	assert_int_equal(mirrors->mirrors_line, 2);
	assert_int_equal(mirrors->in_service, 1);
	assert_int_equal(mirror->weight, 100);
	assert_string_equal(mirror->reason, "");
	assert_string_equal(mirror->since, "");
	assert_string_equal(mirror->checked, "");
	mirrors_free(mirrors);
}

static void test_generated(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:00+00:01", -1},
		{"2000-02-29T23:59:59Z", 951868799},
		{"2026-11-20t18:00:00z", 1795197600},
		{"2026-11-20T18:00:00.75Z", 1795197600},
		{"2026-11-20T20:00:00+02:00", 1795197600},
		{"2026-11-20T12:30:00-05:30", 1795197600},
		{"2016-12-31T23:59:60Z", 1483228800},
		{"2026-11-20T18:00:00", -1},
		{"2026-11-20 18:00:00Z", -1},
		{"2026-11-20T18:00Z", -1},
		{"2026-02-29T18:00:00Z", -1},
		{"2026-13-01T18:00:00Z", -1},
		{"2026-00-01T18:00:00Z", -1},
		{"2026-11-00T18:00:00Z", -1},
		{"2026-11-20T24:00:00Z", -1},
		{"2026-11-20T18:60:00Z", -1},
		{"2026-11-20T18:00:61Z", -1},
		{"2026-11-20T18:00:00.Z", -1},
		{"2026-11-20T18:00:00+24:00", -1},
		{"2026-11-20T18:00:00+0200", -1},
		{"2026-11-20T18:00:00Zx", -1},
		{"+026-11-20T18:00:00Z", -1},
		{"2026-11-20T18:00:00", -1},
		{"", -1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char why[512], *text = text_replace("2026-11-20T18:00:00Z", rows[i].text);
		struct mirrors *mirrors =
			mirrors_parse(text, strlen(text), "m.json", why, sizeof why);
		int64_t seconds = mirrors ? mirrors->generated : -1;
		if (seconds != rows[i].seconds)
			fail_msg("%s: %lld", rows[i].text, (long long)seconds);
		mirrors_free(mirrors);
		free(text);
	}
}

/* 3,000 broken exports: each is taken or refused with one line, and nothing else is touched. */
static void test_mutations(void **state)
{
	(void)state;
	uint64_t seed = 20261120;
	for (unsigned round = 0; round < 3000; round++) {
		size_t size = sizeof good - 1;
		char *text = malloc(size);
		memcpy(text, good, size);
		for (unsigned k = 0; k < 1 + round % 4; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			size_t at = (size_t)(seed >> 33) % size, from = (size_t)(seed >> 13) % size;
			if (seed >> 60 < 5)
				text[at] = (char)(seed >> 20);
			else if (seed >> 60 < 10)
				memmove(text + at, text + from,
					size - (at > from ? at : from) < 9 ? 1 : 9);
			else if (seed >> 60 < 14)
				text[at] = "{}[]\",:0\\ \n"[(seed >> 40) % 11];
			else
				size = at > 0 ? at : 1;
		}
		char *exact = malloc(size), why[512] = "";
		memcpy(exact, text, size);
		struct mirrors *mirrors = mirrors_parse(exact, size, "m.json", why, sizeof why);
		assert_true(mirrors || strncmp(why, "m.json:", 7) == 0);
		assert_null(strchr(why, '\n'));
		mirrors_free(mirrors);
		free(exact);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_not_json),
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_mutations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
