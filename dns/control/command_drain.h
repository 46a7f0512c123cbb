/* dns/control/command_drain.h - verbs with a file of their own. */
#ifndef DNS_CONTROL_COMMAND_DRAIN_H
#define DNS_CONTROL_COMMAND_DRAIN_H

#include "dns/control/commands.h"

control_run verb_drain;
control_run verb_undrain;

#endif
