/* dns/control/reload_restart.h - options that are acted on once, at the start. */
#ifndef DNS_CONTROL_RELOAD_RESTART_H
#define DNS_CONTROL_RELOAD_RESTART_H

#include "dns/config/config.h"

/* Tells of those that are not the same any more. */
void reload_restart_say(const struct config *started, const struct config *now);

#endif
