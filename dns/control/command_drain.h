/* dns/control/command_drain.h - the verbs drain and undrain. */
#ifndef DNS_CONTROL_COMMAND_DRAIN_H
#define DNS_CONTROL_COMMAND_DRAIN_H

#include "dns/control/control.h"

control_run command_drain;
control_run command_undrain;

#endif
