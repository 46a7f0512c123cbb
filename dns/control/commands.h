/* dns/control/commands.h - what mirrornsctl may ask for: the table of the control socket's
 * verbs. */
#ifndef DNS_CONTROL_COMMANDS_H
#define DNS_CONTROL_COMMANDS_H

#include "dns/control/control.h"

extern const struct control_verb commands_table[];

#endif
