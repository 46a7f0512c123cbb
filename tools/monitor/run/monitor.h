/* tools/monitor/run/monitor.h - the monitor itself: checks, decides, remembers, exports, alerts.
 *
 * SIGHUP reads the list and the TXT again and asks for all names; where the configuration has
 * changed, the monitor begins anew with it, unless it is refused. The list and the TXT are watched
 * and taken by themselves. SIGTERM and SIGINT write what there is to write, and end. */
#ifndef TOOLS_MONITOR_RUN_MONITOR_H
#define TOOLS_MONITOR_RUN_MONITOR_H

#include <stdbool.h>

/* Runs until a signal; with `once` until every address was checked. Returns the exit status. */
int monitor_run(const char *path, bool once);
/* Reads what a start would read, and says so. Returns the exit status. */
int monitor_check(const char *path);

#endif
