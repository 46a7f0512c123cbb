/* tests/unit/transition_case.h - targets under judgement: a small clock, settings and checks. */
#ifndef TESTS_UNIT_TRANSITION_CASE_H
#define TESTS_UNIT_TRANSITION_CASE_H

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

static struct settings transition_settings = {.zone = "clamav.net",
	.interval = 600,
	.timeout = 10,
	.old_after = DAY,
	.remove_after = 2 * DAY,
	.recover_after = 1,
	.ramp = HOUR};

static int64_t transition_skew;

static struct list_mirror transition_mirror = {
	.host = "a.example", .country = 60, .port = 80, .weight = 100};

/* Number `i` of a mirror. */
static inline struct target *transition_target(const struct list_mirror *mirror, unsigned i)
{
	struct address address = {.octets = {192, 0, 2, (uint8_t)i}};
	struct target *target = target_new(mirror, &address, T0);
	assert_non_null(target);
	return target;
}

/* One check at `now`: "" is good with a timestamp of then, "stale" one that is as old as may not
 * be, "future" one of a mirror whose clock is some days ahead, else a failure. */
static inline void transition_seen(
	struct target *target, const char *found, int64_t now, bool suspected)
{
	struct observation seen = {.milliseconds = 7};
	bool stale = strcmp(found, "stale") == 0, future = strcmp(found, "future") == 0;
	seen.good = !found[0] || stale || future;
	if (seen.good)
		seen.stamp = stale ? now - transition_settings.old_after : now;
	if (future)
		seen.stamp = now + TRANSITION_FUTURE_MAX + 1, seen.skew = transition_skew;
	if (!seen.good)
		snprintf(seen.why, sizeof(seen.why), "%s", found);
	transition_record(target, &seen, &transition_settings, suspected, now);
}

static inline bool transition_check(struct target *target, const char *found, int64_t now)
{
	transition_seen(target, found, now, false);
	return transition_decide(target, &transition_settings, false, now);
}

#endif
