#include "tools/monitor/state/outage.h"

#include "tools/monitor/state/transition.h"

#include <stdio.h>

enum { HOUR = 3600, DRAWS = 8 };

/* How long "a moment ago" is: a turn of checks; where one mirror is drawn an hour, the last few of them. */
static int64_t window_of(const struct settings *settings)
{
	int64_t interval = settings->interval;
	if (settings->policy == POLICY_RANDOM)
		interval = DRAWS * (interval > HOUR ? interval : HOUR);
	return interval + settings->timeout;
}

struct tally {
	size_t witnesses, failing, stale;
};

/* A timestamp may have become too old since the last check: where it was half as old then, it stands still, and was not
 * just put there anew. A check of long ago says so only under doubt. */
static bool is_stale(
	const struct target *target, const struct settings *settings, int64_t now, int64_t window)
{
	return target->stale ||
	       (!target->failing_since && target->stamp && now - target->checked <= window &&
		       (target->checked - target->stamp) * 2 > settings->old_after &&
		       now - target->stamp >= settings->old_after);
}

/* Was it good until a moment ago, and does it count? In a turn failures are often seen first: those still to be checked count,
 * too, but where few are drawn. */
static bool is_witness(const struct target *target, const struct settings *settings, int64_t now)
{
	int64_t window = window_of(settings);
	return target->first_seen && mirror_in_service(target->state) &&
	       (settings->policy == POLICY_EACH || now - target->checked <= window) &&
	       (!target->failing_since || now - target->failing_since <= window);
}

static struct tally tally_take(const struct doubt *doubt, struct target *const *targets,
	size_t count, const struct settings *settings, int64_t now)
{
	struct tally tally = {0, 0, 0};
	int64_t window = window_of(settings);
	for (size_t i = 0; i < count; i++) {
		const struct target *target = targets[i];
		if (doubt->on ? !target->witness : !is_witness(target, settings, now))
			continue;
		bool stale = is_stale(target, settings, now, doubt->on ? INT64_MAX : window);
		tally.witnesses++;
		tally.stale += stale;
		tally.failing += stale || target->failing_since;
	}
	return tally;
}

/* Marks those that count now; without settings nobody. */
static void witnesses_set(
	struct target *const *targets, size_t count, const struct settings *settings, int64_t now)
{
	for (size_t i = 0; i < count; i++) {
		bool witness = settings && is_witness(targets[i], settings, now);
		targets[i]->changed = targets[i]->changed || witness != targets[i]->witness;
		targets[i]->witness = witness;
	}
}

static enum doubt_news doubt_begin(struct doubt *doubt, struct target *const *targets, size_t count,
	const struct settings *settings, int64_t now)
{
	doubt->on = true;
	doubt->since = now;
	witnesses_set(targets, count, settings, now);
	return DOUBT_BEGAN;
}

static enum doubt_news doubt_end(
	struct doubt *doubt, struct target *const *targets, size_t count, int64_t now)
{
	doubt->on = doubt->stale = false;
	witnesses_set(targets, count, NULL, now);
	for (size_t i = 0; i < count; i++)
		transition_exclude_gap(targets[i], doubt->since, now);
	return DOUBT_ENDED;
}

enum doubt_news doubt_look(struct doubt *doubt, struct target *const *targets, size_t count,
	const struct settings *settings, int64_t now)
{
	if (doubt->since > now)
		doubt->since = now;
	struct tally tally = tally_take(doubt, targets, count, settings, now);
	bool most = tally.failing * 2 > tally.witnesses;
	doubt->failing = tally.failing;
	doubt->witnesses = tally.witnesses;
	bool stale = tally.stale * 2 > tally.witnesses;
	if (doubt->on) {
		doubt->stale = stale;
		return most ? DOUBT_SAME : doubt_end(doubt, targets, count, now);
	}
	if (!most || tally.witnesses < DOUBT_LEAST) {
		doubt->cleared = false;
		return DOUBT_SAME;
	}
	doubt->stale = stale;
	if (doubt->cleared && !stale)
		return DOUBT_SAME;
	return doubt_begin(doubt, targets, count, settings, now);
}

enum doubt_news doubt_reached(
	struct doubt *doubt, bool reached, struct target *const *targets, size_t count, int64_t now)
{
	if (doubt->stale)
		return DOUBT_SAME;
	if (reached && doubt->on) {
		doubt->cleared = true;
		return doubt_end(doubt, targets, count, now);
	}
	/* The network has gone since: the next look begins anew. */
	if (!reached)
		doubt->cleared = false;
	return DOUBT_SAME;
}

bool doubt_asks(const struct doubt *doubt, const struct settings *settings)
{
	return settings->reference_count && !doubt->stale && (doubt->on || doubt->cleared);
}

void doubt_why(const struct doubt *doubt, char *why, size_t size)
{
	if (!doubt->on)
		why[0] = '\0';
	else if (doubt->stale)
		snprintf(why, size,
			"the timestamps of %zu of %zu addresses became too old at once: their "
			"master has stopped, or this clock is wrong",
			doubt->failing, doubt->witnesses);
	else
		snprintf(why, size,
			"%zu of %zu addresses that were good fail at once: it may be this "
			"monitor's own network",
			doubt->failing, doubt->witnesses);
}
