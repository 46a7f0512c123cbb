#include "tools/monitor/state/transition.h"

#include "geo/stamp.h"
#include "tools/monitor/config/list.h"
#include "tools/monitor/targets/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DAY = 86400, SKEW_TEXT_MAX = 80 };

const char *transition_span(int64_t seconds, char text[TRANSITION_SPAN_MAX])
{
	static const struct {
		int64_t seconds;
		const char *one, *many;
	} units[] = {{86400, "day", "days"}, {3600, "hour", "hours"}, {60, "minute", "minutes"},
		{1, "second", "seconds"}};
	size_t unit = 0;
	while (unit < 3 && (seconds < units[unit].seconds || seconds % units[unit].seconds))
		unit++;
	int64_t count = seconds / units[unit].seconds;
	snprintf(text, TRANSITION_SPAN_MAX, "%" PRId64 " %s", count,
		count == 1 ? units[unit].one : units[unit].many);
	return text;
}

static void text_set(char text[TARGET_REASON_MAX], const char *value)
{
	snprintf(text, TARGET_REASON_MAX, "%s", value);
}

/* "; the mirror's clock is 3 days ahead": whole days, the nearest, so that it says the same each
 * time. "": it is right. */
static const char *skew_write(int64_t skew, char text[SKEW_TEXT_MAX])
{
	char span[TRANSITION_SPAN_MAX];
	int64_t size = skew < 0 ? -skew : skew;
	text[0] = '\0';
	if (size)
		snprintf(text, SKEW_TEXT_MAX, "; the mirror's clock is %s %s",
			transition_span((size + DAY / 2) / DAY * DAY, span),
			skew < 0 ? "behind" : "ahead");
	return text;
}

const char *transition_age(int64_t age, char text[TRANSITION_SPAN_MAX])
{
	int64_t unit = age >= 2 * DAY ? DAY : age >= 7200 ? 3600 : age >= 120 ? 60 : 1;
	return transition_span(age - age % unit, text);
}

static void stamp_check(
	struct target *target, const struct settings *settings, int64_t skew, int64_t now)
{
	char stamp[STAMP_TEXT_MAX], age[TRANSITION_SPAN_MAX], limit[TRANSITION_SPAN_MAX],
		clock[SKEW_TEXT_MAX];
	stamp_write(target->stamp, stamp);
	skew_write(skew, clock);
	if (target->stamp > now + TRANSITION_FUTURE_MAX)
		snprintf(target->fault, sizeof(target->fault),
			"timestamp %s is in the future: a clock is wrong%s", stamp, clock);
	target->stale = now - target->stamp >= settings->old_after;
	if (target->stale)
		snprintf(target->fault, sizeof(target->fault), "timestamp %s is %s old, limit %s%s",
			stamp, transition_age(now - target->stamp, age),
			transition_span(settings->old_after, limit), clock);
}

static bool ends_soon(const struct target *target, int64_t now)
{
	return target->expires > now && target->expires - now < TRANSITION_EXPIRY;
}

/* Beside what is wrong: what will be, so that its people can mend it in time. */
static void warning_write(struct target *target, const struct observation *seen, int64_t now)
{
	char end[STAMP_TEXT_MAX], left[TRANSITION_SPAN_MAX];
	target->lacks_signature = seen->warning[0];
	text_set(target->warning, seen->warning);
	if (ends_soon(target, now))
		snprintf(target->warning, sizeof(target->warning),
			"certificate ends in %s, %s%s%.120s",
			transition_age(target->expires - now, left),
			stamp_write(target->expires, end), seen->warning[0] ? "; " : "",
			seen->warning);
}

void transition_record(struct target *target, const struct observation *seen,
	const struct settings *settings, bool suspected, int64_t now)
{
	bool versions = seen->versions[0] || seen->versions[1] || seen->versions[2];
	transition_clamp(target, now);
	target->checked = now;
	target->changed = true;
	target->stale = false;
	text_set(target->fault, seen->good ? "" : seen->why[0] ? seen->why : "the check failed");
	if (seen->stamp)
		target->stamp = seen->stamp;
	if (seen->good && seen->stamp)
		stamp_check(target, settings, seen->skew, now);
	if (seen->good && !seen->stamp && settings->fresh == FRESH_TIMESTAMP)
		text_set(target->fault, "no timestamp found");
	if (seen->expires)
		target->expires = seen->expires;
	warning_write(target, seen, now);
	if (versions)
		memcpy(target->versions, seen->versions, sizeof(target->versions));
	bool good = !target->fault[0];
	if (target->state != MIRROR_DISABLED && (good || !suspected))
		target_count(target, now, good, seen->milliseconds);
	if (!good) {
		target->good_run = 0;
		if (!target->failing_since)
			target->failing_since = now;
		return;
	}
	target->failing_since = 0;
	target->good_run++;
	target->last_good = now;
	target->milliseconds = seen->milliseconds;
}

static bool state_set(struct target *target, enum mirror_state state, int64_t now)
{
	target->state = state;
	target->since = target->counting = now;
	target->back = 0;
	target->changed = true;
	return true;
}

/* Its last check was good. */
static bool decide_good(struct target *target, const struct settings *settings, int64_t now)
{
	bool away = target->state == MIRROR_DISABLED, first = target->first_seen == 0;
	enum mirror_state was = away ? target->before : target->state;
	if (first)
		target->first_seen = now;
	if (was != MIRROR_OK && !first && target->good_run < settings->recover_after) {
		snprintf(target->reason, sizeof(target->reason), "good again in %u of %u checks",
			target->good_run, settings->recover_after);
		return away && state_set(target, was, now);
	}
	text_set(target->reason, target->warning);
	if (target->state == MIRROR_OK)
		return false;
	if (away || was == MIRROR_REMOVED)
		target->returned = now;
	return state_set(target, MIRROR_OK, now);
}

/* Its downtime is over, and its first check after that has failed. */
static bool decide_back(struct target *target, int64_t now)
{
	snprintf(target->reason, sizeof(target->reason), "downtime ended, but: %.160s",
		target->fault);
	target->failing_since = now;
	return state_set(target, target->before == MIRROR_OK ? MIRROR_OLD : target->before, now);
}

bool transition_decide(
	struct target *target, const struct settings *settings, bool suspected, int64_t now)
{
	if (target->state == MIRROR_DISABLED && (!target->back || target->checked < target->back))
		return false;
	if (!target->checked)
		return false;
	if (!target->fault[0])
		return decide_good(target, settings, now);
	if (target->state == MIRROR_DISABLED)
		return !suspected && decide_back(target, now);
	snprintf(target->reason, sizeof(target->reason), "%s%.180s",
		target->first_seen ? "" : "never reached yet: ", target->fault);
	if (suspected)
		return false;
	if (target->state == MIRROR_OK &&
		(target->stale || now - target->failing_since >= settings->old_after))
		return state_set(target, MIRROR_OLD, now);
	if (target->state == MIRROR_OLD && now - target->counting >= settings->remove_after)
		return state_set(target, MIRROR_REMOVED, now);
	return false;
}

bool transition_warns(struct target *target, int64_t now)
{
	bool soon = ends_soon(target, now), before = target->warned;
	if (target->fault[0] || target->state == MIRROR_DISABLED)
		return false;
	target->warned = soon;
	target->changed = target->changed || soon != before;
	return soon && !before;
}

bool transition_maintenance(struct target *target, int64_t now)
{
	char why[TARGET_REASON_MAX];
	transition_clamp(target, now);
	if (!list_away(target->mirror, now, why, sizeof(why))) {
		if (target->state == MIRROR_DISABLED && !target->back) {
			target->back = now;
			text_set(target->reason, "downtime ended, awaiting the next check");
			target->changed = true;
		}
		return false;
	}
	target->back = 0;
	if (target->state == MIRROR_DISABLED) {
		target->changed = target->changed || strcmp(target->reason, why) != 0;
		text_set(target->reason, why);
		return false;
	}
	target->before = target->state;
	text_set(target->reason, why);
	return state_set(target, MIRROR_DISABLED, now);
}

static void time_clamp(int64_t *time, int64_t now)
{
	if (*time > now)
		*time = now;
}

void transition_clamp(struct target *target, int64_t now)
{
	time_clamp(&target->since, now);
	time_clamp(&target->counting, now);
	time_clamp(&target->first_seen, now);
	time_clamp(&target->checked, now);
	time_clamp(&target->last_good, now);
	time_clamp(&target->failing_since, now);
	time_clamp(&target->returned, now);
	time_clamp(&target->back, now);
}

/* Moves the beginning of a count by as much of it as nobody saw. */
static void time_exclude_gap(int64_t *time, int64_t from, int64_t now)
{
	if (*time && now > from)
		*time += now - (*time > from ? *time : from);
}

void transition_exclude_gap(struct target *target, int64_t from, int64_t now)
{
	transition_clamp(target, now);
	time_exclude_gap(&target->failing_since, from, now);
	time_exclude_gap(&target->counting, from, now);
	target->changed = true;
}

unsigned transition_weight(
	const struct target *target, const struct settings *settings, int64_t now)
{
	unsigned full = target->mirror->weight;
	int64_t since = now - target->returned;
	if (!target->returned || !mirror_in_service(target->state) || settings->ramp == 0)
		return full;
	if (since < 0)
		since = 0;
	if (since >= settings->ramp)
		return full;
	return 1 + (full - 1) * (unsigned)(since * TRANSITION_STEPS / settings->ramp) /
			   TRANSITION_STEPS;
}
