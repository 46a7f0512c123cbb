#include "tools/cvd/version_string.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static char why[512];

/* From a block of its own size: reading behind it is seen. */
static bool parse(struct version_string *string, const char *text, size_t size)
{
	char *octets = malloc(size ? size : 1);
	assert_non_null(octets);
	memcpy(octets, text, size);
	memset(why, 0, sizeof(why));
	bool good = version_string_parse(string, octets, size, why, sizeof(why));
	free(octets);
	return good;
}

static const struct good {
	const char *text;
	const char *recommended;
	uint32_t main, daily, flevel, safebrowsing, bytecode;
	int64_t time;
	unsigned count;
	bool warn;
} goods[] = {
	{"0.94:48:8230:1221276541:1:35", "0.94", 48, 8230, 35, 0, 0, 1221276541, 6, true},
	{"0.99.2:58:23538:1499326140:1:63:46137:305", "0.99.2", 58, 23538, 63, 46137, 305,
		1499326140, 8, true},
	{"0.103.0:59:25954:1602487740:0:63:49191:331\n", "0.103.0", 59, 25954, 63, 49191, 331,
		1602487740, 8, false},
	{"0.103.12:62:27446:1730613600:1:90:49192:335\r\n", "0.103.12", 62, 27446, 90, 49192, 335,
		1730613600, 8, true},
	{"1.0.9:63:28034:1781708400:1:90:49192:339\nmore\n", "1.0.9", 63, 28034, 90, 49192, 339,
		1781708400, 8, true},
	{"x:0:0:0", "x", 0, 0, 0, 0, 0, 0, 4, false},
	{"2:1:2:3:1:4:5", "2", 1, 2, 4, 5, 0, 3, 7, true},
};

static void test_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goods) / sizeof(*goods); i++) {
		const struct good *good = &goods[i];
		struct version_string string;
		if (!parse(&string, good->text, strlen(good->text)))
			fail_msg("string %zu is refused: %s", i, why);
		assert_string_equal(string.recommended, good->recommended);
		assert_int_equal(string.versions[CVD_MAIN], good->main);
		assert_int_equal(string.versions[CVD_DAILY], good->daily);
		assert_int_equal(string.versions[CVD_SAFEBROWSING], good->safebrowsing);
		assert_int_equal(string.versions[CVD_BYTECODE], good->bytecode);
		assert_int_equal(string.time, good->time);
		assert_int_equal(string.warn, good->warn);
		assert_int_equal(string.flevel, good->flevel);
		assert_int_equal(string.count, good->count);
	}
}

static const struct {
	const char *text, *part;
} bads[] = {
	{"", "first line is empty"},
	{"\n1.0.9:63:28034:1781708400:1:90:49192:339", "first line is empty"},
	{"\r\n", "first line is empty"},
	{"nonsense", "found 1 field, expected"},
	{"1:2:3", "found 3 fields"},
	{"1:2:3:4:1:6:7:8:9", "found 9 fields"},
	{":2:3:4:1:6:7:8", "field 0 is \"\""},
	{"1 0:2:3:4:1:6:7:8", "field 0 is \"1 0\""},
	{"1\t:2:3:4:1:6:7:8", "field 0 is"},
	{"\x80:2:3:4:1:6:7:8", "field 0 is"},
	{"1::3:4:1:6:7:8", "field 1 (main) is \"\", expected digits"},
	{"1:2:-3:4:1:6:7:8", "field 2 (daily) is \"-3\""},
	{"1:2:3:now:1:6:7:8", "field 3 (record time) is \"now\""},
	{"1:2:3:9223372036854775808:1:6:7:8", "field 3 (record time)"},
	{"1:2:3:4:2:6:7:8", "field 4 (warn flag) is \"2\", expected 0 or 1"},
	{"1:2:3:4:1:2147483648:7:8", "field 5 (functionality level)"},
	{"1:2:3:4:1:6:0x7:8", "field 6 (safebrowsing) is \"0x7\""},
	{"1:2:3:4:1:6:7:8 ", "field 7 (bytecode) is \"8 \""},
	{"1:2:3:4:1:6:7:", "field 7 (bytecode) is \"\""},
	{"1:2:3:4:1:6:7:8\r", "field 7 (bytecode)"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(*bads); i++) {
		struct version_string string;
		if (parse(&string, bads[i].text, strlen(bads[i].text)) ||
			!strstr(why, bads[i].part))
			fail_msg("string %zu was expected refused with \"%s\": %s", i, bads[i].part,
				why);
	}
}

static void test_long(void **state)
{
	char text[VERSION_STRING_MAX + 2];
	struct version_string string;
	(void)state;
	memset(text, 'v', sizeof(text));
	memcpy(text + VERSION_STRING_MAX - 6, ":1:2:3", 6);
	assert_true(parse(&string, text, VERSION_STRING_MAX));
	assert_int_equal(strlen(string.recommended), VERSION_STRING_MAX - 6);
	assert_false(parse(&string, text, VERSION_STRING_MAX + 1));
	assert_non_null(strstr(why, "longer than 255 octets"));
	memset(text, ':', sizeof(text));
	assert_false(parse(&string, text, VERSION_STRING_MAX));
	assert_non_null(strstr(why, "found 256 fields"));
	assert_false(parse(&string, "1\0002:3:4:5", 10));
}

static void test_printed(void **state)
{
	char text[VERSION_STRING_MAX + 1];
	struct version_string string;
	(void)state;
	for (size_t i = 1; i < 5; i++) {
		assert_true(parse(&string, goods[i].text, strlen(goods[i].text)));
		size_t size = version_string_print(&string, text);
		assert_int_equal(size, strcspn(goods[i].text, "\r\n"));
		assert_memory_equal(text, goods[i].text, size);
	}
	/* The form of 2008 becomes today's: no field is left out or empty. */
	assert_true(parse(&string, goods[0].text, strlen(goods[0].text)));
	assert_true(version_string_print(&string, text));
	assert_string_equal(text, "0.94:48:8230:1221276541:1:35:0:0");
}

static void test_printed_too_long(void **state)
{
	struct version_string string = {.versions = {1, 1, 1, 1}, .time = 1, .flevel = 1};
	char text[VERSION_STRING_MAX + 1];
	(void)state;
	memset(string.recommended, 'v', VERSION_STRING_MAX - 14);
	assert_int_equal(version_string_print(&string, text), VERSION_STRING_MAX);
	assert_int_equal(strlen(text), VERSION_STRING_MAX);
	string.flevel = 10;
	assert_int_equal(version_string_print(&string, text), 0);
}

static void test_recommended(void **state)
{
	char text[VERSION_STRING_MAX + 2];
	(void)state;
	assert_true(version_string_recommended_fits("1.0.9"));
	assert_true(version_string_recommended_fits("0.103.0-rc2"));
	assert_false(version_string_recommended_fits(""));
	assert_false(version_string_recommended_fits("1:0"));
	assert_false(version_string_recommended_fits("1 0"));
	assert_false(version_string_recommended_fits("1\n"));
	assert_false(version_string_recommended_fits("\x7F"));
	assert_false(version_string_recommended_fits("\xC3\xA9"));
	memset(text, 'v', sizeof(text));
	text[VERSION_STRING_MAX + 1] = '\0';
	assert_false(version_string_recommended_fits(text));
	text[VERSION_STRING_MAX] = '\0';
	assert_true(version_string_recommended_fits(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_printed),
		cmocka_unit_test(test_printed_too_long),
		cmocka_unit_test(test_recommended),
	};
	return cmocka_run_group_tests_name("cvd_record", tests, NULL, NULL);
}
