/* dns/server/load.h - what a start loads, and what there is to say about it. */
#ifndef DNS_SERVER_LOAD_H
#define DNS_SERVER_LOAD_H

#include "dns/base/user.h"
#include "dns/snapshot/snapshot.h"

enum { SERVER_WHY_MAX = 2048 };

/* All that a start loads, with the rights of `account`, which it finds; *refused counts files whose
 * kept copy is taken instead. NULL: one sentence in `why`, which has SERVER_WHY_MAX octets. */
struct snapshot *server_load(
	const char *path, struct account *account, unsigned *refused, char *why);

/* Was an export kept since this was loaded? */
bool server_saved_since(const struct snapshot *snapshot);

/* What there is to say about what is served. */
void server_say_zones(const struct snapshot *snapshot);

#endif
