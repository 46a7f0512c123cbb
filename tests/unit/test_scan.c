/* A walk over JSON that builds nothing: it takes and refuses what jansson does, in the same
 * words. */
#include "tests/unit/scan_case.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void texts_compare(const char *text, size_t size)
{
	char found[SCAN_WHY_MAX], expected[SCAN_WHY_MAX];
	if (!scan_case_agrees(text, size, found, expected))
		fail_msg("%.*s\nfound:    %s\nexpected: %s", (int)size, text, found, expected);
}

static void test_values(void **state)
{
	(void)state;
	static const char *const values[] = {"1", "-1", "0", "-0", "01", "-01", "1.5", "1.", ".5",
		"1.5e3", "1e+3", "1e-3", "1E", "1e+", "+1", "-", "- 1", "0x1", "1a", "1 2", "true",
		"false", "null", "True", "nul", "nulll", "true1", "NaN", "\"\"", "\"a", "\"\\\"\"",
		"\"\\\\\"", "\"\\/\\b\\f\\n\\r\\t\"", "\"\\a\"", "\"\\u12aB\"", "\"\\u12g4\"",
		"\"\\u123\"", "\"\\u", "\"\\", "\"\t\"", "\"\n\"", "\"\x7F\"", "\"\x01\"", "'a'",
		"\"\xC3\xBC\"", "\"\xC3\"", "\"\xC0\x80\"", "\"\xC1\xBF\"", "\"\xE0\x80\x80\"",
		"\"\xE0\xA0\x80\"", "\"\xED\x9F\xBF\"", "\"\xED\xA0\x80\"", "\"\xEF\xBF\xBF\"",
		"\"\xF0\x80\x80\x80\"", "\"\xF0\x90\x80\x80\"", "\"\xF4\x8F\xBF\xBF\"",
		"\"\xF4\x90\x80\x80\"", "\"\xF5\x80\x80\x80\"", "\"\x80\"", "\"\xFF\"", "\xFF", "",
		"[", "]", "{", "}", ":", ",", "[,", "[1,]", "[1 1]", "[1}", "{]", "{1:1}",
		"{\"a\"}", "{\"a\" 1}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":1}", "{\"a\":1]",
		"{,", "[[],[[]],{}]", "{\"a\":{\"a\":[]},\"b\":{}}", "/**/1", "#", "1//"};
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		static const char *const frames[] = {"%s", "[%s]", "[1,%s", "{\"a\":%s}",
			"\n[\n \"\xC3\xBC\xC3\xBC\", {\"b\": [%s\n, 2], \"c\" : 3}]\n", "[]%s"};
		for (size_t k = 0; k < sizeof(frames) / sizeof(*frames); k++) {
			char *text = NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			assert_true(asprintf(&text, frames[k], values[i]) >= 0);
#pragma GCC diagnostic pop
			texts_compare(text, strlen(text));
			free(text);
		}
	}
}

/* 30,000 texts of tokens in any order, and with an octet changed. */
static void test_any(void **state)
{
	(void)state;
	static const char *const tokens[] = {"{", "}", "[", "]", ",", ":", "\"k\"", "\"k\":", "1",
		"-2.5e1", "null", " ", "\n", "{\"a\":", "[]", "\"\xE2\x82\xAC\"", "[1,"};
	uint64_t seed = 20261120;
	for (unsigned round = 0; round < 30000; round++) {
		char text[256] = "[";
		size_t size = 1;
		for (unsigned k = 0; k < round % 20; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			const char *token =
				tokens[(seed >> 33) % (sizeof(tokens) / sizeof(*tokens))];
			memcpy(text + size, token, strlen(token));
			size += strlen(token);
		}
		if (round % 3 == 0)
			text[1 + (seed >> 40) % size] = (char)(seed >> 50);
		char *exact = malloc(size);
		memcpy(exact, text, size);
		texts_compare(exact, size);
		free(exact);
	}
}

static void test_depth(void **state)
{
	(void)state;
	for (size_t depth = SCAN_DEPTH_MAX - 1; depth <= SCAN_DEPTH_MAX + 1; depth++) {
		char text[6 * SCAN_DEPTH_MAX + 20] = "\n", why[SCAN_WHY_MAX];
		for (size_t i = 0; i < depth; i++)
			strcat(text, i % 2 ? "{\"\":" : "[");
		strcat(text, "0");
		for (size_t i = depth; i-- > 0;)
			strcat(text, i % 2 ? "}" : "]");
		scan_case_try(text, strlen(text), why);
		assert_string_equal(why,
			depth <= SCAN_DEPTH_MAX
				? ""
				: "f:2:1281: invalid JSON: more than 512 nested arrays and objects");
	}
}

static void test_octet_0(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t size;
		const char *why;
	} rows[] = {
		{"[\n] \0", 5, "f:2:3: invalid JSON: octet 0"},
		{"[] \0[", 5, "f:1:4: invalid JSON: octet 0"},
		{"[1\0]", 4, "f:1:3: invalid JSON: octet 0"},
		{"[\"a\0\"]", 6, "f:1:3: invalid JSON: control character 0x0 near '\"a'"},
		{"[\"\\\0\"]", 6, "f:1:4: invalid JSON: invalid escape near '\"\\'"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char why[SCAN_WHY_MAX];
		scan_case_try(rows[i].text, rows[i].size, why);
		assert_string_equal(why, rows[i].why);
	}
}

static void test_names(void **state)
{
	(void)state;
	static const struct {
		const char *key;
		bool is;
	} rows[] = {{"\"ipv4\"", true}, {"\"ipv\\u0034\"", true}, {"\"\\u0069\\u0070v4\"", true},
		{"\"ipv\"", false}, {"\"ipv44\"", false}, {"\"\"", false},
		{"\"ipv\\u0035\"", false}, {"\"ipv\\\\4\"", false}, {"\"ipv\\/4\"", false},
		{"\"IPV4\"", false}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct span key = {rows[i].key, rows[i].key + strlen(rows[i].key), 1};
		assert_int_equal(span_is(&key, "ipv4"), rows[i].is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_octet_0),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
