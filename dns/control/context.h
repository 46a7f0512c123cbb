/* dns/control/context.h - what a command works on. */
#ifndef DNS_CONTROL_CONTEXT_H
#define DNS_CONTROL_CONTEXT_H

#include "dns/control/reload.h"
#include "dns/control/takeover_server.h"

/* What verbs work on: the owner that they find by control_owner. All of it is the main loop's. */
struct command_context {
	struct reload *reload;
	int64_t started; /* Unix seconds */
	struct takeover_server *takeover; /* once it holds, drains may change no more */
};

#endif
