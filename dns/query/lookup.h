/* dns/query/lookup.h - decides what a query gets: rcode, AA, sections, ECS scope. Writes
 * nothing. */
#ifndef DNS_QUERY_LOOKUP_H
#define DNS_QUERY_LOOKUP_H

#include "dns/query/answer.h"

/* `turns` are the worker's, one for each of the snapshot's; parts point into them. */
void lookup_answer(struct answer *answer, const struct snapshot *snapshot, struct turn *turns,
	const struct client *client, const struct query *query);

#endif
