/* tools/monitor/http/server.h - HTTP: /metrics for Prometheus, /health, /api/status (report.h) and
 * /api/export.
 *
 * libmicrohttpd serves on a thread of its own whatever the main loop has hung up last; a page is an
 * immutable text. */
#ifndef TOOLS_MONITOR_HTTP_SERVER_H
#define TOOLS_MONITOR_HTTP_SERVER_H

#include "tools/monitor/state/inventory.h"

#include <jansson.h>

struct board;

/* Listens and answers. NULL: one sentence. */
struct board *board_new(const struct config_listen *at, char *why, size_t size);
/* Hangs up a new state of things; the report and the export's text are read during the call.
 * NULL, or an empty export: the one before hangs on. */
void board_post(struct board *board, const struct inventory *inventory, const json_t *report,
	const char *export);
/* NULL: nothing. */
void board_free(struct board *board);

#endif
