/* tools/monitor/targets/targets.h - who is watched: the list's addresses and those found by name,
 * and what is known of them.
 *
 * A target stays what it is while host and address stay; an address under another host is a new
 * one. */
#ifndef TOOLS_MONITOR_TARGETS_TARGETS_H
#define TOOLS_MONITOR_TARGETS_TARGETS_H

#include "geo/mirrors.h"
#include "tools/monitor/targets/resolve.h"
#include "tools/monitor/targets/target.h"

struct targets_update {
	const struct mirror_list *mirror_list;
	const struct resolve *resolve;
	const struct mirrors *exported; /* the export that was on disk at the start; NULL: none */
	struct target *const *
		/* those of before; the ones that are not watched any more have no mirror
		 * afterwards */
		previous;
	size_t previous_count;
	int64_t now;
	bool say; /* log addresses found by name that another mirror has */
	struct target *
		*list; /* out: side by side for each mirror, in the list's order; the caller's */
	size_t count;
};

/* False: no memory, and nothing has changed. */
bool targets_update(struct targets_update *update);

#endif
