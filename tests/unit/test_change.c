/* May an export follow the last one, and what the line about it says. */
#include "geo/mirror.h"

#include "tests/unit/mirror_case.h"

enum { NOW = 1795197600 }; /* 2026-11-20T18:00:00Z */

struct follow {
	int64_t serial, generated, now;
	size_t in_service;
	size_t last, largest;
	unsigned max_shrink;
	const char *why; /* NULL: accepted */
};

static const struct follow follows[] = {
	{412, NOW, NOW, 60, 60, 60, 50, NULL},
	{413, NOW + 600, NOW + 600, 60, 60, 60, 50, NULL},
	/* Clocks. */
	{412, NOW + 3600, NOW, 60, 60, 60, 50, NULL},
	{412, NOW + 3601, NOW, 60, 60, 60, 50,
		"m.json:3: generated 2026-11-20T19:00:01Z is 3601 s ahead of this clock "
		"(2026-11-20T18:00:00Z), expected at most 3600 s: one of the clocks is wrong"},
	/* Order. */
	{411, NOW, NOW, 60, 60, 60, 50,
		"m.json:2: serial 411 is lower than the last accepted, expected at least 412; "
		"use `mirrornsctl reload --force` to accept it"},
	{0, NOW, NOW, 60, 60, 60, 50,
		"m.json:2: serial 0 is lower than the last accepted, expected"},
	{413, NOW - 1, NOW, 60, 60, 60, 50,
		"m.json:3: generated 2026-11-20T17:59:59Z is before the last accepted, expected "
		"2026-11-20T18:00:00Z or later; use `mirrornsctl reload --force` to accept it"},
	{411, NOW - 1, NOW, 0, 60, 60, 50, "m.json:2: serial 411"},
	/* What an export does not say is not compared. */
	{-1, NOW, NOW, 60, 60, 60, 50, NULL},
	{412, -1, NOW, 60, 60, 60, 50, NULL},
	/* Shrinking. */
	{412, NOW, NOW, 30, 60, 60, 50, NULL},
	{412, NOW, NOW, 29, 60, 60, 50,
		"m.json:5: 29 addresses in service, 60 in the last accepted export: 52 % gone, "
		"expected at most max-shrink = 50 %; use `mirrornsctl reload --force` to accept it"},
	{412, NOW, NOW, 30, 50, 61, 50,
		"m.json:5: 30 addresses in service, 61 in the largest export of the last 24 hours: "
		"51 % gone, expected at most max-shrink = 50 %;"},
	{412, NOW, NOW, 30, 60, 0, 50, NULL},
	{412, NOW, NOW, 59, 60, 60, 0, "m.json:5: 59 addresses in service, 60 in the last"},
	{412, NOW, NOW, 60, 60, 60, 0, NULL},
	{412, NOW, NOW, 99, 60, 60, 0, NULL},
	{412, NOW, NOW, 0, 60, 60, 100, NULL},
	{412, NOW, NOW, 0, 60, 60, 99,
		"m.json:5: 0 addresses in service, 60 in the last accepted "
		"export: 100 % gone, expected at most max-shrink = 99 %"},
	{412, NOW, NOW, 0, 0, 0, 0, NULL},
};

static void test_follow(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof follows / sizeof *follows; i++) {
		const struct follow *row = &follows[i];
		struct mirrors mirrors = {.serial = row->serial,
			.generated = row->generated,
			.serial_line = 2,
			.generated_line = 3,
			.mirrors_line = 5,
			.in_service = row->in_service};
		struct mirror_limits limits = {.known = true,
			.serial = 412,
			.generated = NOW,
			.in_service = row->last,
			.largest = row->largest,
			.max_shrink = row->max_shrink,
			.now = row->now};
		char why[512] = "accepted";
		bool good = mirrors_follow(&mirrors, &limits, "m.json", why, sizeof why);
		assert_int_equal(good, row->why == NULL);
		if (row->why && strncmp(why, row->why, strlen(row->why)) != 0)
			fail_msg("found %s, expected %s", why, row->why);
	}
}

static void test_follow_first(void **state)
{
	(void)state;
	char why[512];
	struct mirrors mirrors = {.serial = 1, .generated = NOW};
	struct mirror_limits limits = {
		.serial = 2, .generated = NOW + 1, .in_service = 9, .largest = 9, .now = NOW};
	assert_true(mirrors_follow(&mirrors, &limits, "m.json", why, sizeof why));
	limits.now = NOW - 3601;
	assert_false(mirrors_follow(&mirrors, &limits, "m.json", why, sizeof why));
	mirrors.generated = -1; /* without a time there is none to be ahead */
	assert_true(mirrors_follow(&mirrors, &limits, "m.json", why, sizeof why));
}

/* The last accepted export lacks one member, or both: the other is still compared. */
static void test_follow_bare(void **state)
{
	(void)state;
	static const struct {
		int64_t last_serial, last_generated, serial, generated;
		const char *why; /* NULL: accepted */
	} rows[] = {
		{-1, -1, 0, 0, NULL},
		{-1, -1, -1, -1, NULL},
		{0, 0, -1, -1, NULL},
		{-1, NOW, 0, NOW, NULL},
		{-1, NOW, 0, NOW - 1, "m.json:3: generated"},
		{-1, NOW, -1, NOW - 1, "m.json:3: generated"},
		{7, -1, 7, 0, NULL},
		{7, -1, 6, 0, "m.json:2: serial 6"},
		{7, -1, 6, -1, "m.json:2: serial 6"},
		{-1, -1, -1, NOW + 3601, "m.json:3: generated"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mirrors mirrors = {.serial = rows[i].serial,
			.generated = rows[i].generated,
			.serial_line = 2,
			.generated_line = 3};
		struct mirror_limits limits = {.known = true,
			.serial = rows[i].last_serial,
			.generated = rows[i].last_generated,
			.now = NOW};
		char why[512] = "";
		bool good = mirrors_follow(&mirrors, &limits, "m.json", why, sizeof why);
		const char *expected = rows[i].why ? rows[i].why : "";
		if (good != !rows[i].why || strncmp(why, expected, strlen(expected)) != 0)
			fail_msg("row %zu: found \"%s\", expected \"%s\"", i, why, expected);
	}
}

struct change {
	struct mirror_case before[4], after[4];
	size_t count;
	const char *line;
};

static const struct mirror_case a = {"a.x", "DE", "\"10.0.0.1\"", NULL, NULL, 0, NULL},
				a_old = {"a.x", "DE", "\"10.0.0.1\"", NULL, "old", 0,
					"a day behind"},
				a_removed = {"a.x", "DE", "\"10.0.0.1\"", NULL, "removed", 0, NULL},
				a_off = {"a.x", "DE", "\"10.0.0.1\"", NULL, "disabled", 0,
					"by\\nhand"},
				a_six = {"A.x", "DE", NULL, "\"2001:db8::1\"", NULL, 0, NULL},
				b = {"b.x", "PL", "\"10.0.0.2\"", NULL, NULL, 0, NULL},
				b_light = {"b.x", "PL", "\"10.0.0.2\"", NULL, NULL, 50, NULL},
				b_moved = {"b.x", "CZ", "\"10.0.0.2\"", NULL, NULL, 50, NULL},
				b_other = {"b.x", "PL", "\"10.0.0.3\"", NULL, NULL, 0, NULL};

static void test_diff(void **state)
{
	(void)state;
	const struct change changes[] = {
		{{a, b}, {b, a}, 0, "no mirror changed"},
		{{b}, {a, b}, 1, "in: a.x (ok)"},
		{{b}, {a_old, b}, 1, "in: a.x (old)"},
		{{a_removed, b}, {a, b}, 1, "in: a.x (ok)"},
		{{a, b}, {b}, 1, "out: a.x (gone from the export)"},
		{{a, b}, {a_removed, b}, 1, "out: a.x (removed)"},
		{{a, b}, {a_off, b}, 1, "out: a.x (disabled: by hand)"},
		{{a, b}, {a_old, b}, 1, "changed: a.x (ok->old: a day behind)"},
		{{a_removed, b}, {a_off, b}, 1, "changed: a.x (removed->disabled: by hand)"},
		{{a_removed, b}, {b}, 1, "changed: a.x (gone from the export)"},
		{{b}, {a_removed, b}, 1, "changed: a.x (listed, not in service)"},
		{{b}, {b_light}, 1, "changed: b.x (weight 100->50)"},
		{{b}, {b_moved}, 1, "changed: b.x (weight 100->50, country PL->CZ)"},
		{{b}, {b_other}, 1, "changed: b.x (addresses)"},
		/* Several entries are one host, whatever the case. */
		{{a, b}, {a, a_six, b}, 1, "changed: a.x (addresses)"},
		{{a, a_six, b}, {a_removed, a_six, b}, 1, "changed: a.x (ok->removed)"},
		{{a, a_six}, {a_six, a}, 0, "no mirror changed"},
		{{a, b}, {b_light, a_six}, 2, "changed: A.x (addresses), b.x (weight 100->50)"},
		{{a}, {b}, 2, "in: b.x (ok); out: a.x (gone from the export)"},
	};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct mirrors *before = mirror_cases(changes[i].before);
		struct mirrors *after = mirror_cases(changes[i].after);
		char line[512] = "";
		size_t count = mirrors_diff(before, after, line, sizeof line);
		if (strcmp(line, changes[i].line) != 0)
			fail_msg("row %zu: found %s, expected %s", i, line, changes[i].line);
		assert_int_equal(count, changes[i].count);
		mirrors_free(before);
		mirrors_free(after);
	}
}

static void test_diff_first(void **state)
{
	(void)state;
	const struct change rows[] = {
		{{{0}}, {a, a_six, b}, 3, "2 mirrors, 3 of 3 addresses in service"},
		{{{0}}, {a_removed, b}, 2, "2 mirrors, 1 of 2 addresses in service"},
		{{{0}}, {a}, 1, "1 mirror, 1 of 1 address in service"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mirrors *after = mirror_cases(rows[i].after);
		char line[128];
		assert_int_equal(mirrors_diff(NULL, after, line, sizeof line), rows[i].count);
		assert_string_equal(line, rows[i].line);
		mirrors_free(after);
	}
}

/* `n` hosts, all new; then the line at every size. */
static void test_diff_cut(void **state)
{
	(void)state;
	enum { HOSTS = 50 };
	struct mirrors *before = mirror_cases((struct mirror_case[]){a, {0}});
	struct mirror_text text;
	mirror_text_begin(&text, 1, "2026-11-20T18:00:00Z");
	for (unsigned i = 0; i < HOSTS; i++) {
		char host[16], address[32];
		snprintf(host, sizeof host, "m%02u", i);
		snprintf(address, sizeof address, "\"10.1.0.%u\"", i);
		struct mirror_case row = {host, "DE", address, NULL, NULL, 0, NULL};
		fprintf(text.file, i ? "," : "");
		mirror_case_print(text.file, &row);
	}
	struct mirrors *after = mirror_text_end(&text);
	char line[2048], whole[2048];
	assert_int_equal(mirrors_diff(before, after, whole, sizeof whole), HOSTS + 1);
	assert_null(strstr(whole, "more"));
	assert_non_null(strstr(whole, "m49 (ok); out: a.x (gone from the export)"));
	for (size_t size = 0; size < strlen(whole) + 60; size++) {
		char *exact = malloc(size + 1);
		assert_int_equal(mirrors_diff(before, after, exact, size), HOSTS + 1);
		unsigned shown = 0, more = 0;
		snprintf(line, sizeof line, "%s", size ? exact : "");
		assert_true(size == 0 || strlen(line) < size);
		for (const char *at = line; (at = strchr(at, '(')); at++)
			shown++;
		const char *rest = strstr(line, "and ");
		if (rest && sscanf(rest, "and %u more", &more) == 1 && strstr(rest, "more"))
			assert_int_equal(shown + more, HOSTS + 1);
		else if (size > 60)
			assert_string_equal(line, whole);
		free(exact);
	}
	mirrors_free(before);
	mirrors_free(after);
}

static void test_long_reason(void **state)
{
	(void)state;
	/* 119 letters, then a letter of two octets across the limit: it goes as a whole. */
	char reason[200] = "", line[512], expected[256];
	memset(reason, 'x', 119);
	strcpy(reason + 119, "\xC3\xBC and so on");
	struct mirror_case removed = a_removed;
	removed.reason = reason;
	struct mirrors *before = mirror_cases((struct mirror_case[]){a, {0}});
	struct mirrors *after = mirror_cases((struct mirror_case[]){removed, {0}});
	mirrors_diff(before, after, line, sizeof line);
	snprintf(expected, sizeof expected, "out: a.x (removed: %.119s)", reason);
	assert_string_equal(line, expected);
	mirrors_free(before);
	mirrors_free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_follow_first),
		cmocka_unit_test(test_follow_bare),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_diff_first),
		cmocka_unit_test(test_diff_cut),
		cmocka_unit_test(test_long_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
