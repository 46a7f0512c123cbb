/* tests/unit/reply_check.h - what holds of every reply, whatever was asked. Shares no code with the
 * server. */
#ifndef TESTS_UNIT_REPLY_CHECK_H
#define TESTS_UNIT_REPLY_CHECK_H

#include "tests/unit/reply_walk.h"

#include "dns/query/lookup.h"

/* The octets that a reply may have: what its client can take, in the world of tests/golden. */
static inline size_t reply_limit(const struct client *client, const uint8_t *query, size_t size)
{
	struct walk asked;
	if (client->tcp)
		return 65535;
	size_t ours = client->ipv6 ? 1232 : 1400;
	/* The server follows no pointer of a query and looks into no RDATA, so it may understand
	 * more. */
	if (!walk_message(query, size, &asked))
		return ours;
	size_t theirs = asked.opts && asked.opt_class > 512 ? asked.opt_class : 512;
	return theirs < ours ? theirs : ours;
}

/* NULL: nothing is wrong with it, else what is. */
static inline const char *reply_fault(const struct client *client, const uint8_t *query,
	size_t query_size, const uint8_t *reply, size_t size)
{
	struct walk walk;
	bool response = query_size >= 12 && query[2] & 0x80;
	if (size == 0)
		return query_size < 12 || response ? NULL : "there is none";
	if (query_size < 12 || response)
		return "there is one";
	if (size < 12)
		return "it has no whole header";
	if (reply[0] != query[0] || reply[1] != query[1])
		return "its id is another";
	if (!(reply[2] & 0x80) || (reply[2] & 0x79) != (query[2] & 0x79) || reply[3] & 0xF0)
		return "its flags are wrong";
	if (size > reply_limit(client, query, query_size))
		return "it is too large";
	if (!walk_message(reply, size, &walk))
		return "it is no message";
	if (walk.end != size)
		return "octets follow its last record";
	if (walk.opts > 1 || walk.counts[0] > 1)
		return "it has two OPTs or questions";
	if (reply[2] & 2 && (walk.counts[1] || walk.counts[2] || walk.counts[3] != walk.opts))
		return "it is truncated and has records";
	return NULL;
}

#endif
