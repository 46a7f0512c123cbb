/* dns/server/server.h - one server from its start to its end: what is loaded, bound, started, and stopped in which order. */
#ifndef DNS_SERVER_SERVER_H
#define DNS_SERVER_SERVER_H

#include "dns/base/exit.h"
#include "dns/base/user.h"
#include "dns/snapshot/snapshot.h"

enum { SERVER_WHY_MAX = 2048 };

/* All that a start loads, with the rights of `account`, which it finds; *refused counts files whose kept copy is taken
 * instead. NULL: one sentence in `why`, which has SERVER_WHY_MAX octets. */
struct snapshot *server_load(
	const char *path, struct account *account, unsigned *refused, char *why);

/* What there is to say about what is served. */
void server_say_zones(const struct snapshot *snapshot);

/* Serves until it is told to end. `takeover`: from the server that runs, whose sockets it gets. Returns the exit
 * status. */
int server_run(const char *path, bool takeover);

#endif
