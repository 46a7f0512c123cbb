/* dns/control/reload_say.h - what a reload tells beside its own lines. */
#ifndef DNS_CONTROL_RELOAD_SAY_H
#define DNS_CONTROL_RELOAD_SAY_H

#include "dns/load/inputs.h"

/* Tells of options that are acted on once, at the start, and are not the same any more. */
void reload_say_restart(const struct config *started, const struct config *now);
/* For systemctl status: what is served, and whether all of it is what lies on the disk; `refused`:
 * the sentence, "" for none. */
void reload_say_status(const struct inputs *inputs, const char *refused);

#endif
