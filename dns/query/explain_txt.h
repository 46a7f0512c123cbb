/* dns/query/explain_txt.h - an explanation that fits one DNS reply: TXT of _explain.NAME.
 *
 * Strings of key=value: client (the address looked at), from (ecs or source), network, country,
 * override (its line), pool, scope, a level for each one asked (ipv4 and ipv6: in service/listed),
 * candidates by family, more (how many of them had no room); where a CNAME leads out of our zones,
 * answer=NOERROR and cname. Part of the answer path: no I/O, malloc or lock; no turn moves. */
#ifndef DNS_QUERY_EXPLAIN_TXT_H
#define DNS_QUERY_EXPLAIN_TXT_H

#include "dns/query/query.h"
#include "dns/snapshot/client.h"
#include "dns/snapshot/snapshot.h"

enum {
	EXPLAIN_TXT_LABEL_SIZE = 9 /* octets of "_explain" and its length */,
	EXPLAIN_TXT_RDATA_MAX = 480
};

/* Is it _explain.NAME, in any case? */
bool explain_txt_is_query(const struct name_key *name);
/* Is this client in `explain-to`? */
bool explain_txt_is_allowed(const struct config *config, const struct client *client);
/* Octets of TXT RDATA that a reply of 512 octets to this query has room for, at most
 * EXPLAIN_TXT_RDATA_MAX. *identity: beside them there is room for an NSID of `identity_size`
 * octets, too; else it is to be left out, the explanation is what was asked for. */
size_t explain_txt_room(const struct query *query, uint16_t identity_size, bool *identity);

/* Writes the RDATA for a name whose first label is to be left out; returns its octets, at most
 * `room`. 0: the name behind that label is in no zone of ours. A name that does not exist has
 * answer=NXDOMAIN. */
size_t explain_txt_write(const struct snapshot *snapshot, const struct client *client,
	const struct query *query, uint8_t *rdata, size_t room);

/* The whole answer: for clients that may ask, for any subnet. */
struct lookup;
void explain_txt_answer(const struct lookup *asked);

#endif
