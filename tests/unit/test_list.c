/* The list that people keep: everything it may say, and each refusal's sentence. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "geo/country.h"
#include "geo/stamp.h"
#include "tools/monitor/config/list.h"

#include <stdio.h>
#include <string.h>

static char why[1024];
static bool allow_private;

static char warnings[4000]; /* a line each */

static void warned(const char *sentence)
{
	size_t size = strlen(warnings);
	snprintf(warnings + size, sizeof(warnings) - size, "%s\n", sentence);
}

static struct mirror_list *part_parse(const char *text, size_t size)
{
	why[0] = warnings[0] = '\0';
	const struct list_source source = {text, size, "l.json", allow_private, 0, warned};
	return list_parse(&source, why, sizeof(why));
}

static struct mirror_list *parse(const char *text)
{
	return part_parse(text, strlen(text));
}

static struct mirror_list *good(const char *text)
{
	struct mirror_list *mirror_list = parse(text);
	if (!mirror_list)
		fail_msg("refused: %s", why);
	return mirror_list;
}

static void test_everything(void **state)
{
	struct mirror_list *mirror_list = good(
		"{\"note\": 1, \"mirrors\": [\n"
		" {\"host\": \"a.example\", \"country\": \"germany\", \"ipv4\": [\"192.0.2.1\", "
		"\"192.0.2.2\"],\n"
		"  \"ipv6\": [\"2001:db8::1\"], \"port\": 8080, \"weight\": 7, \"disabled\": "
		"true,\n"
		"  \"admin\": \"J\\u00f8rn <j@a.example>\", \"alerts\": \"noc@a.example\", \"x\": "
		"[],\n"
		"  \"downtime\": [{\"from\": \"2026-11-20T18:00:00Z\", \"to\": "
		"\"2026-11-20T20:00:00+01:00\"}]},\n"
		" {\"host\": \"_b.ex--ample.\", \"country\": \"Uk\", \"alerts\": \"B <b@c>\"}\n"
		"]}");
	const struct list_mirror *mirror = &mirror_list->list[0];
	(void)state;
	assert_int_equal(mirror_list->count, 2);
	assert_string_equal(mirror->host, "a.example");
	assert_string_equal(country_code(mirror->country), "DE");
	assert_int_equal(mirror->address_count, 3);
	assert_memory_equal(
		mirror->addresses[1].octets, "\xC0\x00\x02\x02\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_false(mirror->addresses[1].ipv6);
	assert_true(mirror->addresses[2].ipv6);
	assert_int_equal(mirror->port, 8080);
	assert_int_equal(mirror->weight, 7);
	assert_true(mirror->disabled);
	assert_string_equal(mirror->admin, "J\xC3\xB8rn <j@a.example>");
	assert_string_equal(mirror->alerts, "noc@a.example");
	assert_int_equal(mirror->window_count, 1);
	assert_int_equal(mirror->windows[0].to - mirror->windows[0].from, 3600);
	assert_int_equal(mirror->line, 2);
	mirror++;
	assert_string_equal(country_code(mirror->country), "GB");
	assert_int_equal(mirror->address_count, 0);
	assert_int_equal(mirror->port, 80);
	assert_int_equal(mirror->weight, 100);
	assert_false(mirror->disabled);
	assert_string_equal(mirror->admin, "");
	assert_string_equal(mirror->alerts, "B <b@c>");
	assert_int_equal(mirror->window_count, 0);
	assert_int_equal(mirror->line, 6);
	list_free(mirror_list);
}

static void test_countries(void **state)
{
	static const struct {
		const char *name, *code;
	} rows[] = {{"pl", "PL"}, {"PL", "PL"}, {"Poland", "PL"}, {"POLAND", "PL"},
		{"united states", "US"}, {"USA", "US"}, {"United States of America", "US"},
		{"Czech Republic", "CZ"}, {"Czechia", "CZ"}, {"uk", "GB"}, {"Great Britain", "GB"},
		{"Russian Federation", "RU"}, {"The Netherlands", "NL"}, {"South Korea", "KR"},
		{"Ivory Coast", "CI"}};
	char text[200];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			"{\"mirrors\": [{\"host\": \"a\", \"country\": \"%s\"}]}", rows[i].name);
		struct mirror_list *mirror_list = good(text);
		assert_string_equal(country_code(mirror_list->list[0].country), rows[i].code);
		list_free(mirror_list);
	}
}

#define ONE(members)                                                                               \
	"{\"mirrors\": [\n{\"host\": \"a.example\", \"country\": \"DE\",\n " members "}]}"
#define TWO(first, second)                                                                         \
	"{\"mirrors\": [\n{\"host\": \"a.example\", \"country\": \"DE\"" first                     \
	"},\n{\"host\": \"b.example\", \"country\": \"PL\",\n" second "}]}"

static void test_refused(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{"", "l.json:1:0: invalid JSON: '[' or '{' expected near end of file"},
		{"{\"mirrors\": [\n{]}",
			"l.json:2:2: invalid JSON: string or '}' expected near ']'"},
		{"{\"mirrors\": []}x", "invalid JSON: end of file expected near 'x'"},
		{"[]", "l.json:1: it is an empty array, expected an object"},
		{"{}", "l.json:1: mirrors is missing, expected an array of at least one mirror"},
		{"{\n\"mirrors\": []}", "l.json:2: mirrors is an empty array, expected an array"},
		{"{\"mirrors\": {}}", "mirrors is an object, expected an array"},
		{"{\"mirrors\": [\n7]}", "l.json:2: mirror 1: it is 7, expected an object"},
		{"{\"mirrors\": [{},\n{}]}",
			"l.json:1: mirror 1: host is missing, expected a host name"},
		{"{\"mirrors\": [{\"host\": \"a b\"}]}", "host is \"a b\", expected a host name"},
		{"{\"mirrors\": [{\"host\": \"<a>\"}]}", "host is \"<a>\", expected a host name"},
		{"{\"mirrors\": [\n{\"host\": \"a..b\"}]}",
			"l.json:2: mirror 1: host is \"a..b\", expected a host name: labels of 1 "
			"to 63 letters, digits, inner hyphens and underscores, at most 253 octets"},
		{"{\"mirrors\": [{\"host\": \".a\"}]}", "host is \".a\", expected a host name"},
		{"{\"mirrors\": [{\"host\": \"a..\"}]}", "host is \"a..\", expected a host name"},
		{"{\"mirrors\": [{\"host\": \".\"}]}", "host is \".\", expected a host name"},
		{"{\"mirrors\": [{\"host\": \"[x\"}]}", "host is \"[x\", expected a host name"},
		{"{\"mirrors\": [{\"host\": \"a-.b\"}]}", "host is \"a-.b\", expected a host"},
		{"{\"mirrors\": [{\"host\": \"a;b&c=$(d)\"}]}",
			"host is \"a;b&c=$(d)\", expected a host name"},
		{"{\"mirrors\": [{\"host\": \"b\xC3\xBC.example\"}]}",
			"host is \"b\\u00FC.example\", expected a host name"},
		{"{\"mirrors\": [{\"host\": \"\"}]}", "host is \"\", expected a host name"},
		{"{\"mirrors\": [{\"host\": \"a\"}]}", "l.json:1: host a: country is missing, "
						       "expected a country's two-letter code or "
						       "its English name"},
		{"{\"mirrors\": [{\"host\": \"a\",\n\"country\": \"Deutschland\"}]}",
			"l.json:2: host a: country is \"Deutschland\", expected a country's"},
		{"{\"mirrors\": [{\"host\": \"a\",\n\"country\": \"ZZ\"}]}", "country is \"ZZ\""},
		{ONE("\"country\": \"PL\""),
			"invalid JSON: duplicate object key near '\"country\"'"},
		{ONE("\"port\": 0"),
			"l.json:3: host a.example: port is 0, expected an integer from 1 to 65535"},
		{ONE("\"port\": \"80\""), "port is \"80\", expected an integer from 1 to 65535"},
		{ONE("\"port\": 80.5"), "port is 80.5, expected an integer"},
		{ONE("\"weight\": 1001"), "weight is 1001, expected an integer from 1 to 1000"},
		{ONE("\"weight\": null"), "weight is null, expected an integer"},
		{ONE("\"disabled\": 1"), "disabled is 1, expected true or false"},
		{ONE("\"admin\": 1"), "admin is 1, expected one line"},
		{ONE("\"admin\": \"a\\nb\""), "admin is \"a\\nb\", expected one line"},
		{ONE("\"alerts\": \"noc\""), "alerts is \"noc\", expected a mail address like"},
		{ONE("\"alerts\": \"@\""),
			"l.json:3: host a.example: alerts is \"@\", expected a mail address like "
			"\"noc@example.net\", one alone"},
		{ONE("\"alerts\": \"a@b, c@d\""), "alerts is \"a@b, c@d\", expected a mail"},
		{ONE("\"alerts\": \"a b@c\""), "alerts is \"a b@c\", expected a mail address"},
		{ONE("\"alerts\": \"a@host_name\""), "alerts is \"a@host_name\", expected a"},
		{ONE("\"ipv4\": \"192.0.2.1\""),
			"ipv4 is \"192.0.2.1\", expected an array of addresses"},
		{ONE("\"ipv4\": [\"192.0.2.1\",\n\"192.0.2.300\"]"),
			"l.json:4: host a.example: ipv4 is \"192.0.2.300\", expected an IPv4 "
			"address"},
		{ONE("\"ipv6\": [\"192.0.2.1\"]"),
			"ipv6 is \"192.0.2.1\", expected an IPv6 address"},
		{ONE("\"ipv4\": [\"0.0.0.0\"]"),
			"ipv4 is 0.0.0.0, the unspecified address, expected an"},
		{ONE("\"ipv6\": [\"ff02::1\"]"), "ipv6 is ff02::1, a multicast address"},
		{ONE("\"ipv4\": [\"192.0.2.1\", \"192.0.2.2\",\n\"192.0.2.1\"]"),
			"l.json:4: host a.example: ipv4 192.0.2.1 is listed twice, expected once; first in line 3, host a.example"},
		{TWO(", \"ipv6\": [\"2001:db8::1\"]", "\"ipv6\": [\"2001:0DB8::0001\"]"),
			"l.json:4: host b.example: ipv6 2001:db8::1 is listed twice, expected once; first in line 2, host a.example"},
		{"{\"mirrors\": [{\"host\": \"a\", \"country\": \"DE\", \"ipv4\": "
		 "[\"192.0.2.1\"]},\n"
		 "{\"host\": \"A\", \"country\": \"DE\"}]}",
			"l.json:2: host A: the host is listed twice and one entry has no addresses, "
			"expected "
			"addresses in each or one entry; first in line 1"},
		{ONE("\"downtime\": {}"),
			"downtime is an object, expected an array of {\"from\", \"to\"}"},
		{ONE("\"downtime\": [\n{\"from\": \"tomorrow\"}]"),
			"l.json:4: host a.example: downtime has \"from\" tomorrow and \"to\" "
			"missing, "
			"expected two times like"},
		{ONE("\"downtime\": [{\"from\": \"2026-11-20T18:00:00Z\", \"to\": "
		     "\"2026-11-20T18:00:00Z\"}]"),
			"downtime is from 2026-11-20T18:00:00Z to 2026-11-20T18:00:00Z, expected "
			"an end "
			"after its beginning"},
		{ONE("\"weigth\": 5"),
			"l.json:3: host a.example: found the unknown member \"weigth\", expected "
			"a known one: did you mean \"weight\"?"},
		{ONE("\"Ipv4\": [\"192.0.2.1\"]"),
			"\"Ipv4\", expected a known one: did you mean \"ipv4\"?"},
		{ONE("\"disable\": true"),
			"\"disable\", expected a known one: did you mean \"disabled\"?"},
		{ONE("\"disabledd\": true"), "did you mean \"disabled\"?"},
		{ONE("\"ipv5\": true"), "did you mean \"ipv4\"?"},
		{ONE("\"prot\": 80"), "did you mean \"port\"?"},
		{ONE("\"por\": 80"), "did you mean \"port\"?"},
		{ONE("\"ADMIN\": \"a@b\""), "did you mean \"admin\"?"},
		{ONE("\"sponser\": \"x\""), "did you mean \"sponsor\"?"},
		{"{\"mirrors\": [{\"x\": 1, \n\"Host\": \"a\"}]}",
			"l.json:2: mirror 1: found the unknown member \"Host\", expected a known "
			"one: did you mean \"host\"?"},
		{ONE("\"downtime\": [\n{\"fro\": \"2026-11-20T18:00:00Z\"}]"),
			"l.json:4: host a.example: found the unknown member \"fro\", expected a "
			"known one: did you mean \"from\"?"},
		{ONE("\"downtime\": [{\"from\": \"2026-11-20T18:00:00Z\", \"to\": "
		     "\"2026-11-21T18:00:00Z\", \"why\": 7}]"),
			"downtime has a \"why\" that is none, expected one line"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mirror_list *mirror_list = parse(rows[i].text);
		if (mirror_list || !strstr(why, rows[i].sentence))
			fail_msg("%s\ngave: %s\nnot:  %s", rows[i].text, why, rows[i].sentence);
	}
}

/* What is far from all that is known is ignored, and told of once. */
static void test_unknown(void **state)
{
	struct mirror_list *mirror_list =
		good("{\"about\": 1, \"mirrors\": [\n"
		     "{\"host\": \"a\", \"country\": \"DE\", \"url\": \"u\", \"sponsor\": 1,\n"
		     " \"note\": {\"weigth\": 1}, \"urls\": [], \"bandwidth\": 10},\n"
		     "{\"host\": \"b\", \"country\": \"DE\", \"note\": 1, \"t\\u00f6\\u202E\": 2,\n"
		     " \"downtime\": [{\"from\": \"2026-11-20T18:00:00Z\", \"to\": "
		     "\"2026-11-20T20:00:00Z\", \"why\": \"a move\", \"by\": 1}]}]}");
	char text[100];
	int64_t now;
	(void)state;
	assert_string_equal(warnings,
		"l.json:3: host a: the member \"note\" is not known, and ignored\n"
		"l.json:3: host a: the member \"urls\" is not known, and ignored\n"
		"l.json:4: host b: the member \"t\\u00F6\\u202E\" is not known, and ignored\n"
		"l.json:5: host b: the member \"by\" is not known, and ignored\n");
	assert_true(stamp_parse("2026-11-20T19:00:00Z", &now));
	assert_true(list_away(&mirror_list->list[1], now, text, sizeof(text)));
	assert_string_equal(text, "planned downtime until 2026-11-20T20:00:00Z: a move");
	list_free(mirror_list);
}

/* Hosts at the bounds of what a name may be, and just beyond. */
static void test_long_hosts(void **state)
{
	static const struct {
		unsigned label, size;
		bool good;
	} rows[] = {{63, 63, true}, {64, 64, false}, {63, 253, true}, {63, 254, false},
		{49, 250, true}};
	char host[300], text[400];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned k = 0; k < rows[i].size; k++)
			host[k] = (k + 1) % (rows[i].label + 1) ? 'a' : '.';
		host[rows[i].size] = '\0';
		snprintf(text, sizeof(text),
			"{\"mirrors\": [{\"host\": \"%s\", \"country\": \"DE\"}]}", host);
		struct mirror_list *mirror_list = parse(text);
		if (rows[i].good != (mirror_list != NULL))
			fail_msg("%s: %s", host, why);
		list_free(mirror_list);
	}
}

/* Where a mirror is nobody's but its owner's own: refused, unless it is allowed; documentation is
 * nobody's at all. */
static void test_private(void **state)
{
	static const struct {
		const char *text, *sentence; /* NULL: it is fine */
	} rows[] = {
		{ONE("\"ipv4\": [\"192.0.2.1\",\n\"127.0.0.1\"]"),
			"l.json:4: host a.example: ipv4 is 127.0.0.1, a loopback address, expected "
			"a global one, or allow-private = true in the configuration"},
		{ONE("\"ipv4\": [\"169.254.169.254\"]"), "is 169.254.169.254, a link-local"},
		{ONE("\"ipv4\": [\"10.0.0.1\"]"), "is 10.0.0.1, a private address, expected"},
		{ONE("\"ipv4\": [\"100.64.0.1\"]"), "a shared address of carrier-grade NAT"},
		{ONE("\"ipv6\": [\"fd00::1\"]"), "ipv6 is fd00::1, a private address"},
		{ONE("\"ipv6\": [\"2002:7f00:1::\"]"), "is 2002:7f00:1::, a loopback address"},
		{ONE("\"ipv6\": [\"64:ff9b::a00:1\"]"), "is 64:ff9b::a00:1, a private address"},
		{ONE("\"ipv4\": [\"198.51.100.1\"], \"ipv6\": [\"3fff::1\", \"64:ff9b::909:909\"]"),
			NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mirror_list *mirror_list = parse(rows[i].text);
		if (rows[i].sentence ? mirror_list || !strstr(why, rows[i].sentence) : !mirror_list)
			fail_msg("%s\ngave: %s\nnot:  %s", rows[i].text, why, rows[i].sentence);
		list_free(mirror_list);
		allow_private = true;
		list_free(good(rows[i].text));
		allow_private = false;
	}
}

/* Two entries of one host are fine where both have addresses. */
static void test_host_twice(void **state)
{
	struct mirror_list *mirror_list =
		good("{\"mirrors\": [{\"host\": \"a\", \"country\": \"DE\", "
		     "\"ipv4\": [\"192.0.2.1\"]},\n"
		     "{\"host\": \"a\", \"country\": \"PL\", \"ipv4\": "
		     "[\"192.0.2.2\"], \"port\": 81}]}");
	(void)state;
	assert_int_equal(mirror_list->count, 2);
	list_free(mirror_list);
}

static void test_away(void **state)
{
	int64_t from, to;
	char text[200];
	struct mirror_list *mirror_list =
		good(ONE("\"downtime\": [{\"from\": \"2026-11-20T18:00:00Z\", \"to\": "
			 "\"2026-11-20T19:00:00Z\"}, {\"from\": \"2026-11-20T18:30:00Z\", \"to\": "
			 "\"2026-11-20T20:00:00Z\"}]"));
	struct list_mirror *mirror = &mirror_list->list[0];
	(void)state;
	assert_true(stamp_parse("2026-11-20T18:00:00Z", &from));
	to = from + 7200;
	assert_false(list_away(mirror, from - 1, text, sizeof(text)));
	assert_true(list_away(mirror, from, text, sizeof(text)));
	assert_string_equal(text, "planned downtime until 2026-11-20T19:00:00Z");
	assert_true(list_away(mirror, to - 1, text, sizeof(text)));
	assert_string_equal(text, "planned downtime until 2026-11-20T20:00:00Z");
	assert_false(list_away(mirror, to, text, sizeof(text)));
	mirror->disabled = true;
	assert_true(list_away(mirror, to, text, sizeof(text)));
	assert_string_equal(text, "disabled by hand");
	list_free(mirror_list);
}

/* Whatever is cut off or changed: a sentence, and nothing worse. */
static void test_mutated(void **state)
{
	static const char text[] =
		ONE("\"ipv4\": [\"192.0.2.1\"], \"ipv6\": [\"2001:db8::1\"], \"port\": 80, "
		    "\"downtime\": [{\"from\": \"2026-11-20T18:00:00Z\", \"to\": "
		    "\"2026-11-20T19:00:00Z\"}]");
	static const char marks[] = "\"[]{},:0x\n\\";
	char copy[sizeof(text)];
	(void)state;
	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		for (size_t k = 0; k + 1 < sizeof(marks); k++) {
			memcpy(copy, text, sizeof(text));
			copy[i] = marks[k];
			struct mirror_list *mirror_list = parse(copy);
			assert_true(mirror_list || strncmp(why, "l.json:", 7) == 0);
			list_free(mirror_list);
		}
		assert_null(part_parse(text, i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_countries),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_long_hosts),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_host_twice),
		cmocka_unit_test(test_away),
		cmocka_unit_test(test_mutated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
