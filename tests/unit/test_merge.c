/* What several monitors say, as one: by majority, whoever is named first, whoever is late. */
#include "tests/unit/folder_case.h"

#include "dns/base/exit.h"
#include "dns/base/file.h"
#include "dns/base/json.h"
#include "geo/country.h"
#include "geo/mirror.h"
#include "geo/stamp.h"
#include "tools/monitor/export/merge.h"
#include "tools/monitor/export/merge_vote.h"

#include <time.h>
#include <unistd.h>

enum { EXPORTS = 3 };
static const int64_t now = 1800000000;

/* One mirror of one export; no host: the export has not got the address. */
struct said {
	const char *state, *reason;
	unsigned weight;
	const char *since;
};

static struct mirrors *export_of(const struct said *said, const char *address, int64_t generated)
{
	char text[1024], stamp[STAMP_TEXT_MAX];
	snprintf(text, sizeof(text),
		"{\"format\":\"mirror-export/1\",\"generated\":\"%s\",\"serial\":7,\"mirrors\":["
		"{\"host\":\"base.example\",\"country\":\"DE\",\"ipv4\":[\"192.0.2.99\"],\"state\":"
		"\"ok\"}"
		",{\"host\":\"m.example\",\"country\":\"PL\",\"ipv4\":[\"%s\"],\"state\":\"%s\","
		"\"reason\":\"%s\",\"weight\":%u,\"since\":\"%s\"}]}",
		stamp_write(generated, stamp), said->state ? address : "192.0.2.98",
		said->state ? said->state : "ok", said->reason ? said->reason : "",
		said->weight ? said->weight : 100, said->since ? said->since : "");
	struct mirrors *mirrors = mirrors_parse(text, strlen(text), "e.json", why, sizeof(why));
	if (!mirrors)
		fail_msg("%s", why);
	return mirrors;
}

/* Merges in the given order; the result as a server reads it. */
static struct mirrors *merge(struct mirrors *const *exports, size_t count, char **text)
{
	struct export_text export;
	assert_true(merge_text(exports, count, NULL, &export));
	*text = export_text_write(&export, 1, now);
	export_text_free(&export);
	struct mirrors *mirrors = mirrors_parse(*text, strlen(*text), "m.json", why, sizeof(why));
	if (!mirrors)
		fail_msg("%s", why);
	return mirrors;
}

static const struct mirror *find(const struct mirrors *mirrors, const char *address)
{
	char text[64];
	for (size_t i = 0; i < mirrors->address_count; i++) {
		const uint8_t *octets = mirrors->addresses[i].at.octets;
		snprintf(text, sizeof(text), "%u.%u.%u.%u", octets[0], octets[1], octets[2],
			octets[3]);
		if (strcmp(text, address) == 0)
			return &mirrors->list[mirrors->addresses[i].mirror];
	}
	return NULL;
}

#define NOT                                                                                        \
	{                                                                                          \
		NULL, NULL, 0, NULL                                                                \
	}
#define SAID(state, reason, weight, since)                                                         \
	{                                                                                          \
		state, reason, weight, since                                                       \
	}

static const struct {
	struct said said[EXPORTS];
	const char *state, *reason; /* NULL: it does not count */
	unsigned weight;
	const char *since;
} rows[] = {
	{{SAID("ok", "", 100, ""), SAID("ok", "", 100, ""), SAID("ok", "", 100, "")}, "ok", "", 100,
		""},
	{{SAID("ok", "", 100, ""), SAID("ok", "", 100, ""), SAID("old", "x", 100, "")}, "ok", "",
		100, ""},
	{{SAID("ok", "", 100, ""), SAID("old", "x", 100, ""), SAID("old", "x", 100, "")}, "old",
		"2 of 3 monitors: x", 100, ""},
	{{SAID("ok", "", 100, ""), SAID("old", "x", 100, ""), SAID("removed", "y", 100, "")}, "old",
		"2 of 3 monitors: x", 100, ""},
	{{SAID("old", "x", 100, ""), SAID("removed", "y", 100, ""), SAID("removed", "y", 100, "")},
		"removed", "2 of 3 monitors: y", 100, ""},
	{{SAID("ok", "", 100, ""), SAID("ok", "", 100, ""), SAID("removed", "y", 100, "")}, "ok",
		"", 100, ""},
	{{SAID("ok", "", 100, ""), SAID("disabled", "d", 100, ""), SAID("disabled", "d", 100, "")},
		"disabled", "2 of 3 monitors: d", 100, ""},
	{{SAID("ok", "", 100, ""), SAID("disabled", "d", 100, ""), SAID("old", "x", 100, "")}, "ok",
		"", 100, ""},
	{{SAID("disabled", "d", 100, ""), SAID("old", "x", 100, ""), SAID("old", "x", 100, "")},
		"old", "2 of 3 monitors: x", 100, ""},
	{{SAID("old", "x", 100, ""), SAID("old", "y", 100, ""), SAID("old", "y", 100, "")}, "old",
		"3 of 3 monitors: y", 100, ""},
	{{NOT, SAID("ok", "", 100, ""), SAID("old", "x", 100, "")}, "ok", "", 100, ""},
	{{NOT, SAID("old", "x", 100, ""), SAID("old", "x", 100, "")}, "old", "2 of 2 monitors: x",
		100, ""},
	{{NOT, NOT, SAID("ok", "", 100, "")}, NULL, "", 0, ""},
	{{SAID("ok", "", 1, ""), SAID("ok", "", 50, ""), SAID("ok", "", 100, "")}, "ok", "", 50,
		""},
	{{SAID("ok", "", 1, ""), SAID("ok", "", 100, ""), SAID("old", "x", 7, "")}, "ok", "", 1,
		""},
	{{SAID("ok", "", 1, "2026-11-20T18:00:00Z"), SAID("old", "x", 1, "2026-11-20T18:00:05Z"),
		 SAID("old", "x", 1, "2026-11-20T18:00:09Z")},
		"old", "2 of 3 monitors: x", 1, "2026-11-20T18:00:09Z"},
	{{SAID("old", "x", 1, "2026-11-20T18:00:09Z"), SAID("old", "x", 1, "2026-11-20T18:00:05Z"),
		 SAID("old", "x", 1, "2026-11-20T18:00:01Z")},
		"old", "3 of 3 monitors: x", 1, "2026-11-20T18:00:05Z"},
};

static void test_majority(void **state)
{
	static const unsigned orders[][EXPORTS] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mirrors *exports[EXPORTS];
		char *first = NULL, *text;
		for (size_t k = 0; k < EXPORTS; k++)
			exports[k] = export_of(&rows[i].said[k], "192.0.2.1", now - (int64_t)k);
		for (size_t k = 0; k < 3; k++) {
			struct mirrors *turned[EXPORTS] = {exports[orders[k][0]],
				exports[orders[k][1]], exports[orders[k][2]]};
			struct mirrors *merged = merge(turned, EXPORTS, &text);
			const struct mirror *mirror = find(merged, "192.0.2.1");
			if (!mirror != !rows[i].state ||
				(mirror &&
					(strcmp(mirror_state_name(mirror->state), rows[i].state) ||
						strcmp(mirror->reason, rows[i].reason) ||
						mirror->weight != rows[i].weight ||
						strcmp(mirror->since, rows[i].since))))
				fail_msg("row %zu: %s", i, text);
			if (mirror)
				assert_string_equal(country_code(mirror->country), "PL");
			assert_non_null(find(merged, "192.0.2.99"));
			if (first)
				assert_string_equal(text, first);
			mirrors_free(merged);
			if (first)
				free(text);
			else
				first = text;
		}
		free(first);
		for (size_t k = 0; k < EXPORTS; k++)
			mirrors_free(exports[k]);
	}
}

static char said[4][300];
static size_t said_count;

static void say(const char *sentence)
{
	snprintf(said[said_count++], sizeof(said[0]), "%s", sentence);
}

static void test_choose(void **state)
{
	static const struct said ok = {.state = "ok"};
	static const char *const names[] = {"a.json", "b.json", "c.json", "d.json", "e.json"};
	struct mirrors *exports[] = {export_of(&ok, "192.0.2.1", now), NULL,
		export_of(&ok, "192.0.2.1", now - MERGE_BEHIND_MAX),
		export_of(&ok, "192.0.2.1", now - MERGE_BEHIND_MAX - 1),
		export_of(&ok, "192.0.2.1", now + 3601)};
	bool used[5];
	(void)state;
	said_count = 0;
	assert_int_equal(merge_choose(exports, names, 5, used, say, now), 2);
	assert_true(used[0] && !used[1] && used[2] && !used[3] && !used[4]);
	assert_int_equal(said_count, 2);
	assert_string_equal(said[0],
		"d.json: export ignored: generated 2027-01-15T07:29:59Z is 1801 s behind the newest");
	assert_string_equal(said[1],
		"e.json: export ignored: generated 2027-01-15T09:00:01Z is 3601 "
		"s ahead of this clock");
	/* A clock that is ahead, but not so far that it is left out, makes nobody late. */
	exports[1] = export_of(&ok, "192.0.2.1", now + 3600);
	assert_int_equal(merge_choose(exports, names, 5, used, say, now), 3);
	assert_true(used[0] && used[1] && used[2] && !used[3] && !used[4]);
	for (size_t i = 0; i < 5; i++)
		mirrors_free(exports[i]);
}

static struct mirrors *out_read(const char *path)
{
	struct file file;
	if (!file_read(&file, path, 1 << 20, why, sizeof(why)))
		return NULL;
	struct mirrors *mirrors = mirrors_parse(file.bytes, file.size, path, why, sizeof(why));
	free(file.bytes);
	assert_non_null(mirrors);
	return mirrors;
}

/* Times that have not come yet, in files. */
static void test_ahead(void **state)
{
	static const char text[] =
		"{\"format\":\"mirror-export/1\",\"generated\":\"%s\",\"mirrors\":[{\"host\":\"m\","
		"\"country\":\"PL\",\"ipv4\":[\"192.0.2.1\"],\"state\":\"old\",\"since\":\"%s\","
		"\"checked\":\"%s\",\"reason\":\"x\"}]}";
	char path[FOLDER_PATH_MAX], out[FOLDER_PATH_MAX], export[1024];
	char stamp[STAMP_TEXT_MAX], later[STAMP_TEXT_MAX], much[STAMP_TEXT_MAX];
	int64_t start = time(NULL), since, checked;
	const char *names[] = {folder_path(path, "a.json")};
	(void)state;
	folder_path(out, "out.json");
	stamp_write(start + 7200, later);
	stamp_write(4000000000, much);
	for (int ahead = 0; ahead < 2; ahead++) {
		snprintf(export, sizeof(export), text,
			stamp_write(ahead ? start + 3000 : start - 60, stamp), later, much);
		folder_write("a.json", export, strlen(export));
		/* So is what an earlier merge has believed. */
		snprintf(
			export, sizeof(export), text, stamp_write(start - 120, stamp), later, much);
		folder_write("out.json", export, strlen(export));
		assert_int_equal(merge_run(names, 1, out), STATUS_GOOD);
		struct mirrors *merged = out_read(out);
		int64_t most = ahead ? time(NULL) : start - 60;
		assert_true(stamp_parse(merged->list[0].since, &since));
		assert_true(stamp_parse(merged->list[0].checked, &checked));
		assert_in_range(merged->generated, start - 60, most);
		assert_in_range(since, start - 60, most);
		assert_in_range(checked, start - 60, most);
		mirrors_free(merged);
	}
}

/* What others write in a reason ends in logs, on pages and in terminals. */
static void test_reason(void **state)
{
	static const struct {
		const char *reason, *line;
	} reasons[] = {
		{"a\\u0001b\\tc\\u001b[2Jd\\u007fe", "a?b?c?[2Jd?e"},
		{"\\u0080\\u0085\\u009b\\u009f\\u00a0\\u00fc", "????\u00A0\u00FC"},
		{"\\u200e\\u200f\\u2027\\u2028\\u2029\\u202a\\u202e\\u202f", "??\u2027????\u202F"},
		{"\\u2065\\u2066\\u2069\\u206a\\u061c\\u061b", "\u2065??\u206A?\u061B"},
		{"\\ud83d\\ude00 it fails", "\U0001F600 it fails"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		char *text, line[300];
		const struct said one = {.state = "removed", .reason = reasons[i].reason};
		struct mirrors *export = export_of(&one, "192.0.2.1", now);
		struct mirrors *merged = merge(&export, 1, &text);
		snprintf(line, sizeof(line), "1 of 1 monitors: %s", reasons[i].line);
		assert_string_equal(find(merged, "192.0.2.1")->reason, line);
		mirrors_free(merged);
		mirrors_free(export);
		free(text);
	}
}

/* Cut between two characters. */
static void test_line(void **state)
{
	char line[8];
	(void)state;
	assert_string_equal(plain_line("abcdef\u00FC", line, sizeof(line)), "abcdef");
	assert_string_equal(plain_line("abcde\u00FCx", line, sizeof(line)), "abcde\u00FC");
	assert_string_equal(plain_line("\n\n\n\n\n\n\n\n", line, sizeof(line)), "???????");
	assert_string_equal(plain_line("\xC2", line, sizeof(line)), "?");
	assert_string_equal(plain_line("\xE2\x80", line, sizeof(line)), "??");
	assert_string_equal(plain_line("", line, sizeof(line)), "");
}

static void export_write(const char *name, const char *state, int64_t generated)
{
	char text[512], stamp[STAMP_TEXT_MAX];
	snprintf(text, sizeof(text),
		"{\"format\":\"mirror-export/1\",\"generated\":\"%s\",\"mirrors\":[{\"host\":\"m\","
		"\"country\":\"PL\",\"ipv4\":[\"192.0.2.1\"],\"state\":\"%s\"}]}",
		stamp_write(generated, stamp), state);
	folder_write(name, text, strlen(text));
}

static void test_run(void **state)
{
	char paths[EXPORTS][FOLDER_PATH_MAX], out[FOLDER_PATH_MAX];
	int64_t when = time(NULL) - 60;
	const char *const names[EXPORTS] = {folder_path(paths[0], "a.json"),
		folder_path(paths[1], "b.json"), folder_path(paths[2], "c.json")};
	(void)state;
	folder_path(out, "out.json");
	export_write("a.json", "ok", when);
	export_write("b.json", "ok", when + 5);
	export_write("c.json", "removed", when);
	assert_int_equal(merge_run(names, EXPORTS, out), STATUS_GOOD);
	struct mirrors *first = out_read(out), *second;
	assert_int_equal(first->list[0].state, MIRROR_OK);
	assert_int_equal(first->generated, when + 5); /* as old as what it is made of */
	/* Nothing has changed: nothing is written. */
	assert_int_equal(merge_run(names, EXPORTS, out), STATUS_GOOD);
	second = out_read(out);
	assert_int_equal(second->serial, first->serial);
	mirrors_free(second);
	export_write("b.json", "removed", when + 9);
	assert_int_equal(merge_run(names, EXPORTS, out), STATUS_GOOD);
	second = out_read(out);
	assert_int_equal(second->serial, first->serial + 1);
	assert_int_equal(second->list[0].state, MIRROR_REMOVED);
	mirrors_free(second);
	/* One is left of three: that is no majority of anything. */
	folder_write("a.json", "{}", 2);
	assert_int_equal(unlink(names[1]), 0);
	assert_int_equal(merge_run(names, EXPORTS, out), STATUS_FAILED);
	second = out_read(out);
	assert_int_equal(second->serial, first->serial + 1);
	mirrors_free(second);
	mirrors_free(first);
}

/* Exports that have nothing in common give no empty one. */
static void test_nothing(void **state)
{
	char paths[2][FOLDER_PATH_MAX], out[FOLDER_PATH_MAX];
	int64_t when = time(NULL);
	const char *const names[] = {
		folder_path(paths[0], "a.json"), folder_path(paths[1], "b.json")};
	static const char other[] =
		"{\"format\":\"mirror-export/1\",\"generated\":\"%s\",\"mirrors\":[{\"host\":\"m\","
		"\"country\":\"PL\",\"ipv4\":[\"192.0.2.2\"],\"state\":\"ok\"}]}";
	char text[512], stamp[STAMP_TEXT_MAX];
	(void)state;
	export_write("a.json", "ok", when);
	snprintf(text, sizeof(text), other, stamp_write(when, stamp));
	folder_write("b.json", text, strlen(text));
	assert_int_equal(merge_run(names, 2, folder_path(out, "out.json")), STATUS_FAILED);
	assert_int_not_equal(access(out, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_majority),
		cmocka_unit_test(test_choose),
		cmocka_unit_test_setup_teardown(test_ahead, folder_make, folder_remove),
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_line),
		cmocka_unit_test_setup_teardown(test_run, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_nothing, folder_make, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
