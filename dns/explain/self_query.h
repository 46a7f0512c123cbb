/* dns/explain/self_query.h - a question put to serve() as a client would, and its reply read again.
 *
 * With turns of its own: no rotation of the server moves. */
#ifndef DNS_EXPLAIN_SELF_QUERY_H
#define DNS_EXPLAIN_SELF_QUERY_H

#include "dns/explain/client_text.h"
#include "dns/query/serve.h"

enum { EXPLAIN_ADDRESSES_MAX = SERVE_REPLY_MAX / 16 };

struct explain_asker {
	struct serving serving;
	const struct locate_client *client;
	uint8_t *reply; /* SERVE_REPLY_MAX octets */
};

struct explain_reply {
	enum rcode rcode;
	bool authoritative;
	unsigned scope; /* of the client subnet; 0: there was none */
	uint8_t target[NAME_SIZE_MAX]; /* where CNAMEs lead; the question's name if there is none */
	unsigned steps; /* CNAMEs on the way there */
	const uint8_t *addresses[EXPLAIN_ADDRESSES_MAX]; /* in the asker's reply, in its order */
	unsigned count;
	bool ipv6; /* of the addresses */
};

/* False: no memory. */
bool explain_asker_init(struct explain_asker *asker, const struct snapshot *snapshot,
	const struct locate_client *client);
void explain_asker_free(struct explain_asker *asker);

/* Asks for a name's A or AAAA records. */
void explain_ask(
	struct explain_asker *asker, const uint8_t *name, bool ipv6, struct explain_reply *reply);

#endif
