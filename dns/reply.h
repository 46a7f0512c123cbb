/* dns/reply.h - writes a decided answer: header, question, records, truncation, OPT. */
#ifndef DNS_REPLY_H
#define DNS_REPLY_H

#include "dns/answer.h"

struct reply_limits {
	size_t size; /* octets that the reply may have */
	uint16_t udp_size; /* that we advertise in OPT */
	const char *identity; /* NSID */
	uint16_t identity_size; /* 0: off */
};

/* Returns the octets written at `out`, which has room for limits->size (at least 512). What does not fit is
 * rolled back to TC=1 and empty sections (RFC 2181 9), but for optional parts. */
size_t reply_write(uint8_t *out, const struct reply_limits *limits, const struct query *query,
	const struct answer *answer);

/* A reply that is nothing but its header, question (where one was understood) and OPT. */
size_t reply_write_error(uint8_t *out, const struct reply_limits *limits, const struct query *query,
	enum rcode rcode);

#endif
