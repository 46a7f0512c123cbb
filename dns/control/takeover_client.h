/* dns/control/takeover_client.h - the new server's side of a takeover: it goes on where another one
 * ends, on the same sockets. Every wait is bounded. */
#ifndef DNS_CONTROL_TAKEOVER_CLIENT_H
#define DNS_CONTROL_TAKEOVER_CLIENT_H

#include "dns/control/control_path.h"
#include "dns/net/inherited.h"
#include "dns/snapshot/snapshot.h"

#include <jansson.h>

struct takeover {
	int fd; /* -1: nothing is taken over */
	struct listen_given given;
	int control, metrics; /* listening sockets, of the other one's; -1: none came */
	struct control_file
		/* the other one's control socket, which is not where ours is; its path is "": it
		 * is */
		former;
	json_t *state; /* {"counters","drains"} */
	uint32_t turns, workers;
	uint64_t *keys;
	uint32_t *nexts; /* worker by worker */
};

/* Asks the server at `control`, or else where the last one of this state-dir was. False: one
 * sentence. */
bool takeover_ask(struct takeover *takeover, const struct config *config, char *why, size_t size);
/* All is bound: lets the other one stand still, and takes its state. False: one sentence. */
bool takeover_ready(struct takeover *takeover, char *why, size_t size);
/* Where worker number `worker` goes on, for worker_handover; NULL: nowhere, or no memory. The
 * caller's. */
uint32_t *takeover_nexts(
	const struct takeover *takeover, const struct snapshot *snapshot, unsigned worker);
/* All is ready: the other one ends. False: it has gone on without us. */
bool takeover_serving(struct takeover *takeover);
/* Also right after it is zeroed with fd -1. Keeps nothing. */
void takeover_free(struct takeover *takeover);

#endif
