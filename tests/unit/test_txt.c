#include "dns/load/txt.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define OCTETS(text) (char *)(uintptr_t)(text), sizeof(text) - 1

enum { MODIFIED = 1700000000, TEXT_MAX = 64000 };

static char why[512];

static bool cvd;

/* From a buffer as file_read gives it: one NUL behind the last octet, and no more. */
static struct txt *parse(const char *bytes, size_t size, uint32_t max_age)
{
	const struct config_txt config = {.max_age = max_age, .cvd = cvd};
	struct file file = {.bytes = malloc(size + 1), .size = size, .modified = MODIFIED};
	struct txt *txt = NULL;
	assert_non_null(file.bytes);
	memcpy(file.bytes, bytes, size);
	file.bytes[size] = '\0';
	if (!txt_parse(&txt, &file, "dir/dns.txt", &config, why, sizeof(why)))
		txt = NULL;
	free(file.bytes);
	return txt;
}

struct row {
	char *bytes;
	size_t size;
	const char *text; /* NULL: refused */
	const char *part; /* of the sentence */
	bool aged; /* max-age is set */
};

static const struct row rows[] = {
	{OCTETS("0.103.12:62:27950:1700000000\n"), "0.103.12:62:27950:1700000000", NULL, false},
	{OCTETS("no newline"), "no newline", NULL, false},
	{OCTETS("CR LF\r\nsecond line"), "CR LF", NULL, false},
	{OCTETS("first\nsecond\nthird\n"), "first", NULL, false},
	{OCTETS("first\n\x01\x02\n"), "first", NULL, false},
	{OCTETS("one\ntwo\r\n"), "one", NULL, false},
	{OCTETS(" blanks \n"), " blanks ", NULL, false},
	{OCTETS("\xC3\xA9 \x80\xFF\n"), "\xC3\xA9 \x80\xFF", NULL, false},
	{OCTETS("~\"\\;()$@\n"), "~\"\\;()$@", NULL, false},
	{OCTETS(""), NULL, "empty", false},
	{OCTETS("\n"), NULL, "empty", false},
	{OCTETS("\r\n"), NULL, "empty", false},
	{OCTETS("\nsecond line\n"), NULL, "empty", false},
	{OCTETS("a\tb\n"), NULL, "control character", false},
	{OCTETS("a\rb\n"), NULL, "control character", false},
	{OCTETS("a\r\r\n"), NULL, "control character", false},
	{OCTETS("CR at the end\r"), NULL, "control character", false},
	{OCTETS("a\0b\n"), NULL, "control character", false},
	{OCTETS("a\x1F\n"), NULL, "control character", false},
	{OCTETS("a\x7F\n"), NULL, "control character", false},
	/* Where max-age is set each field must be there. */
	{OCTETS("1:2::4\n"), "1:2::4", NULL, false},
	{OCTETS("1:2::4\n"), NULL, "empty field", true},
	{OCTETS(":2:3:4\n"), NULL, "empty field", true},
	{OCTETS("1:2:3:\n"), NULL, "empty field", true},
	{OCTETS(":\n"), NULL, "empty field", true},
	{OCTETS("1:2:3:4\n"), "1:2:3:4", NULL, true},
	{OCTETS("1:2: :4\n"), "1:2: :4", NULL, true},
	{OCTETS("plain\n"), "plain", NULL, true},
	{OCTETS("1:2:3:4\n::\n"), "1:2:3:4", NULL, true},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct txt *txt = parse(row->bytes, row->size, row->aged ? 7200 : 0);
		if (row->text && (!txt || txt->size != strlen(row->text) ||
					 memcmp(txt->text, row->text, txt->size) != 0))
			fail_msg("row %zu was expected as \"%s\"", i, row->text);
		if (!row->text && (txt || !strstr(why, row->part) ||
					  strncmp(why, "dir/dns.txt:1: ", 15) != 0))
			fail_msg("row %zu was expected refused with \"%s\": %s", i, row->part, why);
		free(txt);
	}
}

/* format = "cvd": what freshclam reads, and nothing else. */
static void test_cvd(void **state)
{
	static const struct {
		const char *text, *part; /* NULL: accepted */
	} lines[] = {
		{"\xEF\xBB\xBF"
		 "0.103.12:62:27950:1700000000:1:90:49192:339\r\n",
			NULL},
		{"0.103.12:62:27950:1700000000:1:90:49192:339", NULL},
		{"0.103.12:62:27950:1700000000:1:90:49192:339:more:fields", NULL},
		{"1.5.0-rc1:0062:0:0:0:0:0:0", NULL},
		{"0.103.12:62:27950:1700000000:1:90:49192", "found 7 fields, expected at least 8"},
		{"soon", "found 1 field, expected at least 8"},
		{"<html>", "found 1 field"},
		{"<!DOCTYPE html>", "octet 10, expected none"},
		{"\"0.103.12:62:27950:1700000000:1:90:49192:339\"", "a quote"},
		{"'0.103.12:62:27950:1700000000:1:90:49192:339'", "a quote"},
		{"\xE2\x80\x9C"
		 "0.103.12:62:27950:1700000000:1:90:49192:339",
			"in octet 1,"},
		{" 0.103.12:62:27950:1700000000:1:90:49192:339", "in octet 1,"},
		{"0.103.12:62:27950:1700000000:1:90:49192:339 ", "found a blank"},
		{"0.103.12:62:27950:1700000000000:1:90:49192:339",
			"field 3 is 1700000000000, a time more than 1 h in the future, expected Unix"},
		{"0.103.12:62:27950:now:1:90:49192:339", "field 3 is \"now\", expected decimal"},
		{"0.103.12:62:-1:1700000000:1:90:49192:339", "field 2 is \"-1\""},
		{"0.103.12:62:27950:1700000000:1:90:49192:", "field 7 is \"\""},
		{":62:27950:1700000000:1:90:49192:339", "field 0 is \"\""},
		{"0.103.12::27950:1700000000:1:90:49192:339", "field 1 is \"\""},
	};
	char text[512] = "0.103.12:62:27950:1700000000:1:90:49192:339:";
	(void)state;
	cvd = true;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct txt *txt = parse(lines[i].text, strlen(lines[i].text), 0);
		if (!txt == !lines[i].part || (!txt && !strstr(why, lines[i].part)))
			fail_msg("%s: %s", lines[i].text, why);
		free(txt);
	}
	for (size_t size = 255; size <= 256; size++) {
		memset(text + 44, 'x', size - 44);
		struct txt *txt = parse(text, size, 0);
		assert_int_equal(size == 255, txt != NULL);
		free(txt);
	}
	assert_non_null(strstr(why, "has 256 octets, expected at most 255"));
	cvd = false;
}

/* What no message could carry; and a line of many fields takes no longer than another. */
static void test_long(void **state)
{
	char *bytes = malloc(TEXT_MAX + 2);
	(void)state;
	for (size_t i = 0; i < TEXT_MAX + 2; i++)
		bytes[i] = i % 2 ? ':' : '1';
	struct txt *txt = parse(bytes, TEXT_MAX - 1, 7200);
	assert_non_null(txt);
	assert_int_equal(txt->size, TEXT_MAX - 1);
	free(txt);
	memset(bytes, 'a', TEXT_MAX + 2);
	txt = parse(bytes, TEXT_MAX, 0);
	assert_non_null(txt);
	free(txt);
	assert_null(parse(bytes, TEXT_MAX + 1, 0));
	assert_non_null(strstr(why, "64000"));
	bytes[TEXT_MAX] = '\n';
	txt = parse(bytes, TEXT_MAX + 2, 0);
	assert_non_null(txt);
	assert_int_equal(txt->size, TEXT_MAX);
	free(txt);
	free(bytes);
}

/* Field 3 where there are at least four fields and it is a time, else the file's time. */
static void test_since(void **state)
{
	static const struct {
		const char *text;
		int64_t since;
	} ages[] = {
		{"0.103.12:62:27950:1699990000:1:90:49192:339", 1699990000},
		{"a:b:c:1699990000", 1699990000},
		{"a:b:c:0", 0},
		{"a:b:c:999999999999999", 999999999999999},
		{"a:b:c:1000000000000000", MODIFIED},
		{"a:b:c:-5", MODIFIED},
		{"a:b:c:+5", MODIFIED},
		{"a:b:c: 5", MODIFIED},
		{"a:b:c:5x", MODIFIED},
		{"a:b:c:", MODIFIED},
		{"a:b:c::5", MODIFIED},
		{"a:b:1699990000", MODIFIED},
		{"1:2:3", MODIFIED},
		{"1699990000", MODIFIED},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
		struct txt *txt = parse(ages[i].text, strlen(ages[i].text), 0);
		assert_non_null(txt);
		if (txt->since != ages[i].since)
			fail_msg("\"%s\" is from %lld, expected %lld", ages[i].text,
				(long long)txt->since, (long long)ages[i].since);
		free(txt);
	}
}

static void test_stale(void **state)
{
	static const struct {
		int64_t since;
		uint32_t max_age;
		int64_t now;
		bool stale;
	} ages[] = {
		{1000, 0, 1000000000, false}, /* off */
		{1000, 60, 1000, false},
		{1000, 60, 1060, false},
		{1000, 60, 1061, true},
		{1000, 60, 900, false}, /* from the future */
		{0, 2147483647, 2147483647, false},
		{0, 2147483647, 2147483648, true},
		{999999999999999, 1, 1700000000, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
		const struct config_txt config = {.max_age = ages[i].max_age};
		const struct txt txt = {.since = ages[i].since};
		assert_int_equal(txt_is_stale(&txt, &config, ages[i].now), ages[i].stale);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_cvd),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_stale),
	};
	return cmocka_run_group_tests_name("txt", tests, NULL, NULL);
}
