/* tools/monitor/page/page.h - the status page: static files for any web server, made from a report
 * (report.h).
 *
 * Each file is replaced as a whole, and only where its content changed. Everything in a report may
 * come from strangers: it is escaped. */
#ifndef TOOLS_MONITOR_PAGE_PAGE_H
#define TOOLS_MONITOR_PAGE_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* `folder` is made if it is not there. False: one sentence. */
bool page_write(const json_t *report, const char *folder, char *why, size_t size);

#endif
