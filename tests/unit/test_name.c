#include "tests/unit/name_case.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { WHY_SIZE = 256 };

static const uint8_t example[] = "\7example";

static void test_parse(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const uint8_t *origin;
		const char *wire; /* without the root's octet */
		size_t size; /* with it */
	} rows[] = {
		{".", NULL, "", 1},
		{".", example, "", 1},
		{"@", example, "\7example", 9},
		{"@", (const uint8_t *)"", "", 1},
		{"\\@", example, "\1@\7example", 11},
		{"@.", NULL, "\1@", 3},
		{"a", NULL, "\1a", 3},
		{"a.", NULL, "\1a", 3},
		{"a.", example, "\1a", 3},
		{"a", example, "\1a\7example", 11},
		{"Www.De", example, "\3Www\2De\7example", 16},
		{"a.b.c", (const uint8_t *)"", "\1a\1b\1c", 7},
		{"*.big", example, "\1*\3big\7example", 15},
		{"a\\.b", example, "\3a.b\7example", 13},
		{"a\\.", example, "\2a.\7example", 12},
		{"a\\\\.", NULL, "\2a\\", 4},
		{"\\000.", NULL, "\1\0", 3},
		{"\\255\\065\\066.", NULL, "\3\377AB", 5},
		{"\\0123.", NULL, "\2\0143", 4},
		{"a\\ b\\032c.", NULL, "\5a b c", 7},
		{"\\\"\\;\\(\\)\\$.", NULL, "\5\";()$", 7},
		{"_x-1/2.", NULL, "\6_x-1/2", 8},
		{"\303\244.", NULL, "\2\303\244", 4},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t wire[NAME_SIZE_MAX];
		char why[WHY_SIZE] = "";
		if (!name_parse(rows[i].text, rows[i].origin, wire, why, sizeof why))
			fail_msg("row %zu: %s", i, why);
		assert_int_equal(name_size(wire), rows[i].size);
		assert_memory_equal(wire, rows[i].wire, rows[i].size);
	}
}

static void test_parse_refused(void **state)
{
	(void)state;
	static const char long_label[] =
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl.x";
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "name \"\" has an empty label, expected 1 to 63 octets between dots"},
		{"@", "name \"@\" has no origin to stand for, expected a complete name"},
		{"..", "name \"..\" has an empty label, expected 1 to 63 octets between dots"},
		{".a", "name \".a\" has an empty label, expected 1 to 63 octets between dots"},
		{"a..b", "name \"a..b\" has an empty label, expected 1 to 63 octets between dots"},
		{"a..", "name \"a..\" has an empty label, expected 1 to 63 octets between dots"},
		{"a\\", "name \"a\\\" has a bad escape, expected \\X, or \\DDD of at most 255"},
		{"a\\2", "name \"a\\2\" has a bad escape, expected \\X, or \\DDD of at most 255"},
		{"a\\25", "name \"a\\25\" has a bad escape, expected \\X, or \\DDD of at most 255"},
		{"a\\25x",
			"name \"a\\25x\" has a bad escape, expected \\X, or \\DDD of at most 255"},
		{"\\256", "name \"\\256\" has a bad escape, expected \\X, or \\DDD of at most 255"},
		{"\\999", "name \"\\999\" has a bad escape, expected \\X, or \\DDD of at most 255"},
		{"a b", "name \"a b\" has a blank or control character, expected it as \\DDD"},
		{"a\n", "name \"a?\" has a blank or control character, expected it as \\DDD"},
		{"\177", "name \"?\" has a blank or control character, expected it as \\DDD"},
		{long_label,
			"name "
			"\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl...\" "
			"has a label too long, expected at most 63 octets"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t wire[NAME_SIZE_MAX];
		char why[WHY_SIZE] = "";
		assert_false(name_parse(rows[i].text, NULL, wire, why, sizeof why));
		assert_string_equal(why, rows[i].why);
	}
}

/* 255 octets are a name and 256 are not, completed or not, in full labels or in the smallest. */
static void test_parse_size(void **state)
{
	(void)state;
	uint8_t wire[NAME_SIZE_MAX], filled[NAME_SIZE_MAX + 64];
	char text[NAME_TEXT_MAX], why[WHY_SIZE];
	for (size_t size = 250; size <= 260; size++) {
		bool good = size <= NAME_SIZE_MAX;
		name_fill(filled, size);
		name_write(filled, text);
		assert_int_equal(name_parse(text, NULL, wire, why, sizeof why), good);
		if (good)
			assert_memory_equal(wire, filled, size);
		else
			assert_non_null(strstr(why, "too many octets, expected at most 255"));
		/* The same size with an origin that supplies the last octets. */
		name_fill(filled, size - sizeof example + 1);
		name_write(filled, text);
		text[strlen(text) - 1] = '\0';
		assert_int_equal(name_parse(text, example, wire, why, sizeof why), good);
		assert_true(
			good ? name_size(wire) == size : strstr(why, "with its origin") != NULL);
	}
	char labels[2 * (NAME_LABELS_MAX + 1) + 1] = "";
	for (int i = 0; i < NAME_LABELS_MAX; i++)
		memcpy(labels + 2 * i, "a.", 3);
	assert_true(name_parse(labels, NULL, wire, why, sizeof why));
	assert_int_equal(name_size(wire), NAME_SIZE_MAX);
	assert_int_equal(name_labels(wire), NAME_LABELS_MAX);
	assert_string_equal(name_write(wire, text), labels);
	strcat(labels, "a.");
	assert_false(name_parse(labels, NULL, wire, why, sizeof why));
	assert_false(name_parse("a", wire, wire, why, 0)); /* no room for a sentence */
}

static void test_label_size(void **state)
{
	(void)state;
	uint8_t wire[NAME_SIZE_MAX];
	char text[4 * 64 + 2], why[WHY_SIZE];
	for (int escaped = 0; escaped < 2; escaped++)
		for (size_t size = 62; size <= 64; size++) {
			text[0] = '\0';
			for (size_t i = 0; i < size; i++)
				strcat(text, escaped ? "\\001" : "x");
			bool good = name_parse(text, NULL, wire, why, sizeof why);
			assert_int_equal(good, size <= NAME_LABEL_MAX);
			assert_true(good ? wire[0] == size : strstr(why, "63 octets") != NULL);
		}
}

static void test_write(void **state)
{
	(void)state;
	static const struct {
		const char *wire, *text;
	} rows[] = {
		{"", "."},
		{"\3wWw\7example", "wWw.example."},
		{"\3a.b\1\\", "a\\.b.\\\\."},
		{"\7\";()@$*", "\\\"\\;\\(\\)\\@\\$*."},
		{"\4 ~\177\377", "\\032~\\127\\255."},
		{"\3\1\12z", "\\001\\010z."},
	};
	char text[NAME_TEXT_MAX];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(name_write((const uint8_t *)rows[i].wire, text), rows[i].text);
}

/* Every octet, at each end of a label, there and back; the longest text fits. */
static void test_escapes_both_ways(void **state)
{
	(void)state;
	uint8_t wire[NAME_SIZE_MAX], back[NAME_SIZE_MAX + 64];
	char text[NAME_TEXT_MAX], why[WHY_SIZE];
	for (int octet = 0; octet < 256; octet++) {
		uint8_t name[] = {3, (uint8_t)octet, '1', (uint8_t)octet, 1, (uint8_t)octet, 0};
		name_write(name, text);
		assert_true(name_parse(text, NULL, wire, why, sizeof why));
		assert_memory_equal(wire, name, sizeof name);
		snprintf(text, sizeof text, "\\%03d.", octet);
		assert_true(name_parse(text, NULL, wire, why, sizeof why));
		assert_memory_equal(wire, ((uint8_t[]){1, (uint8_t)octet, 0}), 3);
	}
	name_fill(back, NAME_SIZE_MAX);
	for (size_t i = 0; i < NAME_SIZE_MAX; i++)
		if (back[i] == 'a')
			back[i] = 0xFF;
	assert_int_equal(strlen(name_write(back, text)), 4 * 250 + 4);
	assert_true(name_parse(text, NULL, wire, why, sizeof why));
	assert_memory_equal(wire, back, NAME_SIZE_MAX);
}

static void test_case(void **state)
{
	(void)state;
	for (int a = 0; a < 256; a++)
		for (int b = 0; b < 256; b++) {
			uint8_t first[] = {1, (uint8_t)a, 0}, second[] = {1, (uint8_t)b, 0};
			bool upper = a >= 'A' && a <= 'Z' && b == a + 32;
			bool lower = b >= 'A' && b <= 'Z' && a == b + 32;
			bool same = a == b || upper || lower;
			assert_int_equal(name_equal(first, second), same);
			assert_int_equal(name_compare(first, second) == 0, same);
		}
	uint8_t wire[] = "\4@AZ[\4`az{\3\301\332A";
	name_lower(wire);
	assert_memory_equal(wire, "\4@az[\4`az{\3\301\332a", sizeof wire);
}

static void test_within(void **state)
{
	(void)state;
	static const struct {
		const char *name, *ancestor;
		bool within;
	} rows[] = {
		{"", "", true}, {"\1a", "", true}, {"", "\1a", false}, {"\1a", "\1A", true},
		{"\1b\1A", "\1a", true}, {"\1c\1b\1a", "\1a", true}, {"\1c\1b\1a", "\1b", false},
		{"\1a", "\1b\1a", false}, {"\2ba", "\1a", false},
		{"\3a\1b", "\1b", false}, /* the end looks like it, within a label */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(name_is_within((const uint8_t *)rows[i].name,
					 (const uint8_t *)rows[i].ancestor),
			rows[i].within);
}

/* RFC 4034 6.1's example, whole: each name against each. */
static void test_compare(void **state)
{
	(void)state;
	static const char *const order[] = {
		"",
		"\7example",
		"\1a\7example",
		"\10yljkjljk\1a\7example",
		"\1Z\1a\7example",
		"\4zABC\1a\7EXAMPLE",
		"\1z\7example",
		"\1\001\1z\7example",
		"\1*\1z\7example",
		"\1\200\1z\7example",
		"\2za\7example",
		"\10examples",
	};
	size_t count = sizeof order / sizeof *order;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			int result =
				name_compare((const uint8_t *)order[i], (const uint8_t *)order[j]);
			assert_int_equal((result > 0) - (result < 0), (i > j) - (i < j));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refused),
		cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_label_size),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_escapes_both_ways),
		cmocka_unit_test(test_case),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_compare),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
