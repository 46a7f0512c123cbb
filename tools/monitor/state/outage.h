/* tools/monitor/state/outage.h - when most mirrors look down at once, it is rather the monitor, its network or their master.
 *
 * Pure, the time is given. Looked at are the addresses that were good until a moment ago (a turn of checks); those never
 * seen, removed or disabled do not count, and fewer than DOUBT_LEAST say nothing. When more than half of them fail,
 * the monitor doubts itself until at most half of those do. If references answer meanwhile, the network is fine and the
 * mirrors are down; timestamps that stand still everywhere are their master's fault, whatever references say. */
#ifndef TOOLS_MONITOR_STATE_OUTAGE_H
#define TOOLS_MONITOR_STATE_OUTAGE_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/targets/target.h"

enum { DOUBT_LEAST = 4 };

struct doubt {
	bool on; /* kept */
	bool stale; /* the timestamps have made it: references cannot clear it (kept) */
	bool cleared; /* references have answered: off, and not to begin again by the same failures */
	int64_t since; /* it is on (kept) */
	size_t failing, witnesses; /* when it was looked at last */
};

/* Anything new? BEGAN and ENDED: say so. At its end the time since its beginning is pardoned. */
enum doubt_news { DOUBT_SAME, DOUBT_BEGAN, DOUBT_ENDED };
enum doubt_news doubt_look(struct doubt *doubt, struct target *const *targets, size_t count,
	const struct settings *settings, int64_t now);
/* The references have answered, or not. */
enum doubt_news doubt_reached(struct doubt *doubt, bool reached, struct target *const *targets,
	size_t count, int64_t now);
/* Are the references to be asked, now and every so often? */
bool doubt_asks(const struct doubt *doubt, const struct settings *settings);
void doubt_why(const struct doubt *doubt, char *why, size_t size);

#endif
