/* tools/monitor/probe/ping_hints.h - what clients say of mirrors: the failed pings that a server
 * counts, read from its metrics page.
 *
 * Anybody can send a ping: a mirror with more failures than its share is named to the owner, to be
 * checked sooner. That is all; it is never a verdict. */
#ifndef TOOLS_MONITOR_PROBE_PING_HINTS_H
#define TOOLS_MONITOR_PROBE_PING_HINTS_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/config/entry.h"
#include "tools/monitor/probe/http_client.h"

enum {
	PING_HINTS_MS = 30000 /* between two looks; an interval, where that is shorter */,
	PING_HINTS_FAILED_MIN = 3,
	PING_HINTS_NAMES_MAX = 8 /* of one look */
};

struct ping_hints;
typedef void ping_hints_named(void *owner, const struct address *address);

/* `settings` must outlive it. NULL: no memory. */
struct ping_hints *ping_hints_new(struct transfers *transfers, const struct settings *settings,
	ping_hints_named *named, void *owner);
/* The addresses of interest, copied; what was counted of the others is forgotten. False: no memory,
 * there are none. */
bool ping_hints_set(struct ping_hints *hints, const struct address *addresses, size_t count);
/* Reads the page at `settings->pings` once; nothing while it is being read. A log line says when it
 * cannot be read, and when it can again. */
void ping_hints_look(struct ping_hints *hints);
/* NULL: nothing. */
void ping_hints_free(struct ping_hints *hints);

#endif
