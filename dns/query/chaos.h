/* dns/query/chaos.h - class CH (RFC 4892): who and what is this server. */
#ifndef DNS_QUERY_CHAOS_H
#define DNS_QUERY_CHAOS_H

#include "dns/query/answer.h"

void answer_chaos(
	struct answer *answer, const struct snapshot *snapshot, const struct query *query);

#endif
