/* tools/ctl/offline.h - verbs without a server: from a configuration and what it names, loaded as a
 * start would.
 *
 * Nothing is written: state-dir is only read. */
#ifndef TOOLS_CTL_OFFLINE_H
#define TOOLS_CTL_OFFLINE_H

#include "tools/ctl/reply.h"

#include <stdbool.h>

bool offline_has(const char *verb);
/* Fills `reply` in any case. */
void offline_ask(const char *config_path, const json_t *request, struct reply *reply);

#endif
