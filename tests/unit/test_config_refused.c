#include "tests/unit/config_case.h"

#include <sys/stat.h>

/* A pool or a txt whose body starts on line 3. */
#define POOL(x) IN("pool 'p.*' { from = world\n" x " }")
#define TXT(x)  IN("txt t { file = f\n" x " }")
#define L63     "a23456789b123456789c123456789d123456789e123456789f123456789g123"
#define T256                                                                                       \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef012345"   \
	"6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"   \
	"cdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *text;
	const char *sentence; /* after the file's name; its line first */
} refusals[] = {
	/* The text. */
	{"", ": found no zone, expected at least one"},
	{"# nothing\n", ": found no zone"},
	{"}\n" ZONE, ":1: found } without a {"},
	{ZONE "\n}\n", ":3: found } without a {"},
	{"\nzone z {\n file = f\n",
		":2: found no } in zone \"z\", which begins here, expected one"},
	{"zone z {\n txt t { file = f\n}\n", ":1: found no } in zone \"z\""},
	{"\ngeo {\n", ":2: found no } in geo, which begins here"},
	{"zone z {\n pool p { from = world\n pool q { from = world }\n}\n",
		":3: found pool in pool \"p\" (opened in line 2), expected it outside: is a } "
		"missing before it?"},
	{"\ngeo {\n database = f\nzone z { file = f }\n",
		":4: found zone in geo (opened in line 2), expected it outside"},
	{ZONE "\nlisten = {a,\n b", ":3: found a list without its end, expected }"},
	{"\nidentity = 'x\n'\n", ":2: found a string without its end, expected '"},
	{"\nidentity = \"x\n", ":2: found a string without its end, expected \""},
	{"identity = \"x", ":1: found a string without its end"},
	{"identity = 'x\\'", ":1: found a string without its end"},
	{"identity = \"x\\\n\"", ":1: found a backslash before no printable character"},
	{"\n/* x\n\n", ":2: found a comment without its end, expected */"},
	{"/*/", ":1: found a comment without its end"},
	{"identity = \"a\\tb\"", ":1: found \\t in a string, expected \\\\ or \\\""},
	{"identity = \"a\\046b\"", ":1: found \\0 in a string"},
	{"identity = \"a\\999b\"", ":1: found \\9 in a string"},
	{"identity = \"a\tb\"", ":1: found the octet 0x09, expected printable text"},
	{"identity = 'a\177b'", ":1: found the octet 0x7f, expected printable text"},
	{"identity = ${HOME}", ":1: found '$', expected such a character only in a quoted"},
	{"zone z {\n file = f;\n}", ":2: found ';', expected none: options have no end mark"},
	{"zone z {\n pool db.* { }\n}", ":2: found '*', expected such"},
	{"\n\nlisten += {'1.1.1.1'}", ":3: found '+', expected such"},
	{"geo|database = x", ":1: found '|', expected such"},
	{"user('x')", ":1: found '(', expected such"},
	{"\xef\xbb\xbf\xef\xbb\xbf" ZONE, ":1: found the octet 0xef, expected such"},
	{"user = a\rworkers = 1", ":1: found the octet 0x0d, expected such"},
	{"'user' = x", ":1: found 'user', expected an option, a section or }"},
	{"user x\nworkers = 1", ":1: found user without =, expected = and a value"},
	{"\nstate-dir\ncontrol = x", ":2: found state-dir without =, expected = and a value"},
	{"user = = x", ":1: found =, expected a value"},
	{"user =\n", ":1: found the end of the file after user, expected a value"},
	{"user =\nworkers = 1", ":1: found user = without a value, expected one after ="},
	{"user =\nzone 'z' { file = f }", ":1: found user = without a value, expected one"},
	{"\nuser", ":2: found user without =, expected = and a value"},
	{"listen = {a b}", ":1: found b, expected , or }"},
	{"listen = {,}", ":1: found ,, expected a value or }"},
	{"a { b { } }", ":1: found the unknown option a at the top level, expected one that the"},
	{"/* 1\n2 */ # 2\n// 3\nsoup = 1",
		":4: found the unknown option soup at the top level, expected one"},
	{"\ninclude = x", ":2: in include: "},
	{"Listen = x", ":1: found the unknown option Listen at the top level, expected a known "
		       "one: did you mean "
		       "listen?"},
	{ZONE "geo { file = x }", ":2: found the unknown option file in geo, expected one that"},
	{"zone z {\n exports = x }", ":2: found the unknown option exports in zone \"z\", expected "
				     "a known one: did you mean export?"},
	{POOL("famly-falback = x"), ":3: found the unknown option famly-falback in pool \"p.*\", "
				    "expected a known one: did you mean family-fallback?"},
	{"zoone z { }",
		":1: found the unknown option zoone at the top level, expected a known one: "
		"did you mean zone?"},
	{"\nzone z {\n listen = x }", ":3: found listen in zone \"z\" (opened in line 2), "
				      "expected it outside: is a } "},
	{"zone { file = f }", ":1: found zone without a name"},
	{"geo z { file = f }", ":1: found z, expected { after the name of the section"},
	{"geo = x", ":1: found =, expected { after the name of the section"},
	{"user { }", ":1: found user without ="},
	{"user = {x, y}", ":1: found {, expected one value"},
	/* Twice. */
	{"user = a\nworkers = 1\nuser = a\n" ZONE,
		":3: found user a second time, expected it once (line 1"},
	{"explain-to = {}\nexplain-to = {}\n" ZONE, ":2: found explain-to a second time"},
	{"geo { }\ngeo { }\n" ZONE, ":2: found geo a second time"},
	{"geo {\ndatabase = a\ndatabase = a }\n" ZONE, ":3: found database a second time"},
	{POOL("ttl = 1\n\nttl = 2"), ":5: found ttl a second time, expected it once (line 3"},
	{POOL("fallback = {}\nfallback = {}"), ":4: found fallback a second time"},
	{TXT("stale = serve stale = serve"), ":3: found stale a second time"},
	{ZONE ZONE, ":2: found \"z\" a second time"},
	{ZONE "zone 'Z.' { file = f }",
		":2: found \"Z.\" a second time, expected each name once (line 1"},
	{IN("pool p { from = world }\npool p { from = world }"), ":3: found \"p\" a second time"},
	{IN("pool p { from = world }\npool P.z. { from = world }"), ":3: found \"P.z.\" a second"},
	{IN("txt p { file = f }\ntxt P { file = f }"), ":3: found \"P\" a second time"},
	{IN("txt p { file = f }\ntxt p { file = f }"), ":3: found \"p\" a second time"},
	{IN("pool 'a.*' { from = label }\npool 'A.*' { from = world }"),
		":3: found \"A.*\" a second"},
	{"listen = {'1.1.1.1:53', '[::]:53',\n '1.1.1.1'}\n" ZONE,
		":2: found listen = \"1.1.1.1\" a second"},
	{POOL("families = {ipv4, ipv4}"), ":3: found families = \"ipv4\" a second time"},
	{POOL("fallback = {world,\ncontinent:EU, continent:eu}"),
		":4: found fallback = \"continent:eu\" a second"},
	/* Values. */
	{"workers = 1025\n" ZONE, ":1: found workers = 1025, expected a number from 0 to 1024"},
	{"workers = -1\n" ZONE, ":1: found workers = -1, expected a number"},
	{"workers = ''\n" ZONE, ":1: found workers = , expected a number"},
	{"workers = 0x10\n" ZONE, ":1: found workers = 0x10, expected a number"},
	{"workers = 18446744073709551617\n" ZONE, ":1: found workers = 18446744073709551617"},
	{"workers = 4s\n" ZONE, ":1: found workers = 4s, expected a number"},
	{"max-udp-size = 511\n" ZONE,
		":1: found max-udp-size = 511, expected a number from 512 to 65535"},
	{"max-udp-size = 65536\n" ZONE, ":1: found max-udp-size = 65536"},
	{"tcp-connections = 0\n" ZONE,
		":1: found tcp-connections = 0, expected a number from 1 to 1000000"},
	{"tcp-connections = 1000001\n" ZONE, ":1: found tcp-connections = 1000001"},
	{"tcp-idle = 0s\n" ZONE, ":1: found tcp-idle = \"0s\", expected a duration like 30s"},
	{"tcp-idle = 25h\n" ZONE, ":1: found tcp-idle = \"25h\", expected a duration"},
	{"tcp-idle = ''\n" ZONE, ":1: found tcp-idle = \"\", expected a duration"},
	{"tcp-idle = 1h30m\n" ZONE, ":1: found tcp-idle = \"1h30m\""},
	{"tcp-idle = '1 h'\n" ZONE, ":1: found tcp-idle = \"1 h\""},
	{"tcp-idle = 1w\n" ZONE, ":1: found tcp-idle = \"1w\""},
	{"log-level = notice\n" ZONE, ":1: found log-level = \"notice\", expected \"error\", "
				      "\"warning\", \"info\" or \"debug\""},
	{"max-file-size = 0\n" ZONE, ":1: found max-file-size = \"0\", expected a size like 512K"},
	{"max-file-size = 1025G\n" ZONE, ":1: found max-file-size = \"1025G\""},
	{"max-file-size = 99999999999999999999G\n" ZONE, ":1: found max-file-size = \"99999"},
	{"max-file-size = 1T\n" ZONE, ":1: found max-file-size = \"1T\""},
	{"identity = '" T256 "'\n" ZONE,
		":1: found identity with 256 octets, expected at most 255"},
	{"version-reply = '" T256 "'\n" ZONE, ":1: found version-reply with 256 octets"},
	{"state-dir = ''\n" ZONE, ":1: found state-dir = \"\", expected a path"},
	{"metrics = '127.0.0.1'\n" ZONE, ":1: found metrics = \"127.0.0.1\", expected an IP "
					 "address with port, such as 192.0.2.1:9353 "
					 "or"},
	{"listen = 'localhost:17600'\n" ZONE,
		":1: found listen = \"localhost:17600\", expected an IP "
		"address of this machine, such as 192.0.2.1:53 or [2001:db8::1]:53 (host names are "
		"not "
		"resolved)"},
	{"explain-to = {'10.0.0.0/8',\n'10.0.0.1/8'}\n" ZONE,
		":2: found explain-to = \"10.0.0.1/8\", expected"},
	{"explain-to = '10.0.0.0/33'\n" ZONE, ":1: found explain-to = \"10.0.0.0/33\""},
	{"explain-to = '::/129'\n" ZONE, ":1: found explain-to = \"::/129\""},
	{"explain-to = '10.0.0.0/'\n" ZONE, ":1: found explain-to = \"10.0.0.0/\""},
	{"explain-to = 'localhost'\n" ZONE, ":1: found explain-to = \"localhost\""},
	{"\nlisten = {}\n" ZONE, ":2: found listen = {}, expected at least one address"},
	{"zone z { export = e }", ":1: found zone \"z\" without file, expected file = "},
	{"zone z { file = '' }", ":1: found file = \"\", expected a path"},
	{"zone z { file = f\npool p { from = world } }",
		":2: found pool \"p\" in a zone without export"},
	{"zone z { file = f export = ''\npool p { from = world } }",
		":2: found pool \"p\" in a zone without"},
	{"zone z { file = f max-shrink = 101 }",
		":1: found max-shrink = 101, expected a number from 0 to 100"},
	{IN("txt t {\n }"), ":2: found txt \"t\" without file"},
	{TXT("ttl = 2147483648"), ":3: found ttl = \"2147483648\", expected a duration"},
	{TXT("max-age = 0"), ":3: found max-age = \"0\", expected a duration"},
	{TXT("stale = maybe"), ":3: found stale = \"maybe\", expected \"serve\" or \"withdraw\""},
	{TXT("format = CVD"), ":3: found format = \"CVD\", expected \"any\" or \"cvd\""},
	{TXT("\nstale = withdraw"),
		":4: found stale = \"withdraw\" without max-age, expected both"},
	{TXT("max-age = ''\nstale = withdraw"), ":4: found stale = \"withdraw\" without max-age"},
	{IN("\npool p {\n }"), ":3: found pool \"p\" without from, expected from = "},
	{IN("pool p { from = label }"),
		":2: found from = \"label\" in pool \"p\", expected a label"},
	{IN("pool p { from = continent }"),
		":2: found from = \"continent\", expected label, client"},
	{IN("pool p { from = '' }"), ":2: found from = \"\", expected"},
	{IN("pool p { from = continent:XX }"), ":2: found from = \"continent:XX\""},
	{IN("pool p { from = country:EU }"), ":2: found from = \"country:EU\""},
	{IN("pool p { from = country: }"), ":2: found from = \"country:\""},
	{POOL("ttl = 1.5"), ":3: found ttl = \"1.5\""},
	{POOL("answers = 65536"), ":3: found answers = 65536"},
	{POOL("min-members = 65536"), ":3: found min-members = 65536"},
	{POOL("fallback = {world,\nclient}"),
		":4: found fallback = \"client\", expected continent, world"},
	{POOL("fallback = 'country:zz'"), ":3: found fallback = \"country:zz\""},
	{POOL("families = {}"), ":3: found families = {}, expected ipv4, ipv6 or both"},
	{POOL("families = {ipv4,\nipv5}"), ":4: found families = \"ipv5\""},
	{POOL("family-fallback = apart"),
		":3: found family-fallback = \"apart\", expected \"independent\" or"},
	{POOL("fail = shut"), ":3: found fail = \"shut\", expected \"closed\" or \"open\""},
	{POOL("ecs = maybe"), ":3: found ecs = maybe, expected true or false"},
	/* Names. */
	{"zone '' { file = f }", ":1: in zone \"\": "},
	{"zone 'a..b' { file = f }", ":1: in zone \"a..b\": "},
	{"zone 'a.*' { file = f }", ":1: found * in zone \"a.*\""},
	{IN("txt '*' { file = f }"), ":2: found * in txt \"*\""},
	{IN("txt 'a*' { file = f }"), ":2: found * in txt \"a*\""},
	{IN("txt '" L63 "x' { file = f }"), ":2: in \"" L63},
	{IN("txt '" L63 "." L63 "." L63 "." L63 "' { file = f }"), ":2: in \"" L63},
	{IN("pool 'db.*x' { from = label }"), ":2: found * inside a label of pool \"db.*x\""},
	{IN("pool '*.*' { from = label }"), ":2: found * twice in pool \"*.*\""},
	{IN("pool 'p.example.' { from = world }"),
		":2: found \"p.example.\", expected a name in zone \"z\""},
	/* 255 octets as a pattern, 256 with a country in place of the star. */
	{"zone '" L63 "." L63 "." L63
	 "' { file = f export = e\npool '*.a23456789b123456789c123456789d"
	 "123456789e123456789f123456789' { from = label } }",
		":2: found pool \"*.a23456789b123456789c123456789d123456789e123456789f123456789\" "
		"with a "
		"name that is too long"},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct config *config = text_load(refusals[i].text);

		if (config || strncmp(why, file, strlen(file)) != 0 ||
			strncmp(why + strlen(file), refusals[i].sentence,
				strlen(refusals[i].sentence)) != 0)
			fail_msg("%s\nexpected: %s\nfound: %s", refusals[i].text,
				refusals[i].sentence, config ? "it was taken" : why);
		/* A refusal leaves nothing behind that the next file would stumble over. */
		config_free(good_load(ZONE));
	}
}

/* One of many: with its number, or the k-th country, in it. Returns its octets. */
static size_t each_write(char *at, const char *each, size_t k)
{
	static const char countries[][3] = {"AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ",
		"AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB", "BD", "BE", "BF", "BG", "BH",
		"BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT"};
	const char *number = strstr(each, "%zu"), *code = strstr(each, "%c%c");

	if (number)
		return (size_t)sprintf(at, "%.*s%zu%s", (int)(number - each), each, k, number + 3);
	if (code)
		return (size_t)sprintf(
			at, "%.*s%s%s", (int)(code - each), each, countries[k], code + 4);
	return (size_t)sprintf(at, "%s", each);
}

/* Limits that take more text than a row. */
static void test_limits(void **state)
{
	static const struct {
		const char *before, *each, *after;
		size_t good; /* as many are taken; one more is refused */
		const char *sentence;
	} limits[] = {
		{"user = '", "u", "'\n" ZONE, 255,
			":1: found user with 256 octets, expected at most 255"},
		{"geo { database = '", "d", "' }\n" ZONE, 4095,
			":1: found a string of more than 4095"},
		{"geo { database = ", "d", " }\n" ZONE, 4095, ":1: found a word of more than 4095"},
		{"zone z { file = f export = e pool p { from = world\nfallback = {",
			"'country:%c%c',", "} } }", 32,
			":2: found fallback with 33 levels, expected at most 32"},
		{"\nexplain-to = {", "'::/0',", "}\n" ZONE, 256,
			":2: found explain-to with more than 256 values"},
		{"zone z { file = f ", "txt t%zu { file = f }\n", "}", 9999,
			":10000: found more than 10000"},
	};
	char *text = malloc(1 << 20);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		for (size_t more = 0; more < 2; more++) {
			struct config *config;
			char *at = stpcpy(text, limits[i].before);

			for (size_t k = 0; k < limits[i].good + more; k++)
				at += each_write(at, limits[i].each, k);
			stpcpy(at, limits[i].after);
			config = text_load(text);
			if ((config == NULL) != (more > 0))
				fail_msg("%s with %zu more: %s", limits[i].sentence, more, why);
			if (more)
				assert_memory_equal(why + strlen(file), limits[i].sentence,
					strlen(limits[i].sentence));
			config_free(config);
		}
	free(text);
}

/* What is no configuration file at all. */
static void test_files(void **state)
{
	struct config *config;
	char *large = malloc((1 << 20) + 1);

	(void)state;
	assert_non_null(large);
	octets_write(ZONE "\0" ZONE, sizeof(ZONE "\0" ZONE) - 1);
	assert_null(config_load(file, why, sizeof(why)));
	assert_non_null(strstr(why, ":2: found the octet 0x00, expected"));
	memset(large, ' ', (1 << 20) + 1);
	memcpy(large, ZONE, strlen(ZONE));
	octets_write(large, 1 << 20);
	config = config_load(file, why, sizeof(why));
	assert_non_null(config);
	config_free(config);
	octets_write(large, (1 << 20) + 1);
	assert_null(config_load(file, why, sizeof(why)));
	assert_non_null(strstr(why, ": is larger than 1048576 octets"));
	free(large);
	assert_int_equal(unlink(file), 0);
	assert_null(config_load(file, why, sizeof(why)));
	assert_non_null(strstr(why, ": cannot be opened: No such file or directory"));
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_null(config_load(file, why, sizeof(why)));
	assert_non_null(strstr(why, ": is not a regular file"));
	assert_int_equal(unlink(file), 0);
	assert_null(config_load(folder, why, sizeof(why)));
	assert_non_null(strstr(why, ": is not a regular file"));
}

/* A sentence is cut to the room there is for it. */
static void test_room(void **state)
{
	char small[8] = "1234567";

	(void)state;
	octets_write("x", 1);
	for (size_t size = 0; size < sizeof(small); size++) {
		assert_null(config_load(file, small, size));
		assert_true(strlen(small) < sizeof(small));
		assert_int_equal(small[7], '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
