#include "tests/unit/explain_case.h"

#include "dns/explain/diff.h"

#include <time.h>

/* The golden export with one text in the place of another. */
static const char *export_write(const char *from, const char *to)
{
	static char path[FOLDER_PATH_MAX];
	char golden[8192];
	FILE *in = fopen("tests/golden/mirrors.json", "r");
	assert_non_null(in);
	golden[fread(golden, 1, sizeof(golden) - 1, in)] = '\0';
	fclose(in);
	const char *at = strstr(golden, from);
	assert_non_null(at);
	char *text = malloc(strlen(golden) + strlen(to) + 1);
	assert_non_null(text);
	sprintf(text, "%.*s%s%s", (int)(at - golden), golden, to, at + strlen(from));
	folder_write("new.json", text, strlen(text));
	free(text);
	return folder_path(path, "new.json");
}

static json_t *result;

static enum diff_result diff(const char *path)
{
	json_decref(result);
	result = NULL;
	return diff_json(world.snapshot, path, &result, why, sizeof(why));
}

static void test_same(void **state)
{
	(void)state;
	assert_int_equal(diff("tests/golden/mirrors.json"), DIFF_SAME);
	assert_string_equal(text_of(result, "word"), "same");
	assert_string_equal(text_of(result, "zone"), "clamav.net");
	/* Another serial alone changes nothing that is served. */
	assert_int_equal(diff(export_write("\"serial\": 412", "\"serial\": 413")), DIFF_SAME);
	assert_int_equal(number_of(json_object_get(result, "serial"), "before"), 412);
	assert_int_equal(number_of(json_object_get(result, "serial"), "after"), 413);
}

static void test_out(void **state)
{
	(void)state;
	assert_int_equal(diff(export_write("\"ipv4\": [\"192.0.2.13\"], \"state\": \"ok\"",
				 "\"ipv4\": [\"192.0.2.13\"], \"state\": \"removed\", "
				 "\"reason\": \"no\\u0007 answer\"")),
		DIFF_CHANGES);
	json_t *out = json_object_get(result, "out");
	assert_int_equal(json_array_size(out), 1);
	assert_string_equal(text_of(json_array_get(out, 0), "host"), "de3.example");
	assert_string_equal(text_of(json_array_get(out, 0), "why"), "removed: no  answer");
	json_t *country =
		row_find(json_object_get(result, "countries"), "country", "DE", NULL, NULL);
	assert_int_equal(number_of(json_object_get(country, "ipv4"), "before"), 3);
	assert_int_equal(number_of(json_object_get(country, "ipv4"), "after"), 2);
	assert_int_equal(json_array_size(json_object_get(result, "levels")), 0);
	json_t *served = json_object_get(result, "served");
	assert_int_equal(number_of(served, "before"), 87);
	assert_int_equal(number_of(served, "gone"), 1);
	assert_int_equal(number_of(served, "come"), 0);
	double percent = json_real_value(json_object_get(served, "gone_percent"));
	assert_true(percent > 1.14 && percent < 1.16);
}

/* France loses its last ones: its names go to the continent's. */
static void test_levels(void **state)
{
	(void)state;
	assert_int_equal(diff(export_write("\"country\": \"FR\", \"ipv4\": [\"198.51.100.21\"], "
					   "\"state\": \"ok\"},\n    {\"host\": \"fr2.example\", "
					   "\"country\": \"FR\"",
				 "\"country\": \"BE\", \"ipv4\": [\"198.51.100.21\"], "
				 "\"state\": \"ok\"},\n    {\"host\": \"fr2.example\", "
				 "\"country\": \"BE\"")),
		DIFF_CHANGES);
	json_t *levels = json_object_get(result, "levels");
	json_t *row = row_find(levels, "pool", "db.*", "after", "continent:EU");
	assert_string_equal(text_of(row, "before"), "country:FR");
	assert_string_equal(text_of(row, "family"), "ipv4");
	assert_int_equal(json_array_size(json_object_get(row, "countries")), 1);
	assert_true(list_has(json_object_get(row, "countries"), "FR"));
	row = row_find(levels, "pool", "db.*", "after", "country:BE");
	assert_string_equal(text_of(row, "before"), "continent:EU");
	row = row_find(levels, "pool", "db.near", "after", "nobody");
	assert_string_equal(text_of(row, "before"), "country:FR");
	row = row_find(json_object_get(result, "changed"), "host", "fr2.example", NULL, NULL);
	assert_string_equal(text_of(row, "why"), "country FR->BE");
}

static void test_refused(void **state)
{
	static const struct {
		const char *from, *to, *sentence;
		bool well_formed;
	} rows[] = {
		{"\"serial\": 412", "\"serial\": 411",
			"new.json:2: serial 411 is lower than the last accepted, expected at least "
			"412",
			true},
		{"2026-06-17T18", "2026-06-17T17", "is before the last accepted", true},
		{"\"host\": \"us.example\", \"country\": \"US\"",
			"\"host\": \"us.example\", \"country\": \"XX\"",
			"host us.example: country is \"XX\"", false},
		{"mirror-export/1", "mirror-export/2", "format", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum diff_result outcome = diff(export_write(rows[i].from, rows[i].to));
		assert_int_equal(result != NULL, rows[i].well_formed);
		assert_int_equal(outcome, DIFF_REFUSED);
		if (!strstr(why, rows[i].sentence))
			fail_msg("%s", why);
		if (result)
			assert_string_equal(text_of(result, "why"), why);
	}
	assert_int_equal(diff("/nowhere/mirrors.json"), DIFF_REFUSED);
	assert_non_null(strstr(why, "/nowhere/mirrors.json"));
	assert_null(result);
	assert_int_equal(diff(NULL), DIFF_REFUSED);
	assert_string_equal(why, "diff needs the path of an export");
	assert_int_equal(diff("/dev/zero"), DIFF_REFUSED);
	assert_non_null(strstr(why, "/dev/zero"));
}

/* A zone's addresses in service go by more than max-shrink. */
static void test_shrink(void **state)
{
	static const char text[] =
		"{\"format\":\"mirror-export/1\",\"generated\":\"2026-06-17T18:00:00Z\","
		"\"serial\":413,\"mirrors\":[{\"host\":\"a.example\",\"country\":\"DE\","
		"\"state\":\"ok\",\"ipv4\":[\"192.0.2.11\"]}]}";
	char path[FOLDER_PATH_MAX];
	(void)state;
	folder_write("small.json", text, sizeof(text) - 1);
	assert_int_equal(diff(folder_path(path, "small.json")), DIFF_REFUSED);
	assert_non_null(strstr(why, "max-shrink = 50 %"));
	assert_string_equal(text_of(result, "word"), "refused");
	assert_int_equal(number_of(json_object_get(result, "served"), "gone"), 86);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_out, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_levels, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_refused, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_shrink, folder_make, folder_remove),
	};
	int failed = cmocka_run_group_tests(tests, explain_load, explain_unload);
	json_decref(result);
	return failed;
}
