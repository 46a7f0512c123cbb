#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/monitor/probe/probe.h"
#include "tools/monitor/probe/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void expect_stamp(const char *body, size_t size, int64_t expected)
{
	int64_t stamp = -1;
	bool good = probe_stamp(body, size, &stamp);
	if (good != (expected != 0) || (good && stamp != expected))
		fail_msg("%.*s: %d %lld, expected %lld", (int)size, body, good, (long long)stamp,
			(long long)expected);
}

static void test_stamp(void **state)
{
	static const struct {
		const char *body;
		int64_t stamp; /* 0: refused */
	} rows[] = {
		{"1732000000", 1732000000},
		{"1732000000\n", 1732000000},
		{" \t\r\n1732000000\r\n\n", 1732000000},
		{"1", 1},
		{"253402300799", 253402300799},
		{"253402300800", 0},
		{"9999999999999999999999", 0},
		{"0", 0},
		{"-5", 0},
		{"1732000000.5", 0},
		{"1732000000 1732000000", 0},
		{"0x10", 0},
		{"2026-11-20T18:00:00Z", 1795197600},
		{"2026-11-20T20:00:00.123+02:00\n", 1795197600},
		{"2026-11-20 18:00:00", 0},
		{"1960-11-20T18:00:00Z", 0},
		{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
		{"Sun Nov  6 08:49:37 1994", 784111777},
		{"Sun, 06 Nov 1994 08:49:37 GMT and more", 0},
		{"Sun, 06 Nov 1994 08:49:37 CET", 0},
		{"Sun, 31 Feb 2021 08:49:37 GMT", 0},
		{"Sun, 06 Nov 1934 08:49:37 GMT", 0},
		{"<html>", 0},
		{"", 0},
		{" \n", 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		expect_stamp(rows[i].body, strlen(rows[i].body), rows[i].stamp);
	expect_stamp("1732000000\0", 11, 0);
	expect_stamp("\0", 1, 0);
}

/* Two digits of a year: at most 50 years ahead. */
static void test_century(void **state)
{
	struct tm now;
	time_t clock = time(NULL);
	(void)state;
	gmtime_r(&clock, &now);
	for (int ahead = 0; ahead <= 99; ahead++) {
		int64_t seconds;
		char text[64];
		int year = now.tm_year + 1900 + ahead;
		snprintf(text, sizeof(text), "Sunday, 06-Nov-%02d 08:49:37 GMT", year % 100);
		assert_true(probe_date(text, &seconds));
		struct tm found;
		time_t time = (time_t)seconds;
		gmtime_r(&time, &found);
		assert_int_equal(found.tm_year + 1900, ahead <= 50 ? year : year - 100);
	}
}

static void test_quote(void **state)
{
	char text[PROBE_QUOTE_MAX], all[256];
	(void)state;
	assert_string_equal(probe_quote("plain", 5, text), "\"plain\"");
	assert_string_equal(probe_quote("", 0, text), "\"\"");
	assert_string_equal(
		probe_quote("a\"\\\n\0\xFF", 6, text), "\"a\\x22\\x5C\\x0A\\x00\\xFF\"");
	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	for (size_t from = 0; from < sizeof(all); from++)
		for (size_t size = 0; size <= sizeof(all) - from; size++) {
			size_t length = strlen(probe_quote(all + from, size, text));
			assert_true(length < PROBE_QUOTE_MAX);
			assert_int_equal(strspn(text, "\"\\ !#$%&'()*+,-./0123456789:;<=>?@"
						      "ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`"
						      "abcdefghijklmnopqrstuvwxyz{|}~"),
				length);
		}
	memset(all, 'x', sizeof(all));
	probe_quote(all, sizeof(all), text);
	assert_string_equal(text + strlen(text) - 5, "x\"...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamp),
		cmocka_unit_test(test_century),
		cmocka_unit_test(test_quote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
