#include "geo/country.h"

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void test_find(void **state)
{
	(void)state;
	static const struct {
		const char *text, *code;
	} rows[] = {
		{"DE", "DE"},
		{"de", "DE"},
		{"dE", "DE"},
		{"AD", "AD"},
		{"zw", "ZW"},
		{"xk", "XK"},
		{"uk", "GB"},
		{"UK", "GB"},
		{"gb", "GB"},
		{"ac", "SH"},
		{"Su", "RU"},
		{"is", "IS"},
		{"eu", ""},
		{"an", ""},
		{"zz", ""},
		{"cs", ""},
		{"yu", ""},
		{"tp", ""},
		{"", ""},
		{"d", ""},
		{"deu", ""},
		{"d1", ""},
		{"{{", ""},
		{"  ", ""},
		{"\xC4\xE9", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(country_code(country_find(rows[i].text, strlen(rows[i].text))),
			rows[i].code);
	assert_int_equal(country_find("DExx", 2), country_find("DE", 2));
	assert_int_equal(country_find("D\0", 2), COUNTRY_NONE);
}

/* Every pair of octets: 253 pairs of lower-case letters are known, and case is all that differs. */
static void test_find_all(void **state)
{
	(void)state;
	unsigned known = 0, lower = 0;
	for (int first = 0; first < 256; first++)
		for (int second = 0; second < 256; second++) {
			char code[2] = {(char)first, (char)second};
			if (country_find(code, 2) == COUNTRY_NONE)
				continue;
			known++;
			assert_true(isalpha(first) && isalpha(second));
			lower += islower(first) && islower(second);
		}
	assert_int_equal(lower, COUNTRY_LABELS);
	assert_int_equal(known, 4 * COUNTRY_LABELS);
}

static void test_rows(void **state)
{
	(void)state;
	for (unsigned country = 1; country <= COUNTRY_MAX; country++) {
		const char *code = country_code(country), *name = country_name(country);
		assert_int_equal(strlen(code), 2);
		assert_int_equal(country_find(code, 2), country);
		assert_true(country == 1 || strcmp(country_code(country - 1), code) < 0);
		assert_true(strlen(name) >= 4 && isupper((unsigned char)*name));
		for (unsigned other = 1; other < country; other++)
			assert_string_not_equal(name, country_name(other));
		assert_int_not_equal(country_continent(country), CONTINENT_NONE);
	}
	static const unsigned none[] = {COUNTRY_NONE, COUNTRY_MAX + 1, 4000000000u};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		assert_string_equal(country_code(none[i]), "");
		assert_string_equal(country_name(none[i]), "");
		assert_int_equal(country_continent(none[i]), CONTINENT_NONE);
	}
	assert_string_equal(country_name(country_find("ie", 2)), "Ireland");
	assert_string_equal(country_name(country_find("uk", 2)), "United Kingdom");
}

static void test_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTRY_LABELS; i++) {
		unsigned country = 0;
		const char *label = country_label(i, &country);
		assert_int_equal(strlen(label), 2);
		assert_true(islower((unsigned char)label[0]) && islower((unsigned char)label[1]));
		assert_int_equal(country_find(label, 2), country);
		assert_int_not_equal(country, COUNTRY_NONE);
		if (i < COUNTRY_MAX)
			assert_int_equal(country, i + 1);
	}
	unsigned country;
	assert_string_equal(country_label(COUNTRY_MAX, &country), "uk");
	assert_string_equal(country_label(COUNTRY_MAX + 1, &country), "ac");
	assert_string_equal(country_label(COUNTRY_MAX + 2, &country), "su");
}

/* All whose continent one could doubt, as GeoNames has them, and how many each has. */
static void test_continents(void **state)
{
	(void)state;
	static const struct {
		const char *continent, *codes;
		unsigned count;
	} rows[] = {
		{"AF", "EG EH KM MG MU RE SC SH SS YT ZA", 58},
		{"AN", "AQ BV GS HM TF", 5},
		{"AS", "AE AM AZ CC GE IL IO JO KZ MV PS TR TW YE", 51},
		{"EU", "AX BY CY FO GI IS MD MT RU SJ UA XK", 53},
		{"NA", "AW BM BQ CW GL GP MQ MX PA PM PR TT US VI", 41},
		{"OC", "AS AU CX FM GU MP NF PF PN TL UM WF", 28},
		{"SA", "AR BR CO FK GF GY SR VE", 14},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum continent continent = continent_find(rows[i].continent, 2);
		assert_int_equal(continent, i + 1);
		for (const char *code = rows[i].codes; *code; code += code[2] ? 3 : 2)
			if (country_continent(country_find(code, 2)) != continent)
				fail_msg("%.2s is not in %s", code, rows[i].continent);
		unsigned count = 0;
		for (unsigned country = 1; country <= COUNTRY_MAX; country++)
			count += country_continent(country) == continent;
		assert_int_equal(count, rows[i].count);
		assert_string_equal(continent_code(continent), rows[i].continent);
	}
	assert_int_equal(continent_find("eU", 2), CONTINENT_EU);
	assert_int_equal(continent_find("XX", 2), CONTINENT_NONE);
	assert_int_equal(continent_find("\0\0", 2), CONTINENT_NONE);
	assert_int_equal(continent_find("EUR", 3), CONTINENT_NONE);
	assert_int_equal(continent_find("", 0), CONTINENT_NONE);
	assert_string_equal(continent_code(CONTINENT_NONE), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_all),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_continents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
