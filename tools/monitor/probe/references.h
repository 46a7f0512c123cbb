/* tools/monitor/probe/references.h - is the network there? Asks the configured references, all at
 * once. */
#ifndef TOOLS_MONITOR_PROBE_REFERENCES_H
#define TOOLS_MONITOR_PROBE_REFERENCES_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/probe/http_client.h"

struct references;
/* One has answered with a status below 500, or none has. */
typedef void references_answer(void *owner, bool reached);

/* `settings` must outlive it. NULL: no memory. */
struct references *references_new(struct transfers *transfers, const struct settings *settings,
	references_answer *answer, void *owner);
/* `answer` comes once, perhaps during this call: where there is no reference nothing is reached.
 * Asking again meanwhile changes nothing. */
void references_ask(struct references *references);
/* NULL: nothing. */
void references_free(struct references *references);

#endif
