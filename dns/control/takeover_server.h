/* dns/control/takeover_server.h - the old server's side of a takeover: it hands its sockets and its
 * state over, and ends. */
#ifndef DNS_CONTROL_TAKEOVER_SERVER_H
#define DNS_CONTROL_TAKEOVER_SERVER_H

#include "dns/control/control.h"
#include "dns/control/reload.h"

struct takeover_server {
	uv_loop_t *loop;
	const struct reload *reload;
	const struct control *control;
	void (*on_handover_done)(void *server); /* the other one serves */
	void *server;
	int fd; /* -1: no takeover */
	pid_t successor;
	struct control_request
		*request; /* it waits until what was taken last is saved; NULL: it does not */
	unsigned looks; /* for that */
	unsigned forced; /* exports that had been forced when the sockets were sent */
	int metrics; /* a listening socket that is handed over, too; -1: none */
	bool pausing; /* the workers are to stand still */
	bool state_sent; /* they did, and the other one has the state */
	bool polled; /* `poll` is open */
	uv_poll_t poll;
	uv_timer_t timer;
	uv_async_t paused;
};

/* Must be initialised before the workers start: they tell it when they hold. */
bool takeover_server_init(
	struct takeover_server *give, uv_loop_t *loop, struct worker_shared *workers);
/* The verb takeover. */
void takeover_server_begin(struct takeover_server *give, struct control_request *request);
/* The server ends: a takeover under way comes to nothing. */
void takeover_server_stop(struct takeover_server *give);

#endif
