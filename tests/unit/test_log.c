#include "dns/base/log.h"
#include "dns/base/log_out.h"
#include "dns/base/log_text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka.h wants what stands above it. */
#include <cmocka.h>

enum { SIZE = 128 };

__attribute__((format(printf, 3, 4))) static size_t line(
	char *text, size_t size, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	size_t written = log_text_write(text, size, format, arguments);
	va_end(arguments);
	assert_int_equal(written, strlen(text));
	return written;
}

static void test_values(void **state)
{
	static const char *const rows[][2] = {
		{"plain", "plain"},
		{"AZaz09._:/@%+,*-", "AZaz09._:/@%+,*-"},
		{"", "\"\""},
		{"two words", "\"two words\""},
		{"x serial=9", "\"x serial=9\""},
		{"a=b", "\"a=b\""},
		{"say \"no\" \\ x", "\"say \\\"no\\\" \\\\ x\""},
		{"\" serial=9 x=\"", "\"\\\" serial=9 x=\\\"\""},
		{"z\xC3\xBCrich", "\"z\xC3\xBCrich\""},
		{"a\nb\x7F\x1B[2J", "\"a?b??[2J\""},
		{"\xFF", "\"?\""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[SIZE], wanted[SIZE];
		snprintf(wanted, sizeof(wanted), "Said key=%s n=1", rows[i][1]);
		line(text, SIZE, "Said key=%s n=%d", rows[i][0], 1);
		assert_string_equal(text, wanted);
	}
}

/* No string of a sentence looks like a pair; words of ours may. */
static void test_sentence(void **state)
{
	static const char *const rows[][2] = {
		{"a serial=9", "a serial?9"},
		{"serial=9", "serial?9"},
		{"=9 x_2=\"y\" =", "=9 x_2?\"y\" ="},
		{"found a = 1, A=1, \"b=2\", /f?q=3", "found a = 1, A=1, \"b=2\", /f?q=3"},
		{"say \"no\" \\", "say \"no\" \\"},
		{"z\xC3\xBCrich\t", "z\xC3\xBCrich?"},
	};
	char text[SIZE];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		line(text, SIZE, "%s", rows[i][0]);
		assert_string_equal(text, rows[i][1]);
		line(text, SIZE, "%-s", rows[i][0]);
		assert_string_equal(text, i == 5 ? rows[i][1] : rows[i][0]);
	}
	line(text, SIZE, "%s%s", "a ser", "ial=9");
	assert_string_equal(text, "a serial?9");
	line(text, SIZE, "Zone %s%s: x=%s", "a=", "b", "c");
	assert_string_equal(text, "Zone a?b: x=c");
}

/* Each code that a terminal would obey, and its neighbours, which it shows. */
static void test_controls(void **state)
{
	static const struct {
		const char *text;
		bool shown;
	} rows[] = {
		{"\x01", false},
		{"\x1F", false},
		{" ", true},
		{"~", true},
		{"\x7F", false},
		{"\xC2\x80", false},
		{"\xC2\x9B", false}, /* CSI in one octet */
		{"\xC2\x9F", false},
		{"\xC2\xA0", true},
		{"\xD8\x9B", true},
		{"\xD8\x9C", false}, /* U+061C */
		{"\xD8\x9D", true},
		{"\xE2\x80\x8D", true},
		{"\xE2\x80\x8E", false}, /* U+200E, U+200F */
		{"\xE2\x80\x8F", false},
		{"\xE2\x80\x90", true},
		{"\xE2\x80\xA7", true},
		{"\xE2\x80\xA8", false}, /* U+2028 to U+202E */
		{"\xE2\x80\xA9", false},
		{"\xE2\x80\xAA", false},
		{"\xE2\x80\xAE", false},
		{"\xE2\x80\xAF", true},
		{"\xE2\x81\xA5", true},
		{"\xE2\x81\xA6", false}, /* U+2066 to U+2069 */
		{"\xE2\x81\xA9", false},
		{"\xE2\x81\xAA", true},
		{"\xF0\x9F\x98\x80", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[SIZE], wanted[SIZE];
		const char *shown = rows[i].shown ? rows[i].text : "?";
		snprintf(wanted, sizeof(wanted), "a%sb k=\"a%sb x\"", shown, shown);
		char value[SIZE];
		snprintf(value, sizeof(value), "a%sb x", rows[i].text);
		line(text, SIZE, "a%sb k=%s", rows[i].text, value);
		assert_string_equal(text, wanted);
	}
}

/* RFC 3629 3, 4: lone and missing octets, forms that are longer than needed, surrogates, beyond the
 * end. */
static void test_octets(void **state)
{
	static const char *const rows[][2] = {
		{"\x80", "?"},
		{"\xC3", "?"},
		{"\xC3z", "?z"},
		{"\xE2\x82", "??"},
		{"\xE2\x82z", "??z"},
		{"\xC0\xAF", "??"},
		{"\xE0\x80\xAF", "???"},
		{"\xED\xA0\x80", "???"},
		{"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
		{"\xF4\x90\x80\x80", "????"},
		{"\xF8\x88\x80\x80\x80", "?????"},
		{"\xFE\xFF", "??"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[SIZE];
		line(text, SIZE, "%s", rows[i][0]);
		assert_string_equal(text, rows[i][1]);
	}
}

static void test_numbers(void **state)
{
	char text[SIZE];
	(void)state;
	line(text, SIZE, "%d %u %ld %lu %lld %llu %zu %.1f %5u|%% n=%u%s", -1, 4000000000U, -2L,
		3UL, -4000000000000LL, 18446744073709551615ULL, (size_t)7, 1.25, 42U, 9U, "x");
	assert_string_equal(
		text, "-1 4000000000 -2 3 -4000000000000 18446744073709551615 7 1.2    42|% n=9x");
}

/* At a character, and quotes have their end. Where something was cut nothing follows. */
static void test_cut(void **state)
{
	char text[SIZE];
	(void)state;
	for (size_t size = 8; size < 24; size++) {
		line(text, size, "%s n=%d",
			"z\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80z\xC3\xBC\xE2\x82\xAC", 1);
		assert_null(strchr(text, '?'));
		assert_true(size > 20 || !strstr(text, " n="));
		size_t written = line(
			text, size, "k=%s n=%d", "\"\xE2\x82\xAC\"\xE2\x82\xAC\"\xE2\x82\xAC", 1);
		assert_null(strchr(text, '?'));
		assert_int_equal(text[2], '"');
		bool whole = strstr(text, " n=1") != NULL;
		assert_int_equal(text[whole ? written - 5 : written - 1], '"');
	}
	line(text, SIZE, "%.3s|%.4s|k=%.3s|k=%.*s", "z\xE2\x82\xAC", "z\xE2\x82\xAC",
		"z\xE2\x82\xAC", 2, "zzz");
	assert_string_equal(text, "z|z\xE2\x82\xAC|k=z|k=zz");
	line(text, SIZE, "k=%.5s", "z\x80\x80\x80\x80\x80");
	assert_string_equal(text, "k=\"z????\"");
}

/* --- lines --- */

static char said[1024];

/* What `say` writes to the standard error. */
static const char *stderr_of(void (*say)(void))
{
	int ends[2], own = dup(STDERR_FILENO);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	say();
	dup2(own, STDERR_FILENO);
	close(own);
	ssize_t size = read(ends[0], said, sizeof(said) - 1);
	close(ends[0]);
	said[size > 0 ? size : 0] = '\0';
	return said;
}

static void say_each(void)
{
	log_line(LOG_LEVEL_ERROR, "one n=%d", 1);
	log_line(LOG_LEVEL_WARNING, "two");
	log_line(LOG_LEVEL_NOTICE, "three");
	log_line(LOG_LEVEL_INFO, "four");
	log_line(LOG_LEVEL_DEBUG, "five");
	log_refuse("f.conf:3: six");
}

/* Without the time in front, which must be one. */
static const char *without_times(const char *lines, char *text)
{
	char *at = text;
	for (const char *next; *lines; lines = next) {
		const char *from = lines;
		next = strchr(lines, '\n') + 1;
		if (lines[0] == '2') {
			int year, month, day, hour, minute, second, size = 0;
			sscanf(lines, "%4d-%2d-%2dT%2d:%2d:%2dZ %n", &year, &month, &day, &hour,
				&minute, &second, &size);
			assert_int_equal(size, 21);
			from += size;
		}
		memcpy(at, from, (size_t)(next - from));
		at += next - from;
	}
	*at = '\0';
	return text;
}

static void test_levels(void **state)
{
	char text[sizeof(said)];
	static const char *const lines[] = {
		"error one n=1\n", "warning two\n", "info three\ninfo four\n", "debug five\n"};
	(void)state;
	log_detail_set(0);
	assert_string_equal(stderr_of(say_each), "one n=1\ntwo\nthree\nfour\nf.conf:3: six\n");
	log_run();
	for (unsigned detail = 0; detail < 4; detail++) {
		char wanted[sizeof(said)] = "";
		log_detail_set(detail);
		for (unsigned i = 0; i <= detail; i++)
			strcat(wanted, lines[i]);
		strcat(wanted, "f.conf:3: six\n");
		assert_string_equal(without_times(stderr_of(say_each), text), wanted);
	}
	assert_int_equal(log_out_dropped(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_sentence),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_levels),
	};
	unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
