/* tools/monitor/state/outage.h - when most mirrors look down at once, it is rather the monitor, its
 * network or their master.
 *
 * Pure, the time is given. Looked at are the addresses that were good until a moment ago (a turn of
 * checks); those never seen, removed or disabled do not count, and fewer than OUTAGE_LEAST say
 * nothing. When more than half of them fail, an outage of the monitor is suspected until at most
 * half of those do. If references answer meanwhile, the network is fine and the mirrors are down;
 * timestamps that stand still everywhere are their master's fault, whatever references say. */
#ifndef TOOLS_MONITOR_STATE_OUTAGE_H
#define TOOLS_MONITOR_STATE_OUTAGE_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/targets/target.h"

enum { OUTAGE_LEAST = 4 };

struct outage {
	bool active; /* kept */
	bool stale; /* the timestamps have made it: references cannot clear it (kept) */
	/* references have answered: off, and not to begin again by the same failures */
	bool cleared;
	int64_t since; /* it is on (kept) */
	size_t failing, sample; /* when it was looked at last */
};

/* Anything new? At its end the time since its start is excluded from what counts against a
 * mirror. */
enum outage_change { OUTAGE_SAME, OUTAGE_STARTED, OUTAGE_ENDED };
enum outage_change outage_update(struct outage *outage, struct target *const *targets, size_t count,
	const struct settings *settings, int64_t now);
/* The references have answered, or not. */
enum outage_change outage_reached(struct outage *outage, bool reached,
	struct target *const *targets, size_t count, int64_t now);
/* Are the references to be asked, now and every so often? */
bool outage_asks(const struct outage *outage, const struct settings *settings);
void outage_why(const struct outage *outage, char *why, size_t size);

#endif
