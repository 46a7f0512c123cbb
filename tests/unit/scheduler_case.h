/* tests/unit/scheduler_case.h - a scheduler over fake mirrors: settings, list and reports of a
 * test's own. */
#ifndef TESTS_UNIT_SCHEDULER_CASE_H
#define TESTS_UNIT_SCHEDULER_CASE_H

#include "tests/unit/fake_mirror.h"

#include "geo/country.h"
#include "tools/monitor/probe/scheduler.h"
#include "tools/monitor/targets/target.h"

#include <arpa/inet.h>

enum { CASE_MAX = 16, CASE_DEADLINE_MS = 20000 };

static uv_loop_t loop;
static uv_timer_t clock_timer;
static bool clock_out, round_over;
static struct settings settings;
static struct scheduler *scheduler;
static struct fake fakes[CASE_MAX];
static struct list_mirror mirrors[CASE_MAX];
static struct target targets[CASE_MAX], *list[CASE_MAX];
static struct observation seen[CASE_MAX]; /* the last of each target */
static unsigned reports[CASE_MAX], all_reports;
static size_t fake_count;

static inline void case_report(void *owner, struct target *target, const struct observation *saw)
{
	size_t i = (size_t)(target - targets);
	assert_ptr_equal(owner, &settings);
	assert_false(target->busy);
	assert_int_equal(saw->good, saw->why[0] == '\0');
	seen[i] = *saw;
	reports[i]++;
	all_reports++;
	target->checked = time(NULL);
}

static inline void case_done(void *owner)
{
	assert_ptr_equal(owner, &settings);
	round_over = true;
	uv_stop(&loop); /* timers run before the loop waits for sockets */
}

static inline void case_clock(uv_timer_t *timer)
{
	(void)timer;
	clock_out = true;
}

/* Runs the loop until the flag is set; false: the time was over before. */
static inline bool case_wait(const bool *flag, unsigned milliseconds)
{
	clock_out = false;
	uv_update_time(&loop);
	uv_timer_start(&clock_timer, case_clock, milliseconds, 0);
	while (!clock_out && !(flag && *flag))
		uv_run(&loop, UV_RUN_ONCE);
	uv_timer_stop(&clock_timer);
	return flag && *flag;
}

static inline void case_target(size_t i, const char *host, const char *address, uint16_t port)
{
	memset(&targets[i], 0, sizeof(targets[i]));
	snprintf(targets[i].host, sizeof(targets[i].host), "%s", host);
	bool ipv6 = targets[i].address.ipv6 = strchr(address, ':') != NULL;
	assert_int_equal(
		inet_pton(ipv6 ? AF_INET6 : AF_INET, address, targets[i].address.octets), 1);
	mirrors[i] = (struct list_mirror){
		.host = targets[i].host, .country = (uint16_t)country_find("PL", 2), .port = port};
	targets[i].mirror = &mirrors[i];
	list[i] = &targets[i];
}

/* A mirror more, which listens; NULL: nobody listens there. */
static inline struct fake *case_mirror(
	const char *host, const char *address, const struct fake_answer *answers)
{
	size_t i = fake_count++;
	fake_listen(&fakes[i], &loop, address, 0, answers);
	case_target(i, host, address, fakes[i].port);
	return &fakes[i];
}

static inline void case_begin(void)
{
	scheduler = scheduler_new(&loop, &settings, case_report, &settings);
	assert_non_null(scheduler);
	assert_true(scheduler_set(scheduler, list, fake_count));
}

/* Every target once. */
static inline void case_round(void)
{
	round_over = false;
	scheduler_cycle(scheduler, case_done);
	assert_true(case_wait(&round_over, CASE_DEADLINE_MS));
}

static inline int case_setup(void **state)
{
	(void)state;
	memset(&settings, 0, sizeof(settings));
	settings.zone = "clamav.net";
	settings.host = "db.%c.%z";
	settings.request_path = "/timestamp";
	settings.interval = 600;
	settings.timeout = 1;
	settings.parallel = 8;
	settings.pings = "";
	memset(reports, 0, sizeof(reports));
	memset(seen, 0, sizeof(seen));
	all_reports = 0;
	fake_count = 0;
	scheduler = NULL;
	return uv_loop_init(&loop) != 0 || uv_timer_init(&loop, &clock_timer) != 0;
}

static inline int case_teardown(void **state)
{
	(void)state;
	scheduler_free(scheduler);
	for (size_t i = 0; i < fake_count; i++)
		fake_close(&fakes[i]);
	uv_close((uv_handle_t *)&clock_timer, NULL);
	while (uv_run(&loop, UV_RUN_DEFAULT) != 0) /* it may have been told to stop before */
		;
	return uv_loop_close(&loop) != 0;
}

#endif
