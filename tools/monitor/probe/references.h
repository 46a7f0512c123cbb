/* tools/monitor/probe/references.h - is the network there? Asks the configured references, all at once. */
#ifndef TOOLS_MONITOR_PROBE_REFERENCES_H
#define TOOLS_MONITOR_PROBE_REFERENCES_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/probe/http_client.h"

struct reach;
/* One has answered with a status below 500, or none has. */
typedef void reach_answer(void *owner, bool reached);

/* `settings` must outlive it. NULL: no memory. */
struct reach *reach_new(struct transfers *transfers, const struct settings *settings,
	reach_answer *answer, void *owner);
/* `answer` comes once, perhaps during this call: where there is no reference nothing is reached. Asking again meanwhile
 * changes nothing. */
void reach_ask(struct reach *reach);
/* NULL: nothing. */
void reach_free(struct reach *reach);

#endif
