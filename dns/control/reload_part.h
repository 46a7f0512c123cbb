/* dns/control/reload_part.h - between the files of dns/control/reload. */
#ifndef DNS_CONTROL_RELOAD_PART_H
#define DNS_CONTROL_RELOAD_PART_H

#include "dns/control/reload.h"

/* Begins a build if something is asked for and none is under way. */
void reload_begin(struct reload *reload);
/* Tells of options that were acted on once, at the start, and are not the same any more. */
void reload_restart_say(const struct reload *reload);
/* What time alone changes: strings age, drains end. */
void reload_look(uv_timer_t *timer);

#endif
