/* tools/monitor/run/trace.h - one check of one mirror, step by step on standard output, for
 * somebody who wants to know why. It touches no state. */
#ifndef TOOLS_MONITOR_RUN_TRACE_H
#define TOOLS_MONITOR_RUN_TRACE_H

/* Returns the exit status: all addresses good; one fails; the host is not in the list, or a file is
 * wrong. */
int trace_run(const char *config, const char *host);

#endif
