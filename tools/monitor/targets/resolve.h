/* tools/monitor/targets/resolve.h - the addresses of mirrors that the list has by name alone.
 *
 * Names are asked for at the start, when the list changes and every so often, in both families. A
 * name that cannot be resolved keeps the addresses that it had. No more than RESOLVE_ADDRESSES_MAX
 * of a name, in a fixed order. Whoever owns the name decides where it leads: what is not global is
 * dropped, unless it is allowed. */
#ifndef TOOLS_MONITOR_TARGETS_RESOLVE_H
#define TOOLS_MONITOR_TARGETS_RESOLVE_H

#include "tools/monitor/config/entry.h"

#include <uv.h>

enum { RESOLVE_ADDRESSES_MAX = 16 };

struct resolve;

/* All names that were asked for have been answered, or not. */
typedef void resolve_done(void *owner);

/* `allow_private`: addresses that are not global, too. NULL: no memory. */
struct resolve *resolve_new(uv_loop_t *loop, bool allow_private, resolve_done *done, void *owner);
/* The names of a list from now on, and asks for them. False: no memory. */
bool resolve_set(struct resolve *resolve, const struct mirror_list *mirror_list);
/* Asks again, unless it is being asked. */
void resolve_ask(struct resolve *resolve);
bool resolve_busy(const struct resolve *resolve);
/* Addresses that a name is known to have: from before a restart. */
void resolve_remember(struct resolve *resolve, const char *host, const struct address *address);
/* The addresses of a name, and how many. */
const struct address *resolve_find(const struct resolve *resolve, const char *host, size_t *count);
/* Gives up; the loop must run until what the system is still asking has come back. */
void resolve_free(struct resolve *resolve);

#endif
