/* dns/control/commands.h - what mirrornsctl may ask for: the table of the control socket's verbs. */
#ifndef DNS_CONTROL_COMMANDS_H
#define DNS_CONTROL_COMMANDS_H

#include "dns/control/control.h"
#include "dns/control/takeover_client.h"

/* What verbs work on: the owner that they find by control_owner. All of it is the main loop's. */
struct verb_place {
	struct reload *reload;
	int64_t started; /* Unix seconds */
	struct takeover_give *takeover; /* once it holds, drains may change no more */
};

extern const struct control_verb verb_rows[];

#endif
