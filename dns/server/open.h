/* dns/server/open.h - one server with all that it has, and what it binds. */
#ifndef DNS_SERVER_OPEN_H
#define DNS_SERVER_OPEN_H

#include "dns/control/control_path.h"
#include "dns/base/user.h"
#include "dns/control/context.h"
#include "dns/control/takeover_client.h"
#include "dns/control/takeover_server.h"
#include "dns/net/affinity.h"
#include "dns/server/watchdog.h"
#include "dns/stats/metrics_server.h"

struct server {
	uv_loop_t loop;
	uv_signal_t signals[3];
	uv_timer_t shutdown_timer; /* with what the end waits for */
	unsigned shutdown_ticks;
	struct worker_shared shared;
	struct snapshot *first; /* of the start; not freed if that fails: threads may have it */
	struct reload reload;
	struct totals totals;
	struct metrics *metrics; /* NULL: off */
	struct listen_sockets sockets;
	struct account account;
	struct affinity affinity;
	struct watchdog watchdog;
	struct control control;
	struct control_file control_file;
	bool control_inherited; /* a running server goes on with its file if we do not */
	int control_fd; /* bound; -1: off, or listened on already */
	struct command_context verbs;
	struct takeover takeover; /* from whom */
	struct takeover_server give; /* to whom */
	bool takes_over; /* from a server that runs */
	bool handed_over; /* another server has the sockets */
};

/* Binds all that only root may bind; the sockets of a running server go on being its own. False:
 * one sentence. */
bool server_open(struct server *server, const struct config *config, char *why);
/* The workers have their sockets and hold, a running server holds too and has gone for good: the
 * sockets are all ours, and we become the user. False: one sentence. */
bool server_join(struct server *server, const struct config *config, char *why);

#endif
