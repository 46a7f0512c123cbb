#include "tests/unit/explain_case.h"

#include "dns/explain/pool_table.h"

static json_t *table(const char *pattern)
{
	json_t *object = pool_table_json(world.snapshot, pattern, why, sizeof(why));
	if (!object)
		fail_msg("%s: %s", pattern, why);
	return object;
}

static json_t *row_of(const json_t *object, const char *name, const char *country)
{
	json_t *row = row_find(json_object_get(object, "pools"), "name", name, "country", country);
	if (!row)
		fail_msg("no row %s %s", name, country);
	return row;
}

/* What one family of a row has. */
static void family_check(
	json_t *row, const char *family, const char *level, const int counts[3], const char *flag)
{
	json_t *one = json_object_get(row, family);
	if (strcmp(text_of(one, "level"), level) != 0 || strcmp(text_of(one, "flag"), flag) != 0 ||
		number_of(one, "served") != counts[0] || number_of(one, "listed") != counts[1] ||
		number_of(one, "members") != counts[2])
		fail_msg("%s: %s", family, json_dumps(row, 0));
}

static void test_rows(void **state)
{
	(void)state;
	json_t *object = table(NULL);
	family_check(row_of(object, "db.de", "DE"), "ipv4", "country:DE", (int[]){3, 5, 3}, "");
	family_check(row_of(object, "db.de", "DE"), "ipv6", "country:DE", (int[]){2, 4, 2}, "");
	family_check(row_of(object, "db.fr", "FR"), "ipv6", "continent:EU", (int[]){0, 0, 2}, "");
	family_check(row_of(object, "db.jp", "JP"), "ipv4", "world", (int[]){0, 0, 84}, "");
	family_check(
		row_of(object, "db.local", "MC"), "ipv4", "continent:EU", (int[]){0, 0, 5}, "");
	family_check(row_of(object, "db.local", ""), "ipv4", "world", (int[]){84, 86, 84}, "");
	family_check(row_of(object, "db.all", ""), "ipv4", "world", (int[]){84, 86, 84}, "");
	family_check(row_of(object, "db.near", "FR"), "ipv6", "", (int[]){0, 0, 0}, "empty");
	/* Two label pools and three of clients, and the world. */
	assert_int_equal(json_array_size(json_object_get(object, "pools")),
		2 * COUNTRY_MAX + 3 * (COUNTRY_MAX + 1) + 1);
	assert_int_equal(number_of(object, "more"), 0);
	json_decref(object);
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern;
		size_t rows;
	} rows[] = {
		{"db.de", 1},
		{"DB.de.ClamAV.net", 1},
		{"db.d?", 6}, /* de dj dk dm do dz */
		{"*.big", COUNTRY_MAX},
		{"db.de*", 2},
		{"db.local", COUNTRY_MAX + 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *object = table(rows[i].pattern);
		size_t found = json_array_size(json_object_get(object, "pools"));
		if (found != rows[i].rows)
			fail_msg("%s: %zu rows", rows[i].pattern, found);
		json_decref(object);
	}
}

static void test_refused(void **state)
{
	char pattern[2001];
	(void)state;
	assert_null(pool_table_json(world.snapshot, "db.zz", why, sizeof(why)));
	assert_string_equal(
		why, "no pool matches \"db.zz\": `mirrornsctl pools` without a pattern lists all");
	/* What takes a backtracking matcher for ever. */
	for (unsigned i = 0; i < 1000; i++)
		memcpy(pattern + 2 * i, "*a", 3);
	assert_null(pool_table_json(world.snapshot, pattern, why, sizeof(why)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, explain_load, explain_unload);
}
