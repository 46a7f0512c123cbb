#include "tests/unit/scheduler_case.h"

/* What is said of each reply. The time stands for a stamp: nobody judges its age here. Mirrors are
 * on loopback addresses: nothing that they say may be quoted. */

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: " body
#define STAMP    OK("10\r\n\r\n1732000000")
#define HEADER(version)                                                                            \
	"ClamAV-VDB:14 May 2026 09-57 -0400:" version                                              \
	":100:90:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:X:builder:"                                      \
	"1781708400"

static char text[3][8192]; /* replies that are put together */

static const char *once(const struct fake_answer *answers, bool closes)
{
	struct fake *fake = case_mirror("one.example", "127.0.0.1", answers);
	fake->closes = closes;
	case_begin();
	case_round();
	assert_int_equal(reports[0], 1);
	return seen[0].why;
}

static const char *stamp_once(const char *reply)
{
	const struct fake_answer answers[] = {{"/timestamp", reply}, {0}};
	const char *why = once(answers, true);
	scheduler_free(scheduler);
	scheduler = NULL;
	return why;
}

static void test_stamp(void **state)
{
	(void)state;
	stamp_once(STAMP);
	assert_true(seen[0].good);
	assert_int_equal(seen[0].stamp, 1732000000);
	assert_string_equal(fakes[0].paths, "/timestamp ");
	assert_non_null(
		strstr(fakes[0].asked, "GET /timestamp HTTP/1.1\r\nHost: db.pl.clamav.net\r\n"));
	assert_non_null(strstr(
		fakes[0].asked, "\r\nUser-Agent: ClamAV-MirrorCheck/" MIRRORNS_VERSION "\r\n"));
	assert_null(strstr(fakes[0].asked, "Range"));
}

static void test_modified(void **state)
{
	(void)state;
	stamp_once("HTTP/1.1 200 OK\r\nLast-modified:  Sun, 06 Nov 1994 08:49:37 GMT \r\n"
		   "Content-Length: 5\r\n\r\nhere\n");
	assert_true(seen[0].good);
	assert_int_equal(seen[0].stamp, 784111777);
}

/* A body without a length, in parts, after a reply that is none yet. */
static void test_chunked(void **state)
{
	(void)state;
	stamp_once(
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"4\r\n1732\r\n6\r\n000000\r\n0\r\nLast: one\r\n\r\n");
	assert_true(seen[0].good);
	assert_int_equal(seen[0].stamp, 1732000000);
}

static void test_sentences(void **state)
{
	static const struct {
		const char *reply, *why;
	} rows[] = {
		{OK("6\r\n\r\nIt\"w\xFF!"),
			"timestamp: found something else, expected Unix seconds, an RFC 3339 or "
			"HTTP date"},
		{OK("9\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nyesterday"),
			"timestamp: found something else, expected Unix seconds, an RFC 3339 or "
			"HTTP date; its "
			"clock is "},
		{OK("20\r\n\r\n1732000000"), "incomplete reply: 10 octets of 20"},
		{OK("8192\r\n\r\n17"), "incomplete reply: 2 octets of 8192"},
		{"HTTP/1.1 503 Unavailable\r\n\r\nlater", "HTTP 503"},
		{"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404"},
		{"HTTP/1.1 204 No Content\r\n\r\n", "HTTP 204"},
		{"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/\x1b[0m\r\n\r\n",
			"HTTP 301: redirects to something else"},
		{"HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP 304"},
		{"HTTP/1.1 101 Switching Protocols\r\n\r\n1732000000", "HTTP 101"},
		{"HTTP/1.1 200 OK\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nCont",
			"incomplete reply: its headers did not end"},
		{"HTTP/1.1 200 OK\r\n", "incomplete reply: its headers did not end"},
		{"HTTP/1.1 100 Continue\r\n\r\n", "no reply: the connection was closed"},
		{FAKE_RESET, "no reply: connection reset by peer"},
		{"", "no reply: the connection was closed"},
		{"\x15\x03\x01\x00\x02\x02\x46",
			"the reply is not HTTP: is the port used by TLS or another service?"},
		{"SSH-2.0-OpenSSH_9\r\n",
			"the reply is not HTTP: is the port used by TLS or another service?"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", NULL},
		{"HTTP/1.1 2\r\n\r\n", NULL},
		{"HTTP/7.3 200 OK\r\n\r\n", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t at = fake_count;
		fake_count = 0;
		const char *why = stamp_once(rows[i].reply);
		assert_false(seen[0].good);
		assert_true(why[0] && !strchr(why, '\n') && !strchr(why, '"'));
		if (rows[i].why && strncmp(why, rows[i].why, strlen(rows[i].why)) != 0)
			fail_msg("%zu: \"%s\", expected \"%s\"", i, why, rows[i].why);
		memset(reports, 0, sizeof(reports));
		fake_close(&fakes[0]);
		case_wait(NULL, 1);
		fake_count = at;
	}
}

/* More than a timestamp's room, with and without a length. */
static void test_too_long(void **state)
{
	(void)state;
	memset(text[0], '1', 6000);
	snprintf(text[1], sizeof(text[1]), "HTTP/1.1 200 OK\r\n\r\n%.6000s", text[0]);
	assert_string_equal(
		stamp_once(text[1]), "timestamp: more than 4096 octets, expected a time");
}

static void test_endless_headers(void **state)
{
	static char many[40000];
	size_t at = (size_t)sprintf(many, "HTTP/1.1 200 OK\r\n");
	(void)state;
	while (at < 30000)
		at += (size_t)sprintf(many + at, "X-%zu: and so on\r\n", at);
	assert_string_equal(stamp_once(many), "more than 16384 octets of headers");
}

/* A line that goes on and on. */
static void test_endless_line(void **state)
{
	static char line[200000];
	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "HTTP/1.1 200 OK\r\nX: ", 20);
	stamp_once(line);
	assert_false(seen[0].good);
	assert_string_equal(seen[0].why, "a header line without an end, or out of memory");
}

/* Octets that are neither headers nor body. */
static void test_endless_extension(void **state)
{
	static char line[16000000];
	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	size_t size =
		(size_t)sprintf(line, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;");
	line[size] = 'x';
	assert_string_equal(stamp_once(line), "more than 262144 octets came");
}

static void test_silent(void **state)
{
	(void)state;
	assert_string_equal(stamp_once(NULL), "no reply within 1 s");
	assert_true(seen[0].milliseconds >= 900);
}

static void test_half(void **state)
{
	static const struct fake_answer answers[] = {{"/timestamp", OK("20\r\n\r\n17")}, {0}};
	(void)state;
	assert_string_equal(once(answers, false), "the reply did not end within 1 s");
}

static void test_refused(void **state)
{
	(void)state;
	fake_listen(&fakes[0], &loop, "127.0.0.1", 0, NULL);
	case_target(0, "one.example", "127.0.0.1", fakes[0].port);
	fake_close(&fakes[0]);
	case_wait(NULL, 1);
	scheduler = scheduler_new(&loop, &settings, case_report, &settings);
	assert_true(scheduler_set(scheduler, list, 1));
	case_round();
	assert_string_equal(seen[0].why, "connect: connection refused");
}

/* Each beside its database; one that is missing where the mirror has the version is told of. */
static void test_signatures(void **state)
{
	static const uint32_t versions[TARGET_DATABASES] = {63, 28034, 0};
	const struct fake_answer answers[] = {{"/timestamp", STAMP}, {"/main.cvd", text[0]},
		{"/daily.cvd", text[1]}, {"/main-63.cvd.sign", OK("4\r\n\r\nsign")}, {0}};
	static const struct {
		uint8_t wanted;
		const char *daily, *warning, *why;
	} rows[] = {
		{SIGNATURES_OFF, HEADER("28034"), "", ""},
		{SIGNATURES_WARN, HEADER("28034"), "daily-28034.cvd.sign: HTTP 404", ""},
		{SIGNATURES_WARN, HEADER("28033"), "", ""},
		{SIGNATURES_REQUIRE, HEADER("28033"), "", ""},
		{SIGNATURES_REQUIRE, HEADER("28034"), "", "daily-28034.cvd.sign: HTTP 404"},
	};
	(void)state;
	snprintf(text[0], sizeof(text[0]), "HTTP/1.1 200 OK\r\nContent-Length: 512\r\n\r\n%-512s",
		HEADER("63"));
	case_mirror("one.example", "127.0.0.1", answers);
	case_begin();
	scheduler_versions(scheduler, versions);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		settings.signatures = rows[i].wanted;
		snprintf(text[1], sizeof(text[1]),
			"HTTP/1.1 206 Partial Content\r\nContent-Length: 512\r\n\r\n%-512s",
			rows[i].daily);
		fakes[0].paths[0] = '\0';
		case_round();
		assert_string_equal(seen[0].warning, rows[i].warning);
		assert_string_equal(seen[0].why, rows[i].why);
		assert_int_equal(strstr(fakes[0].paths, ".sign") != NULL, rows[i].wanted != 0);
	}
	assert_string_equal(fakes[0].paths,
		"/timestamp /main.cvd /daily.cvd /bytecode.cvd /main-63.cvd.sign "
		"/daily-28034.cvd.sign ");
}

/* All over one connection. */
static void test_databases(void **state)
{
	static const uint32_t versions[TARGET_DATABASES] = {63, 28034, 339};
	static const char *const told[] = {HEADER("63"), HEADER("28033"), HEADER("400")};
	const struct fake_answer answers[] = {{"/timestamp", STAMP},
		{"/local_test", OK("0\r\n\r\n")}, {"/main.cvd", text[0]}, {"/daily.cvd", text[1]},
		{"/bytecode.cvd", text[2]}, {0}};
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		snprintf(text[i], sizeof(text[i]),
			"HTTP/1.1 206 Partial Content\r\nContent-Length: 512\r\n\r\n%-512s",
			told[i]);
	settings.local_test = true;
	struct fake *fake = case_mirror("one.example", "127.0.0.1", answers);
	case_begin();
	scheduler_versions(scheduler, versions);
	case_round();
	assert_string_equal(seen[0].why, "");
	assert_true(seen[0].good);
	assert_int_equal(seen[0].versions[0], 63);
	assert_int_equal(seen[0].versions[1], 28033);
	assert_int_equal(seen[0].versions[2], 400);
	assert_string_equal(
		fake->paths, "/timestamp /local_test /main.cvd /daily.cvd /bytecode.cvd ");
	assert_non_null(strstr(fake->asked, "\r\nRange: bytes=0-511\r\n"));
	assert_int_equal(fake->connections, 1);
}

static void expect_daily(const char *reply, const char *why, uint32_t version)
{
	static const uint32_t versions[TARGET_DATABASES] = {0, 28034, 0};
	const struct fake_answer answers[] = {{"/timestamp", STAMP}, {"/daily.cvd", reply}, {0}};
	case_mirror("one.example", "127.0.0.1", answers);
	case_begin();
	scheduler_versions(scheduler, versions);
	case_round();
	assert_string_equal(seen[0].why, why);
	assert_int_equal(seen[0].versions[1], version);
	assert_int_equal(seen[0].stamp, 1732000000);
}

static void test_behind(void **state)
{
	(void)state;
	snprintf(text[0], sizeof(text[0]), OK("7000\r\n\r\n%-7000s"), HEADER("28030"));
	expect_daily(text[0], "daily is 28030, 4 behind 28034", 28030);
}

static void test_no_database(void **state)
{
	(void)state;
	expect_daily(FAKE_404, "", 0);
}

static void test_forbidden_database(void **state)
{
	(void)state;
	expect_daily(
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "daily.cvd: HTTP 403", 0);
}

static void test_silent_database(void **state)
{
	(void)state;
	expect_daily(NULL, "daily.cvd: no reply within 1 s", 0);
}

static void test_bad_database(void **state)
{
	snprintf(text[0], sizeof(text[0]), OK("512\r\n\r\n%-512s"), HEADER("secret"));
	const struct fake_answer answers[] = {{"/timestamp", STAMP}, {"/main.cvd", text[0]}, {0}};
	static const uint32_t versions[TARGET_DATABASES] = {0, 28034, 0};
	(void)state;
	case_mirror("one.example", "127.0.0.1", answers);
	case_begin();
	scheduler_versions(scheduler, versions);
	case_round();
	assert_false(seen[0].good);
	assert_string_equal(seen[0].why, "main.cvd: no database header found");
}

static void test_local_test(void **state)
{
	static const struct fake_answer answers[] = {{"/timestamp", STAMP}, {0}};
	(void)state;
	settings.local_test = true;
	assert_string_equal(once(answers, false), "local_test: HTTP 404");
	assert_int_equal(seen[0].stamp, 1732000000);
}

static void test_ipv6(void **state)
{
	static const struct fake_answer answers[] = {{"/timestamp", STAMP}, {0}};
	(void)state;
	case_mirror("one.example", "::1", answers);
	case_begin();
	case_round();
	assert_string_equal(seen[0].why, "");
}

/* A proxy of the environment is not asked. */
static void test_proxy(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	assert_string_equal(stamp_once(STAMP), "");
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stamp),
		TEST(test_modified),
		TEST(test_chunked),
		TEST(test_sentences),
		TEST(test_too_long),
		TEST(test_endless_headers),
		TEST(test_endless_line),
		TEST(test_endless_extension),
		TEST(test_silent),
		TEST(test_half),
		TEST(test_refused),
		TEST(test_signatures),
		TEST(test_databases),
		TEST(test_behind),
		TEST(test_no_database),
		TEST(test_forbidden_database),
		TEST(test_silent_database),
		TEST(test_bad_database),
		TEST(test_local_test),
		TEST(test_ipv6),
		TEST(test_proxy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
