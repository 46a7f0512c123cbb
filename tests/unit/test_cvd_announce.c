#include "tools/cvd/announce.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

static char why[1024];
static struct arguments arguments;
static struct announce announce;

/* A directory of today's databases and, behind it, the string of before; NULL: there is none. */
static void begin(const char *previous)
{
	arguments = (struct arguments){.directory = "db",
		.output = "dns.txt",
		.warn = -1,
		.flevel = -1,
		.safebrowsing = -1};
	announce = (struct announce){.arguments = &arguments, .known = previous};
	announce.dir = (struct database_dir){
		.newest = {[CVD_MAIN] = {.version = 63, .flevel = 60},
			[CVD_DAILY] = {.version = 28034, .flevel = 90},
			[CVD_BYTECODE] = {.version = 339, .flevel = 200}},
		.names = {"main.cvd", "daily.cld", "bytecode.cvd"},
	};
	memset(why, 0, sizeof(why));
	if (previous)
		assert_true(version_string_parse(
			&announce.previous, previous, strlen(previous), why, sizeof(why)));
}

static void assert_next(const char *expected)
{
	char text[VERSION_STRING_MAX + 1];
	if (!announce_decide(&announce, why, sizeof(why)))
		fail_msg("refused: %s", why);
	assert_true(version_string_print(&announce.next, text));
	assert_string_equal(text, expected);
}

static void assert_refused(const char *expected)
{
	assert_false(announce_decide(&announce, why, sizeof(why)));
	assert_string_equal(why, expected);
}

/* The next string's time is 0 here: it is set when it is written. */
static void test_first(void **state)
{
	(void)state;
	begin(NULL);
	assert_refused("dns.txt: does not exist, --version V is required");
	arguments.output = NULL;
	assert_refused("--version V is required: there is no existing string to take it from");
	arguments.recommended = "1.0.9";
	assert_next("1.0.9:63:28034:0:1:90:0:339");
	arguments.warn = 0;
	arguments.flevel = 63;
	arguments.safebrowsing = 49192;
	assert_next("1.0.9:63:28034:0:0:63:49192:339");
}

static void test_kept(void **state)
{
	(void)state;
	begin("0.103.12:62:27446:1730613600:0:88:49192:335");
	assert_next("0.103.12:63:28034:0:0:90:49192:339");
	arguments.recommended = "0.99"; /* people's choice, not a database's version */
	arguments.warn = 1;
	assert_next("0.99:63:28034:0:1:90:49192:339");
	/* The strings of 2008 had six fields, and there may be fewer. */
	begin("0.94:48:8230:1221276541:0:85");
	assert_next("0.94:63:28034:0:0:90:0:339");
	begin("0.94:48:8230:1221276541");
	assert_next("0.94:63:28034:0:1:90:0:339");
}

static void test_safebrowsing(void **state)
{
	(void)state;
	begin("1:63:28034:5:1:90:49191:339");
	assert_next("1:63:28034:0:1:90:49191:339");
	arguments.safebrowsing = 49192;
	assert_next("1:63:28034:0:1:90:49192:339");
	announce.dir.newest[CVD_SAFEBROWSING].version = 49193;
	announce.dir.names[CVD_SAFEBROWSING] = "safebrowsing.cvd";
	assert_next("1:63:28034:0:1:90:49193:339");
	announce.dir.newest[CVD_SAFEBROWSING].version = 49190;
	assert_refused("db/safebrowsing.cvd: found version 49190, expected at least 49191 as in "
		       "dns.txt: use --force to accept it");
	announce.dir.newest[CVD_SAFEBROWSING].version = 0;
	announce.dir.names[CVD_SAFEBROWSING] = NULL;
	arguments.safebrowsing = 0;
	assert_refused("--safebrowsing: found version 0, expected at least 49191 as in dns.txt: "
		       "use --force to accept it");
	announce.force = true;
	assert_next("1:63:28034:0:1:90:0:339");
}

static void test_floor(void **state)
{
	static const struct {
		const char *previous, *why;
	} rows[] = {
		{"1:64:28034:5:1:90:0:339",
			"db/main.cvd: found version 63, expected at least 64 as "
			"in dns.txt: use --force to accept it"},
		{"1:63:28035:5:1:90:0:339", "db/daily.cld: found version 28034, expected at least "
					    "28035 as in dns.txt: use --force to accept it"},
		{"1:63:28034:5:1:90:0:2147483647",
			"db/bytecode.cvd: found version 339, expected at least 2147483647 as in "
			"dns.txt: use --force to accept it"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(rows[i].previous);
		assert_refused(rows[i].why);
		announce.force = true;
		assert_next("1:63:28034:0:1:90:0:339");
	}
}

static void test_flevel(void **state)
{
	(void)state;
	begin("1:63:28034:5:1:80:0:339");
	assert_next("1:63:28034:0:1:90:0:339");
	begin("1:63:28034:5:1:79:0:339");
	assert_refused("db/daily.cld: found functionality level 90, expected at most 89, 10 above "
		       "that in dns.txt: use --flevel N to set it or --force to accept it");
	arguments.flevel = 79;
	assert_next("1:63:28034:0:1:79:0:339");
	arguments.flevel = 200; /* a pin is nobody's accident */
	assert_next("1:63:28034:0:1:200:0:339");
	arguments.flevel = -1;
	announce.force = true;
	assert_next("1:63:28034:0:1:90:0:339");
	/* Down is harmless: nobody is told to update. */
	begin("1:63:28034:5:1:150:0:339");
	assert_next("1:63:28034:0:1:90:0:339");
	begin("1:63:28034:5:1:0:0:339");
	assert_refused("db/daily.cld: found functionality level 90, expected at most 10, 10 above "
		       "that in dns.txt: use --flevel N to set it or --force to accept it");
	begin("1:63:28034:5:1:2147483647:0:339");
	announce.dir.newest[CVD_DAILY].flevel = 2147483647;
	assert_next("1:63:28034:0:1:2147483647:0:339");
}

static void test_held(void **state)
{
	char text[VERSION_STRING_MAX + 1];
	(void)state;
	begin("1:63:28033:5:1:85:0:338");
	assert_next("1:63:28034:0:1:90:0:339");
	assert_false(announce_rises(&announce, CVD_MAIN));
	assert_true(announce_rises(&announce, CVD_DAILY));
	assert_true(announce_rises(&announce, CVD_BYTECODE));
	assert_false(announce_rises(&announce, CVD_SAFEBROWSING));
	announce_hold(&announce, CVD_DAILY);
	assert_true(version_string_print(&announce.next, text));
	assert_string_equal(text, "1:63:28033:0:1:85:0:339"); /* with the level of before */
	assert_false(announce_rises(&announce, CVD_DAILY));
	announce_hold(&announce, CVD_BYTECODE);
	assert_true(version_string_print(&announce.next, text));
	assert_string_equal(text, "1:63:28033:0:1:85:0:338");
	/* A level that was set stays. */
	arguments.flevel = 63;
	assert_true(announce_decide(&announce, why, sizeof(why)));
	announce_hold(&announce, CVD_DAILY);
	assert_int_equal(announce.next.flevel, 63);
	/* No file, nothing that mirrors could have. */
	arguments.safebrowsing = 1;
	assert_true(announce_decide(&announce, why, sizeof(why)));
	assert_false(announce_rises(&announce, CVD_SAFEBROWSING));
	/* Without a string before, everything is news. */
	begin(NULL);
	arguments.recommended = "1";
	assert_true(announce_decide(&announce, why, sizeof(why)));
	assert_true(announce_rises(&announce, CVD_MAIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_safebrowsing),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_flevel),
		cmocka_unit_test(test_held),
	};
	return cmocka_run_group_tests_name("cvd_announce", tests, NULL, NULL);
}
