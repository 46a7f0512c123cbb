/* dns/control/control.h - the control socket: one request, one reply; bounded in size, number and
 * time.
 *
 * All of it runs on one loop. What a client sends or does not send, takes or does not take, holds
 * up nobody else. A request is one JSON object and a newline, {"verb":"status", ...}; the reply,
 * {"exit":0,"result":{...}} or with "why", one sentence. */
#ifndef DNS_CONTROL_CONTROL_H
#define DNS_CONTROL_CONTROL_H

#include "dns/base/exit.h"
#include "dns/net/accept.h"

#include <jansson.h>
#include <sys/queue.h>
#include <uv.h>

enum {
	CONTROL_REQUEST_MAX = 64 << 10, /* octets */
	CONTROL_CLIENTS_MAX = 32, /* beyond it the oldest of the user that has most goes */
	CONTROL_UID_MAX = 16, /* of one user */
	CONTROL_ROOT_OWN = 8, /* places that all other users leave to root */
	CONTROL_SECONDS =
		5, /* for a client to ask and to take the reply; a verb's own time is not counted */
};

struct control_request;
/* Ends with control_reply, then or later on the loop's thread. */
typedef void control_run(struct control_request *request);

struct control_verb {
	const char *name; /* NULL ends the table */
	control_run *run;
	bool changes; /* who asked is logged */
};

/* What it runs on, all of which outlives it. */
struct control_place {
	uv_loop_t *loop;
	const struct control_verb *verbs;
	void *owner; /* what verbs find by control_owner */
	_Atomic uint64_t *closed; /* clients that went for want of room are counted there */
};

struct control {
	struct control_place place;
	struct acceptor acceptor;
	uv_idle_t turn; /* active while verbs wait to be run */
	TAILQ_HEAD(control_requests, control_request) requests; /* the oldest first */
	bool open; /* `acceptor` is */
};

/* Listens on `fd`, which it takes over. */
bool control_start(struct control *control, int fd, const struct control_place *place);
/* Its descriptor, to be handed over; -1: none. */
int control_listener(const struct control *control);
/* Closes all; verbs under way may still reply. The loop must run once more. */
void control_stop(struct control *control);

/* --- for verbs --- */

const json_t *control_arguments(const struct control_request *request);
void *control_owner(const struct control_request *request);
/* Who asks, as the kernel says. */
const struct ucred *control_peer(const struct control_request *request);
/* Takes over `result` (or NULL); `why` NULL: it went well. Ends the request. */
void control_reply(
	struct control_request *request, enum exit_status status, json_t *result, const char *why);
/* The connection itself, for a verb that goes on with it in its own way: a descriptor of the
 * caller's. Ends the request. -1: none is left. */
int control_detach(struct control_request *request);

#endif
