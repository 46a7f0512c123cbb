/* dns/control/takeover_client.h - one server goes on where another one ends, on the same sockets.
 *
 * The new one has loaded everything before it asks. On the control socket: the new one asks for the verb takeover; the old
 * one sends its listening sockets (SCM_RIGHTS); the new one says 'r' (ready); the old one's workers stand still, and it
 * sends how far turns and counters are; the new one has its threads ready and says 's'; the old one says 'l' (leaving),
 * finishes its TCP connections and ends; the new one serves. Until that 's' the old one can go on, and does when the new
 * one is gone or too slow: so nothing of the new one's may receive or read before that 'l'. What waits in the sockets
 * meanwhile is nobody's loss. Sizes that are told are never trusted. */
#ifndef DNS_CONTROL_TAKEOVER_CLIENT_H
#define DNS_CONTROL_TAKEOVER_CLIENT_H

#include "dns/control/control.h"
#include "dns/control/reload.h"
#include "dns/net/listen.h"

enum {
	TAKEOVER_SECONDS = 10, /* for each step of the other one */
	TAKEOVER_HOLD_SECONDS = 3, /* for those in which nobody serves */
	TAKEOVER_FDS = 200, /* in one message; the kernel takes 253 */
	TAKEOVER_STATE_MAX = 4 << 20, /* octets of counters and drains */
	TAKEOVER_TURNS_MAX = 1 << 24 /* all workers' together */
};

/* What follows 'r': this, `state` octets of JSON, `turns` keys, then for each worker as many places. */
struct takeover_head {
	uint32_t state, turns, workers;
};

/* --- the new one; every wait is bounded --- */

struct takeover {
	int fd; /* -1: nothing is taken over */
	struct listen_given given;
	int control, metrics; /* listening sockets, of the other one's; -1: none came */
	struct control_file
		former; /* the other one's control socket, which is not where ours is; its path is "": it is */
	json_t *state; /* {"counters","drains"} */
	uint32_t turns, workers;
	uint64_t *keys;
	uint32_t *nexts; /* worker by worker */
};

/* Asks the server at `control`, or else where the last one of this state-dir was. False: one sentence. */
bool takeover_ask(struct takeover *takeover, const struct config *config, char *why, size_t size);
/* All is bound: lets the other one stand still, and takes its state. False: one sentence. */
bool takeover_ready(struct takeover *takeover, char *why, size_t size);
/* Where worker number `worker` goes on, for worker_handover; NULL: nowhere, or no memory. The caller's. */
uint32_t *takeover_nexts(
	const struct takeover *takeover, const struct snapshot *snapshot, unsigned worker);
/* All is ready: the other one ends. False: it has gone on without us. */
bool takeover_serving(struct takeover *takeover);
/* Also right after it is zeroed with fd -1. Keeps nothing. */
void takeover_free(struct takeover *takeover);

/* --- where to ask, kept in state-dir for a takeover that changes `control` --- */

/* `path` "": nobody can ask. A failure is logged. */
void takeover_path_write(const struct config *config, const char *path);
/* False: it is not known. */
bool takeover_path_read(const struct config *config, char path[CONTROL_PATH_MAX]);
void takeover_path_remove(const struct config *config);

/* --- the old one --- */

struct takeover_give {
	uv_loop_t *loop;
	const struct reload *reload;
	const struct control *control;
	void (*left)(void *server); /* the other one serves */
	void *server;
	int fd; /* -1: nobody takes over */
	pid_t successor;
	struct control_request
		*request; /* it waits until what was taken last is saved; NULL: it does not */
	unsigned looks; /* for that */
	unsigned forced; /* exports that had been forced when the sockets were sent */
	int metrics; /* a listening socket that is handed over, too; -1: none */
	bool holding; /* the workers are to stand still */
	bool told; /* they did, and the other one has the state */
	bool polled; /* `poll` is open */
	uv_poll_t poll;
	uv_timer_t timer;
	uv_async_t held;
};

/* Must be initialised before the workers start: they tell it when they hold. */
bool takeover_give_init(struct takeover_give *give, uv_loop_t *loop, struct worker_shared *workers);
/* The verb takeover. */
void takeover_give_begin(struct takeover_give *give, struct control_request *request);
/* The server ends: a takeover under way comes to nothing. */
void takeover_give_stop(struct takeover_give *give);

#endif
