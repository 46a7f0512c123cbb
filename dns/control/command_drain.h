/* dns/verb_part.h - verbs with a file of their own. */
#ifndef DNS_VERB_PART_H
#define DNS_VERB_PART_H

#include "dns/control/commands.h"

control_run verb_drain;
control_run verb_undrain;

#endif
