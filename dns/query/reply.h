/* dns/query/reply.h - writes a decided answer: header, question, records, truncation, OPT. */
#ifndef DNS_QUERY_REPLY_H
#define DNS_QUERY_REPLY_H

#include "dns/query/lookup.h"

enum {
	REPLY_MAX =
		65535 /* of the largest message: what does not fit it can be asked for nowhere */
};

/* Returns the octets written at `out`, which has room for `limit` (at least 512). What does not fit
 * is rolled back to TC=1 and empty sections (RFC 2181 9), but for optional parts; where `limit` is
 * REPLY_MAX, a pool shows as many members as fit. The snapshot says what OPT tells of this server:
 * its UDP size and NSID. */
size_t reply_write(uint8_t *out, size_t limit, const struct snapshot *snapshot,
	const struct query *query, const struct answer *answer);

#endif
