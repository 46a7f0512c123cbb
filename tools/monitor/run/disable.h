/* tools/monitor/run/disable.h - a mirror out of service by hand, and back: written beside the state
 * file, where a running monitor sees it within seconds. */
#ifndef TOOLS_MONITOR_RUN_DISABLE_H
#define TOOLS_MONITOR_RUN_DISABLE_H

#include <stdbool.h>

struct disable_wish {
	const char *host;
	bool back; /* into service */
	const char *span; /* "2h"; NULL: until it is taken back */
	const char *why; /* NULL: none is given */
};

/* Returns the exit status: done; not done; the host is not in the list, or something is wrong with
 * what was given. */
int disable_run(const char *config, const struct disable_wish *wish);

#endif
