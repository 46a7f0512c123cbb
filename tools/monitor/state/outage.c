#include "tools/monitor/state/outage.h"

#include "tools/monitor/state/transition.h"

#include <stdio.h>

enum { HOUR = 3600, DRAWS = 8 };

/* How long "a moment ago" is: a turn of checks; where one mirror is drawn an hour, the last few of
 * them. */
static int64_t window_of(const struct settings *settings)
{
	int64_t interval = settings->interval;
	if (settings->policy == POLICY_RANDOM)
		interval = DRAWS * (interval > HOUR ? interval : HOUR);
	return interval + settings->timeout;
}

struct sample_counts {
	size_t sample, failing, stale;
};

/* A timestamp may have become too old since the last check: where it was half as old then, it
 * stands still, and was not just put there anew. A check of long ago says so only under outage. */
static bool is_stale(
	const struct target *target, const struct settings *settings, int64_t now, int64_t window)
{
	return target->stale ||
	       (!target->failing_since && target->stamp && now - target->checked <= window &&
		       (target->checked - target->stamp) * 2 > settings->old_after &&
		       now - target->stamp >= settings->old_after);
}

/* Was it good until a moment ago, and does it count? In a turn failures are often seen first: those
 * still to be checked count, too, but where few are drawn. */
static bool is_in_sample(const struct target *target, const struct settings *settings, int64_t now)
{
	int64_t window = window_of(settings);
	return target->first_seen && mirror_in_service(target->state) &&
	       (settings->policy == POLICY_EACH || now - target->checked <= window) &&
	       (!target->failing_since || now - target->failing_since <= window);
}

static struct sample_counts sample_take(const struct outage *outage, struct target *const *targets,
	size_t count, const struct settings *settings, int64_t now)
{
	struct sample_counts tally = {0, 0, 0};
	int64_t window = window_of(settings);
	for (size_t i = 0; i < count; i++) {
		const struct target *target = targets[i];
		if (outage->active ? !target->in_sample : !is_in_sample(target, settings, now))
			continue;
		bool stale = is_stale(target, settings, now, outage->active ? INT64_MAX : window);
		tally.sample++;
		tally.stale += stale;
		tally.failing += stale || target->failing_since;
	}
	return tally;
}

/* Marks those that count now; without settings nobody. */
static void sample_set(
	struct target *const *targets, size_t count, const struct settings *settings, int64_t now)
{
	for (size_t i = 0; i < count; i++) {
		bool in_sample = settings && is_in_sample(targets[i], settings, now);
		targets[i]->changed = targets[i]->changed || in_sample != targets[i]->in_sample;
		targets[i]->in_sample = in_sample;
	}
}

static enum outage_change outage_begin(struct outage *outage, struct target *const *targets,
	size_t count, const struct settings *settings, int64_t now)
{
	outage->active = true;
	outage->since = now;
	sample_set(targets, count, settings, now);
	return OUTAGE_STARTED;
}

static enum outage_change outage_end(
	struct outage *outage, struct target *const *targets, size_t count, int64_t now)
{
	outage->active = outage->stale = false;
	sample_set(targets, count, NULL, now);
	for (size_t i = 0; i < count; i++)
		transition_exclude_gap(targets[i], outage->since, now);
	return OUTAGE_ENDED;
}

enum outage_change outage_update(struct outage *outage, struct target *const *targets, size_t count,
	const struct settings *settings, int64_t now)
{
	if (outage->since > now)
		outage->since = now;
	struct sample_counts tally = sample_take(outage, targets, count, settings, now);
	bool most = tally.failing * 2 > tally.sample;
	outage->failing = tally.failing;
	outage->sample = tally.sample;
	bool stale = tally.stale * 2 > tally.sample;
	if (outage->active) {
		outage->stale = stale;
		return most ? OUTAGE_SAME : outage_end(outage, targets, count, now);
	}
	if (!most || tally.sample < OUTAGE_LEAST) {
		outage->cleared = false;
		return OUTAGE_SAME;
	}
	outage->stale = stale;
	if (outage->cleared && !stale)
		return OUTAGE_SAME;
	return outage_begin(outage, targets, count, settings, now);
}

enum outage_change outage_reached(struct outage *outage, bool reached,
	struct target *const *targets, size_t count, int64_t now)
{
	if (outage->stale)
		return OUTAGE_SAME;
	if (reached && outage->active) {
		outage->cleared = true;
		return outage_end(outage, targets, count, now);
	}
	/* The network has gone since: the next look begins anew. */
	if (!reached)
		outage->cleared = false;
	return OUTAGE_SAME;
}

bool outage_asks(const struct outage *outage, const struct settings *settings)
{
	return settings->reference_count && !outage->stale && (outage->active || outage->cleared);
}

void outage_why(const struct outage *outage, char *why, size_t size)
{
	if (!outage->active)
		why[0] = '\0';
	else if (outage->stale)
		snprintf(why, size,
			"the timestamps of %zu of %zu addresses became too old at once: their "
			"master has stopped, or this clock is wrong",
			outage->failing, outage->sample);
	else
		snprintf(why, size,
			"%zu of %zu previously good addresses fail at once: "
			"possibly the monitor's own network",
			outage->failing, outage->sample);
}
