/* tools/monitor/state/transition.h - what is thought of a target: pure, the time is given.
 *
 *   ok       a failing check begins a count; `old-after` of it, or a timestamp that old: old
 * old a good check (`recover-after` of them; the first ever is enough): ok; `remove-after` of it
 * and a failing
 *            check: removed
 *   removed  good checks, as many: ok, and its weight grows from 1
 * disabled by the list or its planned downtime, whatever checks say; afterwards the next check
 * decides: ok, or, if it
 *            fails, what it was before, but never ok
 *
 * While an outage of the monitor is suspected nothing gets worse; what is good gets better. */
#ifndef TOOLS_MONITOR_STATE_TRANSITION_H
#define TOOLS_MONITOR_STATE_TRANSITION_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/targets/target.h"

enum {
	TRANSITION_FUTURE_MAX = 3600
}; /* seconds that a mirror's timestamp may be ahead of our clock */
enum { TRANSITION_EXPIRY = 14 * 86400 }; /* seconds before its end a certificate is warned of */

/* Takes down what a check has found: facts, no state. `suspected`: a failure may be our own. */
void transition_record(struct target *target, const struct observation *seen,
	const struct settings *settings, bool suspected, int64_t now);
/* The state by these facts. True: it is another one, since now. */
bool transition_decide(
	struct target *target, const struct settings *settings, bool suspected, int64_t now);
/* Is somebody to be told of its certificate's end? Once, until a check finds another. */
bool transition_warns(struct target *target, int64_t now);
/* The state by the list: away as it says, or back from there. True: it is another one, since
 * now. */
bool transition_maintenance(struct target *target, int64_t now);

/* Nothing was in the future: our clock may have gone back. */
void transition_clamp(struct target *target, int64_t now);
/* From `from` until now nobody could know: that time does not count against it. */
void transition_exclude_gap(struct target *target, int64_t from, int64_t now);

/* 1 to its mirror's weight, in TRANSITION_STEPS steps over `ramp` from its return on. */
enum { TRANSITION_STEPS = 20 };
unsigned transition_weight(
	const struct target *target, const struct settings *settings, int64_t now);

/* A duration as people write it: "2 days", "90 s". Returns text. */
enum { TRANSITION_SPAN_MAX = 40 };
const char *transition_span(int64_t seconds, char text[TRANSITION_SPAN_MAX]);
/* The same of an age, rounded down to a unit of which it has two at least: it is exact, but
 * does not change with each check for long. */
const char *transition_age(int64_t seconds, char text[TRANSITION_SPAN_MAX]);

#endif
