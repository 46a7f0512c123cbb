/* tests/unit/judge_case.h - targets under judgement: a small clock, settings and checks. */
#ifndef TESTS_UNIT_JUDGE_CASE_H
#define TESTS_UNIT_JUDGE_CASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/monitor/state/outage.h"
#include "tools/monitor/state/transition.h"
#include "tools/monitor/targets/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { T0 = 1800000000, HOUR = 3600, DAY = 86400 };

static struct settings judge_settings = {.zone = "clamav.net",
	.interval = 600,
	.timeout = 10,
	.old_after = DAY,
	.remove_after = 2 * DAY,
	.recover_after = 1,
	.ramp = HOUR};

static int64_t judge_skew;

static struct roster_mirror judge_mirror = {
	.host = "a.example", .country = 60, .port = 80, .weight = 100};

/* Number `i` of a mirror. */
static inline struct target *judge_target(const struct roster_mirror *mirror, unsigned i)
{
	struct roster_address address = {.octets = {192, 0, 2, (uint8_t)i}};
	struct target *target = target_new(mirror, &address, T0);
	assert_non_null(target);
	return target;
}

/* One check at `now`: "" is good with a timestamp of then, "stale" one that is as old as may not be, "future" one of a mirror
 * whose clock is some days ahead, else a failure. */
static inline void judge_seen(struct target *target, const char *found, int64_t now, bool doubted)
{
	struct observation seen = {.at = now, .milliseconds = 7};
	bool stale = strcmp(found, "stale") == 0, future = strcmp(found, "future") == 0;
	seen.good = !found[0] || stale || future;
	if (seen.good)
		seen.stamp = stale ? now - judge_settings.old_after : now;
	if (future)
		seen.stamp = now + JUDGE_FUTURE_MAX + 1, seen.skew = judge_skew;
	if (!seen.good)
		snprintf(seen.why, sizeof(seen.why), "%s", found);
	judge_note(target, &seen, &judge_settings, doubted, now);
}

static inline bool judge_check(struct target *target, const char *found, int64_t now)
{
	judge_seen(target, found, now, false);
	return judge_decide(target, &judge_settings, false, now);
}

#endif
