/* tools/monitor/targets/target.h - one address of one mirror under watch: all that is known of it.
 *
 * The main loop owns targets; nothing else writes them. What is marked (kept) survives a restart in
 * the state file. */
#ifndef TOOLS_MONITOR_TARGETS_TARGET_H
#define TOOLS_MONITOR_TARGETS_TARGET_H

#include "geo/mirrors.h"
#include "tools/monitor/config/entry.h"

enum {
	TARGET_HOST_MAX = 253,
	TARGET_REASON_MAX = 200,
	TARGET_DAYS = 30,
	TARGET_HOURS = 48,
	TARGET_DATABASES = 3 /* main, daily, bytecode */
};

/* Checks of one day or hour. */
struct target_span {
	int64_t number; /* Unix seconds / 86400 or / 3600; 0: empty */
	uint32_t checks, good;
	uint64_t milliseconds; /* of the good ones together */
};

struct target {
	/* who it is (kept) */
	char host[TARGET_HOST_MAX + 1];
	struct address address;
	const struct list_mirror
		*mirror; /* in the present mirror_list; never NULL while it is watched */

	/* what is thought of it (kept); times in Unix seconds, 0: never */
	enum mirror_state state;
	int64_t since; /* it is in this state */
	char reason[TARGET_REASON_MAX];
	int64_t first_seen, checked, last_good;
	int64_t failing_since; /* first of the failed checks without a good one after it */
	int64_t stamp; /* what its timestamp said last */
	int64_t returned; /* it came back: its weight grows from here */
	uint32_t good_run; /* good checks in a row */
	uint32_t milliseconds; /* of the last good check */
	uint32_t versions[TARGET_DATABASES]; /* 0: not known */
	enum mirror_state before; /* disabled: what it was until then */
	int64_t counting; /* remove-after runs from here: since, or later where nobody could know */
	/* the export on disk had it at the start: it counts as having been good (not kept) */
	bool exported;
	bool in_sample; /* one of those whose failing made the monitor outage itself */
	struct target_span days[TARGET_DAYS], hours[TARGET_HOURS]; /* by number % size */

	char fault[TARGET_REASON_MAX]; /* of its last check; "": it was good */
	/* what will be wrong soon, though that check was good; "": nothing */
	char warning[TARGET_REASON_MAX];
	int64_t expires; /* its certificate, as it was seen last; 0: none was */
	bool lacks_signature;
	bool warned; /* people were told of the certificate's end (kept) */
	bool stale; /* that check was good, but for the timestamp's age (kept) */
	/* its downtime was over here; the first check after it decides. 0: it was not */
	int64_t back;
	bool changed; /* since it was last written to the state file */

	/* when it is looked at next: the scheduler's */
	int64_t due; /* milliseconds of the loop's clock */
	bool busy;
};

/* What one check has found. Whether the stamp is fresh enough is for state/transition to say. */
struct observation {
	bool good; /* reached, understood, and all but the stamp's age as it should be */
	int64_t stamp; /* Unix seconds; 0: none was understood, or asked for */
	uint32_t milliseconds; /* of /timestamp, from the connect on */
	int64_t expires; /* its certificate ends, Unix seconds; 0: it has none */
	uint32_t versions[TARGET_DATABASES]; /* 0: not asked, or not there */
	/* seconds that its Date is ahead of our clock, where that is more than a day; else 0 */
	int64_t skew;
	char warning[TARGET_REASON_MAX]; /* signatures that are missing; "": none */
	/* not good: "connect: timed out", "HTTP 503", "timestamp: found …"; printable ASCII */
	char why[TARGET_REASON_MAX];
};

/* How many checks have ended, and how many seconds the last whole turn over all targets took. */
struct scheduler_counts {
	uint64_t good, failed;
	uint32_t busy;
	double round_seconds;
};

/* A new one, never reached yet: old, or disabled where its mirror is away. NULL: no memory. */
struct target *target_new(
	const struct list_mirror *mirror, const struct address *address, int64_t now);
/* May servers have it? What a name alone leads to is not believed before its first success. */
bool target_served(const struct target *target);
/* Checks of the day or hour `number` among the `size` spans of a target; NULL: none is known. */
const struct target_span *target_span_find(
	const struct target_span *spans, int64_t size, int64_t number);
/* Counts one check at `at`. */
void target_count(struct target *target, int64_t at, bool good, uint32_t milliseconds);

#endif
