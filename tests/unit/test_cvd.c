#include "tools/cvd/cvd.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define OCTETS(text) (text), sizeof(text) - 1
#define DATE         "14 May 2010 09-57 -0400"
#define MD5          "0123456789abcdefABCDEF0123456789"

static char why[512];

/* From a block of its own size: reading behind it is seen. `pad` fills up to the header's size. */
static bool parse(struct cvd *cvd, const char *text, size_t used, char pad)
{
	char *octets = malloc(CVD_HEADER_SIZE);
	assert_non_null(octets);
	assert_true(used <= CVD_HEADER_SIZE);
	memset(octets, pad, CVD_HEADER_SIZE);
	memcpy(octets, text, used);
	memset(why, 0, sizeof(why));
	bool good = cvd_parse(cvd, octets, CVD_HEADER_SIZE, why, sizeof(why));
	free(octets);
	return good;
}

static const struct good {
	const char *text;
	size_t size;
	struct cvd expected;
} goods[] = {
	{OCTETS("ClamAV-VDB:" DATE ":11000:99:53:" MD5 ":abc/+Z:neo:1273845470"),
		{11000, 99, 53, 1273845470}},
	/* Before 2004: no time in seconds, the first ones with a level of 1. */
	{OCTETS("ClamAV-VDB:17 Mar 2003 10-56 +0100:10:7500:1:" MD5 ":sig:tkojm"),
		{10, 7500, 1, -1}},
	/* Unsigned, as a .cld is. */
	{OCTETS("ClamAV-VDB:" DATE ":28034:1:90:X:X:raynman:1781708400"),
		{28034, 1, 90, 1781708400}},
	{OCTETS("ClamAV-VDB:" DATE ":1:0:0:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:X:b:0"), {1, 0, 0, 0}},
	/* Builders have had blanks in their names, and none. */
	{OCTETS("ClamAV-VDB:" DATE ":1:0:0:X::a b c:5"), {1, 0, 0, 5}},
	{OCTETS("ClamAV-VDB:" DATE ":1:0:0:X:X::5"), {1, 0, 0, 5}},
	/* The end: CR, LF or NUL; what is behind is not looked at. */
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3:X:X:b:5\r\n\x01\xFF:::"), {1, 2, 3, 5}},
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3:X:X:b:5\n:7"), {1, 2, 3, 5}},
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3:X:X:b:5   \0garbage"), {1, 2, 3, 5}},
	/* A time to come, and the largest numbers. */
	{OCTETS("ClamAV-VDB:" DATE ":2147483647:2147483647:2147483647:X:X:b:9223372036854775807"),
		{2147483647, 2147483647, 2147483647, INT64_MAX}},
	{OCTETS("ClamAV-VDB:" DATE ":007:1:2:X:X:b:5"), {7, 1, 2, 5}},
	/* Fields that a later format may add. */
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3:X:X:b:5:more:fields"), {1, 2, 3, 5}},
};

static void test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goods) / sizeof(*goods); i++) {
		struct cvd cvd;
		if (!parse(&cvd, goods[i].text, goods[i].size, ' '))
			fail_msg("header %zu is refused: %s", i, why);
		assert_int_equal(cvd.version, goods[i].expected.version);
		assert_int_equal(cvd.signatures, goods[i].expected.signatures);
		assert_int_equal(cvd.flevel, goods[i].expected.flevel);
		assert_int_equal(cvd.built, goods[i].expected.built);
	}
}

static const struct bad {
	const char *text;
	size_t size;
	const char *part; /* of the sentence */
} bads[] = {
	{OCTETS(""), "does not begin with \"ClamAV-VDB:\""},
	{OCTETS("ClamAV-VDB"), "does not begin with \"ClamAV-VDB:\""},
	{OCTETS("clamav-vdb:" DATE ":1:2:3:X:X:b:5"), "does not begin with \"ClamAV-VDB:\""},
	{OCTETS(" ClamAV-VDB:" DATE ":1:2:3:X:X:b:5"), "does not begin with \"ClamAV-VDB:\""},
	{OCTETS("PK\003\004"), "does not begin with \"ClamAV-VDB:\""},
	{OCTETS("ClamAV-VDB:"), "found 2 fields in the header, expected 9"},
	{OCTETS("ClamAV-VDB:\n" DATE ":1:2:3:X:X:b:5"), "found 2 fields"},
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3:X:X"), "found 7 fields"},
	{OCTETS("ClamAV-VDB::1:2:3:X:X:b:5"), "build date is \"\""},
	{OCTETS("ClamAV-VDB:" DATE "::2:3:X:X:b:5"), "version is \"\", expected digits"},
	{OCTETS("ClamAV-VDB:" DATE ":0:2:3:X:X:b:5"), "version is \"0\", expected at least 1"},
	{OCTETS("ClamAV-VDB:" DATE ":-1:2:3:X:X:b:5"), "version is \"-1\""},
	{OCTETS("ClamAV-VDB:" DATE ":+1:2:3:X:X:b:5"), "version is \"+1\""},
	{OCTETS("ClamAV-VDB:" DATE ": 1:2:3:X:X:b:5"), "version is \" 1\""},
	{OCTETS("ClamAV-VDB:" DATE ":1a:2:3:X:X:b:5"), "version is \"1a\""},
	{OCTETS("ClamAV-VDB:" DATE ":2147483648:2:3:X:X:b:5"), "version is \"2147483648\""},
	{OCTETS("ClamAV-VDB:" DATE ":18446744073709551617:2:3:X:X:b:5"), "at most 2147483647"},
	{OCTETS("ClamAV-VDB:" DATE ":1:many:3:X:X:b:5"), "number of signatures is \"many\""},
	{OCTETS("ClamAV-VDB:" DATE ":1:2::X:X:b:5"), "functionality level is \"\""},
	{OCTETS("ClamAV-VDB:" DATE ":1:2:9999999999:X:X:b:5"), "functionality level is"},
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3::X:b:5"), "MD5 is \"\""},
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3:0123:X:b:5"), "MD5 is \"0123\""},
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3:0123456789abcdefABCDEF012345678g:X:b:5"), "MD5 is"},
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3:X:X:b:"), "build time is \"\""},
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3:X:X:b:5x"), "build time is \"5x\""},
	{OCTETS("ClamAV-VDB:" DATE ":1:2:3:X:X:b:9223372036854775808"), "expected Unix seconds"},
	{OCTETS("ClamAV-VDB:14\tMay:1:2:3:X:X:b:5"), "octet 13 of the header is 0x09"},
	{OCTETS("ClamAV-VDB:\xFF:1:2:3:X:X:b:5"), "octet 11 of the header is 0xff"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(*bads); i++) {
		struct cvd cvd;
		if (parse(&cvd, bads[i].text, bads[i].size, ' ') || !strstr(why, bads[i].part))
			fail_msg("header %zu was expected refused with \"%s\": %s", i, bads[i].part,
				why);
	}
}

static void test_sizes(void **state)
{
	static const char text[] = "ClamAV-VDB:" DATE ":1:2:3:X:X:b:5";
	struct cvd cvd;
	char *octets;
	(void)state;
	for (size_t size = 0; size < CVD_HEADER_SIZE; size += size < 64 ? 1 : 149) {
		octets = malloc(size + 1);
		memset(octets, ' ', size + 1);
		memcpy(octets, text, size < sizeof(text) - 1 ? size : sizeof(text) - 1);
		assert_false(cvd_parse(&cvd, octets, size, why, sizeof(why)));
		assert_non_null(strstr(why, "expected a header of 512"));
		free(octets);
	}
	/* What is behind the header is nobody's business here. */
	octets = malloc(CVD_HEADER_SIZE + 100);
	memset(octets, 0xAA, CVD_HEADER_SIZE + 100);
	memset(octets, ' ', CVD_HEADER_SIZE);
	memcpy(octets, text, sizeof(text) - 1);
	assert_true(cvd_parse(&cvd, octets, CVD_HEADER_SIZE + 100, why, sizeof(why)));
	/* All 512 octets are text: there is no end but the size. */
	memset(octets + sizeof(text) - 1, '5', CVD_HEADER_SIZE - (sizeof(text) - 1));
	assert_false(cvd_parse(&cvd, octets, CVD_HEADER_SIZE, why, sizeof(why)));
	assert_non_null(strstr(why, "expected Unix seconds"));
	free(octets);
}

/* Padding that is none: zeros end the text as well. */
static void test_padding(void **state)
{
	struct cvd cvd;
	(void)state;
	assert_true(parse(&cvd, OCTETS("ClamAV-VDB:" DATE ":1:2:3:X:X:b:5"), '\0'));
	assert_true(parse(&cvd, OCTETS("ClamAV-VDB:" DATE ":1:2:3:X:X:b:5"), '\n'));
	assert_false(parse(&cvd, OCTETS(""), '\0'));
	assert_false(parse(&cvd, OCTETS("ClamAV-VDB:"), ':'));
}

/* No octet of any kind at any place does harm, and a sentence is always there. */
static void test_mutated(void **state)
{
	static const char text[] = "ClamAV-VDB:" DATE ":11000:99:53:" MD5 ":abc:neo:1273845470";
	static const char marks[] = {
		0, 1, '\n', ' ', ':', '0', '9', 'X', 0x7F, (char)0x80, (char)0xFF};
	char copy[sizeof(text)];
	struct cvd cvd;
	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		for (size_t k = 0; k < sizeof(marks); k++) {
			memcpy(copy, text, sizeof(text));
			copy[i] = marks[k];
			if (!parse(&cvd, copy, sizeof(text) - 1, ' '))
				assert_true(*why);
			else
				assert_true(cvd.version > 0);
		}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(cvd_database_names[CVD_MAIN], "main");
	assert_string_equal(cvd_database_names[CVD_DAILY], "daily");
	assert_string_equal(cvd_database_names[CVD_BYTECODE], "bytecode");
	assert_string_equal(cvd_database_names[CVD_SAFEBROWSING], "safebrowsing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests_name("cvd", tests, NULL, NULL);
}
