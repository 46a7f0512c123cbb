#include "dns/config/address.h"
#include "dns/config/table.h"
#include "tests/unit/config_case.h"

#include <arpa/inet.h>

enum { ONE_DAY = 86400, WEEK = 7 * ONE_DAY, TEXT_MAX = 16 };

/* What another program may want of its own file. */
struct monitor {
	const char *zone;
	char *state, *page;
	const char **references;
	size_t reference_count;
	uint32_t interval, ramp;
	uint8_t parallel;
	bool strict, random, page_named;
	struct config_listen metrics;
};

#undef IN
#define IN(member) CONFIG_FIELD(struct monitor, member)

static const struct config_option options[] = {
	{"zone", config_read_text, IN(zone), 0, TEXT_MAX, .required = true},
	{"state", config_read_path, IN(state), .usual = {"monitor.sqlite"}},
	{"page", config_read_path, IN(page), .usual = {"html"}, .empty = true,
		.named = offsetof(struct monitor, page_named)},
	{"references", config_read_texts, IN(references), 0, TEXT_MAX, .list = true,
		.count = offsetof(struct monitor, reference_count)},
	{"interval", config_read_duration, IN(interval), 1, WEEK, .usual = {"10m"}},
	{"ramp", config_read_duration, IN(ramp), 0, WEEK, .usual = {"1h"}},
	{"parallel", config_read_number, IN(parallel), 1, 255, .usual = {"64"}},
	{"strict", config_read_bool, IN(strict), .usual = {"true"}},
	{"policy", config_read_choice, IN(random), .usual = {"each"}, .words = {"each", "random"}},
	{"metrics", config_read_address, IN(metrics), .usual = {"127.0.0.1:9354"}},
	{.name = NULL},
};

static bool monitor_load(const char *text, struct monitor *monitor, struct config_arena *arena)
{
	octets_write(text, strlen(text));
	memset(why, 0, sizeof(why));
	memset(monitor, 0, sizeof(*monitor));
	return config_table_load(file, options, monitor, arena, why, sizeof(why));
}

static void test_usual(void **state)
{
	struct config_arena arena;
	struct monitor monitor;
	char path[128];

	(void)state;
	assert_true(monitor_load("zone = a.example", &monitor, &arena));
	assert_string_equal(arena.path, file);
	assert_string_equal(monitor.zone, "a.example");
	snprintf(path, sizeof(path), "%s/monitor.sqlite", folder);
	assert_string_equal(monitor.state, path);
	snprintf(path, sizeof(path), "%s/html", folder);
	assert_string_equal(monitor.page, path);
	assert_false(monitor.page_named);
	assert_int_equal(monitor.reference_count, 0);
	assert_int_equal(monitor.interval, 600);
	assert_int_equal(monitor.ramp, 3600);
	assert_int_equal(monitor.parallel, 64);
	assert_true(monitor.strict);
	assert_false(monitor.random);
	assert_string_equal(monitor.metrics.text, "127.0.0.1:9354");
	assert_int_equal(monitor.metrics.size, sizeof(struct sockaddr_in));
	config_arena_free(&arena);
	assert_null(arena.pieces);
}

static void test_given(void **state)
{
	const struct sockaddr_in6 *address;
	struct config_arena arena;
	struct monitor monitor;

	(void)state;
	assert_true(monitor_load("zone = 'a'  state = \"/x\"  page = \"\" # none\n"
				 "references = {\"http://a//b\", 'c' /* d */, e}\n"
				 "interval = 1d  ramp = 0  parallel = 007  strict = off\n"
				 "policy = random metrics = '[::1]:80'",
		&monitor, &arena));
	assert_string_equal(monitor.state, "/x");
	assert_null(monitor.page);
	assert_true(monitor.page_named);
	assert_int_equal(monitor.reference_count, 3);
	assert_string_equal(monitor.references[0], "http://a//b");
	assert_string_equal(monitor.references[1], "c");
	assert_string_equal(monitor.references[2], "e");
	assert_int_equal(monitor.interval, ONE_DAY);
	assert_int_equal(monitor.ramp, 0);
	assert_int_equal(monitor.parallel, 7);
	assert_false(monitor.strict);
	assert_true(monitor.random);
	address = (const struct sockaddr_in6 *)&monitor.metrics.address;
	assert_int_equal(address->sin6_family, AF_INET6);
	assert_int_equal(ntohs(address->sin6_port), 80);
	config_arena_free(&arena);
	assert_true(monitor_load("zone = a references = {} metrics = ''", &monitor, &arena));
	assert_string_equal(monitor.metrics.text, "");
	assert_int_equal(monitor.metrics.size, 0);
	config_arena_free(&arena);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *sentence; /* what stands after the file's name */
	} rows[] = {
		{"", ": found no zone, expected zone = \"...\""},
		{"zone = a\nzones = b",
			":2: found the unknown option zones at the top level, expected "
			"a known one: did you mean zone?"},
		{"zone = a\nzone = b", ":2: found zone a second time, expected it once (line 1 has "
				       "it)"},
		{"zone = a\ngeo { }",
			":2: found the unknown option geo at the top level, expected one that "
			"the manual page lists"},
		{"zone = a\n\nstate = ''", ":3: found state = \"\", expected a path"},
		{"zone = a\nreferences = {b,\nabcdefghijklmnopq}",
			":3: found references with 17 octets, expected at most 16"},
		{"zone = a\ninterval = 0", ":2: found interval = \"0\", expected a duration like "
					   "30s, 10m, 2h or 1d, from 1 to 604800 seconds"},
		{"zone = a\nmetrics = 80",
			":2: found metrics = \"80\", expected an IP address with port, "
			"such as 192.0.2.1:9353 or [2001:db8::1]:9353 (host names are not "
			"resolved)"},
		{"zone = a\npolicy = some", ":2: found policy = \"some\", expected \"each\" or "
					    "\"random\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_arena arena;
		struct monitor monitor;
		char expected[256];

		assert_false(monitor_load(rows[i].text, &monitor, &arena));
		snprintf(expected, sizeof(expected), "%s%s", file, rows[i].sentence);
		assert_string_equal(why, expected);
		config_arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
