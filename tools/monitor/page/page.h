/* tools/monitor/page/page.h - the status page: static files for any web server, drawn from the
 * inventory.
 *
 * Each file is replaced as a whole, and only where its content changed. Everything in it may come
 * from strangers: it is escaped. */
#ifndef TOOLS_MONITOR_PAGE_PAGE_H
#define TOOLS_MONITOR_PAGE_PAGE_H

#include "tools/monitor/state/inventory.h"

/* `folder` is made if it is not there. False: one sentence. */
bool page_write(
	const struct inventory *inventory, int64_t now, const char *folder, char *why, size_t size);

#endif
