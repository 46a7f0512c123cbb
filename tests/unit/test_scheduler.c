#include "tests/unit/scheduler_case.h"

#include "tools/monitor/probe/ping_hints.h"
#include "tools/monitor/targets/target.h"

#define STAMP "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1732000000"

static const struct fake_answer good[] = {{"/timestamp", STAMP}, {0}};
static const struct fake_answer silent[] = {{"/timestamp", NULL}, {0}};

/* `count` mirrors at 127.0.0.1 and on, each a host of its own or all of one. */
static void many(size_t count, bool one_host, const struct fake_answer *answers)
{
	for (size_t i = 0; i < count; i++) {
		char host[32], address[32];
		snprintf(host, sizeof(host), "m%zu.example", one_host ? 0 : i);
		snprintf(address, sizeof(address), "127.0.0.%zu", i + 1);
		case_mirror(host, address, answers);
		*fakes[i].all_peak = *fakes[i].all_open = 0;
	}
}

static void expect_all(unsigned each)
{
	for (size_t i = 0; i < fake_count; i++)
		assert_int_equal(reports[i], each);
}

static void test_round(void **state)
{
	(void)state;
	many(CASE_MAX, false, good);
	case_begin();
	case_round();
	expect_all(1);
	struct scheduler_counts counts = scheduler_counts(scheduler);
	assert_int_equal(counts.good + counts.failed, CASE_MAX);
	assert_int_equal(counts.good, CASE_MAX);
	assert_int_equal(counts.failed + counts.busy, 0);
	assert_true(counts.round_seconds >= 0 && counts.round_seconds < 10);
	case_round();
	expect_all(2);
	assert_false(case_wait(NULL, 50));
	expect_all(2); /* there is no schedule yet */
}

static void test_round_of_nobody(void **state)
{
	(void)state;
	case_begin();
	case_round();
	assert_int_equal(all_reports, 0);
}

static void test_parallel(void **state)
{
	(void)state;
	settings.parallel = 3;
	many(9, false, good);
	case_begin();
	case_round();
	expect_all(1);
	assert_int_equal(*fakes[0].all_peak, 3);
}

static void test_one_host(void **state)
{
	(void)state;
	many(5, true, good);
	case_begin();
	case_round();
	expect_all(1);
	assert_int_equal(*fakes[0].all_peak, 2);
}

/* Each second, a tenth more or less, whatever the others do. */
static void test_interval(void **state)
{
	(void)state;
	settings.interval = 1;
	settings.timeout = 10;
	settings.parallel = 4;
	many(3, false, good);
	fakes[2].answers = silent;
	case_begin();
	scheduler_start(scheduler);
	case_wait(NULL, 2000);
	assert_in_range(reports[0], 1, 3); /* a slow machine may be late, never early */
	assert_in_range(reports[1], 1, 3);
	assert_int_equal(reports[2], 0);
	assert_int_equal(scheduler_counts(scheduler).busy, 1);
}

/* Those never seen come first, and nobody waits for a whole interval. */
static void test_new_first(void **state)
{
	(void)state;
	settings.parallel = 1;
	many(3, false, good);
	targets[0].checked = targets[1].checked = 1;
	case_begin();
	scheduler_start(scheduler);
	case_wait(NULL, 200);
	assert_int_equal(reports[2], 1);
	assert_int_equal(all_reports, 1);
	assert_in_range(
		targets[0].due, (int64_t)uv_now(&loop) + 500, (int64_t)uv_now(&loop) + 1000);
	assert_in_range(
		targets[1].due, (int64_t)uv_now(&loop) + 1500, (int64_t)uv_now(&loop) + 2000);
	assert_in_range(
		targets[2].due, (int64_t)uv_now(&loop) + 539000, (int64_t)uv_now(&loop) + 660000);
}

/* The loop sleeps while nothing is due. */
static void test_idle(void **state)
{
	(void)state;
	many(1, false, good);
	case_begin();
	scheduler_start(scheduler);
	case_wait(NULL, 200);
	expect_all(1);
	uv_update_time(&loop);
	assert_in_range(uv_backend_timeout(&loop), 530000, 660000);
}

/* Given up without a word, and its place is free again. */
static void test_set_meanwhile(void **state)
{
	(void)state;
	settings.timeout = 2;
	settings.parallel = 2;
	settings.interval = 1;
	many(3, false, silent);
	fakes[2].answers = good;
	case_begin();
	scheduler_start(scheduler);
	while (*fakes[0].all_open < 2)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(scheduler_counts(scheduler).busy, 2);
	list[0] = &targets[2];
	memset(&targets[0], 0xEE, sizeof(targets[0]));
	assert_true(scheduler_set(scheduler, list, 1));
	memset(&targets[1], 0xEE, sizeof(targets[1]));
	assert_int_equal(scheduler_counts(scheduler).busy, 0);
	while (reports[2] == 0 || fakes[0].open + fakes[1].open)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(all_reports, reports[2]);
}

static void set_again(void *owner, struct target *target, const struct observation *saw)
{
	case_report(owner, target, saw);
	memmove(list, list + 1, sizeof(list) - sizeof(list[0]));
	assert_true(scheduler_set(scheduler, list, --fake_count));
}

/* A report may change the list; the round is over when nobody of it is left. */
static void test_set_in_report(void **state)
{
	(void)state;
	many(6, false, good);
	scheduler = scheduler_new(&loop, &settings, set_again, &settings);
	assert_true(scheduler_set(scheduler, list, 6));
	case_round();
	assert_in_range(all_reports, 3, 6);
	assert_int_equal(scheduler_counts(scheduler).busy, 0);
	fake_count = 6;
}

static void free_scheduler(void *owner)
{
	case_done(owner);
	scheduler_free(scheduler);
	scheduler = NULL;
}

static void test_free_when_done(void **state)
{
	(void)state;
	many(2, false, good);
	round_over = false;
	case_begin();
	scheduler_cycle(scheduler, free_scheduler);
	assert_true(case_wait(&round_over, CASE_DEADLINE_MS));
	expect_all(1);
}

/* With connections open, one of them in the middle of a reply. */
static void test_free_meanwhile(void **state)
{
	static const struct fake_answer half[] = {
		{"/timestamp", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n1732"}, {0}};
	const char *references[] = {"http://127.0.0.1:1/"};
	(void)state;
	settings.references = references;
	settings.reference_count = 1;
	many(4, false, silent);
	fakes[1].answers = half;
	case_begin();
	scheduler_cycle(scheduler, case_done);
	case_wait(NULL, 100);
	assert_int_equal(scheduler_counts(scheduler).busy, 4);
	scheduler_free(scheduler);
	scheduler = NULL;
	case_wait(NULL, 100);
	assert_int_equal(all_reports, 0);
	assert_int_equal(*fakes[0].all_open, 0);
}

static void test_hurry(void **state)
{
	(void)state;
	many(3, false, good);
	for (size_t i = 0; i < 3; i++)
		targets[i].checked = 1;
	case_begin();
	scheduler_start(scheduler);
	scheduler_expedite(scheduler, &targets[2]);
	case_wait(NULL, 200);
	assert_int_equal(reports[0] + reports[2], 2);
	scheduler_expedite(scheduler, &targets[2]); /* it was just checked */
	case_wait(NULL, 200);
	assert_int_equal(reports[2], 1);
	case_wait(NULL, 1000);
	scheduler_expedite(scheduler, &targets[2]);
	case_wait(NULL, 200);
	assert_int_equal(reports[2], 2);
}

/* One mirror with all its addresses at the start; then nothing for an hour. */
static void test_random(void **state)
{
	(void)state;
	settings.policy = POLICY_RANDOM;
	for (size_t i = 0; i < 8; i++) {
		char host[32], address[32];
		snprintf(host, sizeof(host), "m%zu.example", i / 2);
		snprintf(address, sizeof(address), "127.0.0.%zu", i + 1);
		case_mirror(host, address, good);
		targets[i].checked = 1;
	}
	targets[7].checked = 0;
	case_begin();
	scheduler_start(scheduler);
	case_wait(NULL, 300);
	unsigned drawn = 0;
	for (size_t i = 0; i < 8; i += 2)
		if (reports[i]) {
			assert_int_equal(reports[i + 1], 1);
			drawn++;
		}
	assert_int_equal(drawn, 1);
	assert_int_equal(reports[7], 1);
	uv_update_time(&loop);
	assert_in_range(uv_backend_timeout(&loop), 3590000, 3600000);
}

static bool answered, is_reached;

static void told(void *owner, bool reached)
{
	assert_ptr_equal(owner, &settings);
	assert_false(answered);
	answered = true;
	is_reached = reached;
	uv_stop(&loop);
}

/* Two that listen nowhere or say 500, and one with a reply of `status`. */
static bool reached_with(const char *reply)
{
	static char urls[3][64];
	static const char *references[3] = {urls[0], urls[1], urls[2]};
	const struct fake_answer answers[] = {
		{"/", reply}, {"/bad", "HTTP/1.1 500 Oh\r\n\r\n"}, {0}};
	struct fake *fake = case_mirror("one.example", "127.0.0.1", answers);
	fake->closes = true;
	snprintf(urls[0], sizeof(urls[0]), "http://127.0.0.1:1/");
	snprintf(urls[1], sizeof(urls[1]), "http://127.0.0.1:%u/bad", fake->port);
	snprintf(urls[2], sizeof(urls[2]), "http://127.0.0.1:%u/", fake->port);
	settings.references = references;
	settings.reference_count = 3;
	answered = false;
	case_begin();
	scheduler_references(scheduler, told);
	assert_true(case_wait(&answered, CASE_DEADLINE_MS));
	return is_reached;
}

static void test_reached(void **state)
{
	(void)state;
	assert_true(reached_with("HTTP/1.1 404 Not Found\r\n\r\n"));
}

static void test_not_reached(void **state)
{
	(void)state;
	assert_false(reached_with("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
}

static void test_no_reference(void **state)
{
	(void)state;
	answered = false;
	case_begin();
	scheduler_references(scheduler, told);
	assert_true(answered);
	assert_false(is_reached);
}

static struct address named[CASE_MAX];
static unsigned named_count;

static void name(void *owner, const struct address *address)
{
	assert_ptr_equal(owner, named);
	named[named_count++] = *address;
}

static char page[4096];

static void line(const char *address, const char *result, unsigned number)
{
	size_t at = strlen(page);
	snprintf(page + at, sizeof(page) - at,
		"mirrorns_pings_total{zone=\"clamav.net\",address=\"%s\",result=\"%s\"} %u\n",
		address, result, number);
}

/* Pings of four mirrors: good and failed ones of the first, then of the others, who are all
 * alike. */
static void page_write(unsigned bad, unsigned fine, unsigned others_bad, unsigned others_fine)
{
	strcpy(page, "HTTP/1.1 200 OK\r\n\r\n# TYPE mirrorns_pings_total "
		     "counter\nmirrorns_pings_total{\n");
	size_t at = strlen(page);
	memset(page + at, 'x', 1000);
	strcpy(page + at + 1000, "\nmirrorns_pings_total{address=\"127.0.0.1\"} 7\n");
	line("127.0.0.1", "ok", fine);
	line("127.0.0.1", "failed", bad);
	for (unsigned i = 2; i <= 4; i++) {
		char address[32];
		snprintf(address, sizeof(address), i == 4 ? "2001:db8::1" : "127.0.0.%u", i);
		line(address, "ok", others_fine);
		line(address, "failed", others_bad);
	}
	line("192.0.2.1", "failed", 1000000); /* nobody of ours */
}

static void poll_count(uv_handle_t *handle, void *count)
{
	*(unsigned *)count += handle->type == UV_POLL;
}

/* Until the page has come and libcurl has closed its socket. */
static void look(struct ping_hints *hints)
{
	unsigned before = fakes[0].requests, polls = 0;
	named_count = 0;
	ping_hints_look(hints);
	while (fakes[0].requests == before || polls) {
		uv_run(&loop, UV_RUN_ONCE);
		polls = 0;
		uv_walk(&loop, poll_count, &polls);
	}
}

/* Pings name whom to look at: the one that fails more than the others, and nobody where all fail
 * alike. */
static void test_hint(void **state)
{
	static const struct fake_answer answers[] = {{"/metrics", page}, {0}};
	struct address addresses[4] = {{.octets = {127, 0, 0, 1}}, {.octets = {127, 0, 0, 2}},
		{.octets = {127, 0, 0, 3}},
		{.octets = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .ipv6 = true}};
	char url[64];
	(void)state;
	case_mirror("one.example", "127.0.0.1", answers)->closes = true;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/metrics", fakes[0].port);
	settings.pings = url;
	struct transfers *transfers = transfers_new(&loop, 4);
	struct ping_hints *hints = ping_hints_new(transfers, &settings, name, named);
	assert_true(ping_hints_set(hints, addresses, 4));
	page_write(500, 10, 0, 10);
	look(hints);
	assert_int_equal(named_count, 0); /* how long that took is not known */
	page_write(502, 20, 0, 20);
	look(hints);
	assert_int_equal(named_count, 0); /* two may be chance */
	page_write(512, 20, 1, 30);
	look(hints);
	assert_int_equal(named_count, 1);
	assert_memory_equal(&named[0], &addresses[0], sizeof(addresses[0]));
	page_write(532, 30, 21, 40);
	assert_true(ping_hints_set(hints, addresses, 4));
	look(hints);
	assert_int_equal(named_count, 0); /* all alike */
	page_write(3, 1, 21, 140);
	look(hints);
	assert_int_equal(named_count, 0); /* the server began anew */
	ping_hints_look(hints);
	ping_hints_free(hints);
	transfers_free(transfers);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round),
		TEST(test_round_of_nobody),
		TEST(test_parallel),
		TEST(test_one_host),
		TEST(test_interval),
		TEST(test_new_first),
		TEST(test_idle),
		TEST(test_set_meanwhile),
		TEST(test_set_in_report),
		TEST(test_free_when_done),
		TEST(test_free_meanwhile),
		TEST(test_hurry),
		TEST(test_random),
		TEST(test_reached),
		TEST(test_not_reached),
		TEST(test_no_reference),
		TEST(test_hint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
