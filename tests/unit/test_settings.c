/* The monitor's configuration: what it usually is, what it may be, and each refusal. */
#include "tests/unit/folder_case.h"

#include "tools/monitor/config/config.h"

static struct settings *load(const char *text)
{
	char path[FOLDER_PATH_MAX];
	folder_write("m.conf", text, strlen(text));
	why[0] = '\0';
	return settings_load(folder_path(path, "m.conf"), why, sizeof(why));
}

static void test_usual(void **state)
{
	char path[FOLDER_PATH_MAX];
	struct settings *settings = load("zone = clamav.net\n");
	(void)state;
	assert_non_null(settings);
	assert_string_equal(settings->zone, "clamav.net");
	assert_string_equal(settings->path, folder_path(path, "m.conf"));
	assert_string_equal(settings->mirrors, folder_path(path, "mirrors.list.json"));
	assert_string_equal(settings->export, folder_path(path, "mirrors.json"));
	assert_string_equal(settings->state, folder_path(path, "monitor.sqlite"));
	assert_string_equal(settings->page, folder_path(path, "html"));
	assert_null(settings->txt);
	assert_int_equal(settings->interval, 600);
	assert_int_equal(settings->timeout, 10);
	assert_int_equal(settings->parallel, 64);
	assert_int_equal(settings->old_after, 86400);
	assert_int_equal(settings->remove_after, 2 * 86400);
	assert_int_equal(settings->recover_after, 1);
	assert_int_equal(settings->ramp, 3600);
	assert_int_equal(settings->policy, POLICY_EACH);
	assert_false(settings->local_test);
	assert_int_equal(settings->reference_count, 0);
	assert_string_equal(settings->alert, "");
	assert_string_equal(settings->smtp, "");
	assert_int_equal(settings->digest, 86400);
	assert_string_equal(settings->pings, "");
	assert_string_equal(settings->metrics.text, "127.0.0.1:9354");
	assert_false(settings->metrics_named);
	assert_false(settings->allow_private);
	assert_int_equal(settings->scheme, SCHEME_HTTP);
	assert_int_equal(settings_port(settings), 80);
	assert_string_equal(settings->request_path, "/timestamp");
	assert_string_equal(settings->host, "db.%c.%z");
	assert_int_equal(settings->fresh, FRESH_TIMESTAMP);
	assert_int_equal(settings->signatures, SIGNATURES_WARN);
	settings_free(settings);
}

static void test_given(void **state)
{
	struct settings *settings =
		load("zone = 'x.example.'\n"
		     "mirrors = /l  export = /e  state = /s  page = ''  txt = /t\n"
		     "interval = 1s  timeout = 1s  old-after = 2s  remove-after = 3s  ramp = 0\n"
		     "parallel = 1  recover-after = 3  policy = random  log-level = error  "
		     "local-test = true\n"
		     "references = {'http://192.0.2.1/', 'https://a.example/x?y'}\n"
		     "alert = /bin/true  smtp = 'smtp://localhost:25'  mail-from = 'The team "
		     "<a@b>'  digest = 0\n"
		     "pings = 'http://127.0.0.1:9353/metrics'  metrics = ''  allow-private = true\n"
		     "scheme = https  path = '/a?b'  host = '%h'  fresh = http\n");
	(void)state;
	if (!settings)
		fail_msg("%s", why);
	assert_string_equal(settings->zone, "x.example");
	assert_string_equal(settings->mirrors, "/l");
	assert_null(settings->page);
	assert_string_equal(settings->txt, "/t");
	assert_int_equal(settings->interval, 1);
	assert_int_equal(settings->ramp, 0);
	assert_int_equal(settings->recover_after, 3);
	assert_int_equal(settings->policy, POLICY_RANDOM);
	assert_int_equal(settings->log_level, 0);
	assert_true(settings->local_test);
	assert_int_equal(settings->reference_count, 2);
	assert_string_equal(settings->references[1], "https://a.example/x?y");
	assert_string_equal(settings->smtp, "smtp://localhost:25");
	assert_string_equal(settings->mail_from, "The team <a@b>");
	assert_int_equal(settings->digest, 0);
	assert_string_equal(settings->metrics.text, "");
	assert_true(settings->metrics_named);
	assert_true(settings->allow_private);
	assert_int_equal(settings->scheme, SCHEME_HTTPS);
	assert_int_equal(settings_port(settings), 443);
	assert_string_equal(settings->request_path, "/a?b");
	assert_string_equal(settings->host, "%h");
	assert_int_equal(settings->fresh, FRESH_HTTP);
	settings_free(settings);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{"interval = 1s\n", "expected zone = "},
		{"zone = ''\n", ":1: found zone"},
		{"\nzone = 'a..b'\n", ":2: found zone = \"a..b\", expected a name like"},
		{"\nzone = 'a..'\n", ":2: found zone = \"a..\", expected a name like"},
		{"zone = '-a'\n", ":1: found zone = \"-a\", expected a name"},
		{"zone = 'a b'\n", ":1: found zone = \"a b\", expected a name"},
		{"zone = a\nzone = b\n", ":2: found zone"},
		{"zone = a\nintervall = 1s\n",
			":2: found the unknown option intervall at the top level, expected a "
			"known one: did you mean interval?"},
		{"zone = a\ninterval = 0\n", ":2: found interval = \"0\""},
		{"zone = a\ninterval = 1w\n", ":2: found interval"},
		{"zone = a\npolicy = some\n", ":2: found policy = \"some\", expected"},
		{"zone = a\nparallel = 0\n", ":2: found parallel"},
		{"zone = a\nreferences = {'ftp://x/'}\n",
			":2: found references = \"ftp://x/\", expected http://HOST/PATH"},
		{"zone = a\nreferences = {''}\n", ":2: found references = \"\", expected http://"},
		{"zone = a\nreferences = {'http://'}\n", ":2: found references = \"http://\""},
		{"zone = a\nreferences = {'http://1','http://1','http://1','http://1','http://1',"
		 "'http://1','http://1','http://1','http://1'}\n",
			":2: found 9 references, expected at most 8"},
		{"zone = a\nsmtp = 'localhost:25'\n",
			":2: found smtp = \"localhost:25\", expected smtp://HOST:PORT"},
		{"zone = a\nsmtp = 'smtp://h'\n", ": found smtp without a mail-from, expected"},
		{"zone = a\nmail-from = 'me'\n", ":2: found mail-from = \"me\", expected a mail"},
		{"zone = a\nmail-to = 'a@b@c'\n", ":2: found mail-to = \"a@b@c\", expected a mail"},
		{"zone = a\nmail-from = 'monitor@host_name'\n",
			":2: found mail-from = \"monitor@host_name\", expected a mail address"},
		{"zone = a\nmail-to = '-f@b'\n", ":2: found mail-to = \"-f@b\", expected a mail"},
		{"zone = a\npings = 'x'\n", ":2: found pings = \"x\", expected http://"},
		{"zone = a\nmetrics = 'x'\n", ":2: found metrics"},
		{"zone = a\nallow-private = 127\n",
			":2: found allow-private = 127, expected true or false"},
		{"zone = a\nscheme = ftp\n", ":2: found scheme = \"ftp\", expected"},
		{"zone = a\nsignatures = on\n", ":2: found signatures = \"on\", expected"},
		{"zone = a\nfresh = yes\n", ":2: found fresh = \"yes\", expected"},
		{"zone = a\npath = 'timestamp'\n",
			":2: found path = \"timestamp\", expected one like \"/timestamp\""},
		{"zone = a\npath = '/a b'\n", ":2: found path = \"/a b\", expected one"},
		{"zone = a\npath = '/a#b'\n", ":2: found path = \"/a#b\", expected one"},
		{"zone = a\nhost = 'db.%x.%z'\n",
			": found host = \"db.%x.%z\", expected a host name like "
			"\"db.%c.%z\", where %c is the country, %z the zone and %h the mirror's "
			"own name"},
		{"zone = a\nhost = '%z:80'\n", ": found host = \"%z:80\", expected a host"},
		{"zone = a\nmirrors = x.json\nexport = x.json\n",
			": found one file for mirrors and export"},
	};
	char path[FOLDER_PATH_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings *settings = load(rows[i].text);
		size_t size = strlen(folder_path(path, "m.conf"));
		if (settings || strncmp(why, path, size) != 0 || !strstr(why, rows[i].sentence))
			fail_msg("%s\ngave: %s\nnot:  %s", rows[i].text, why, rows[i].sentence);
	}
	assert_null(settings_load(folder_path(path, "none"), why, sizeof(why)));
	assert_non_null(strstr(why, "none: "));
	assert_non_null(strstr(why, "No such file"));
}

static void test_names(void **state)
{
	static const struct {
		const char *host, *name;
		bool shared;
	} rows[] = {{"db.%c.%z", "db.pl.clamav.net", true}, {"%h", "M.example", false},
		{"%z", "clamav.net", true}, {"%c-%h.%z", "pl-M.example.clamav.net", false},
		{"a.%", "a.%", true}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct settings settings = {.zone = "clamav.net", .host = rows[i].host};
		char name[SETTINGS_HOST_MAX];
		assert_string_equal(
			settings_host_write(&settings, "PL", "M.example", name), rows[i].name);
		assert_int_equal(settings_host_shared(&settings), rows[i].shared);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_usual, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_given, folder_make, folder_remove),
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup_teardown(test_refused, folder_make, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
