#include "dns/query/counters.h"

#include "dns/query/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct counter_way counter_ways[COUNTER_TRANSPORTS] = {
	{"udp", "ipv4"}, {"udp", "ipv6"}, {"tcp", "ipv4"}, {"tcp", "ipv6"}};
const char *const counter_drops[COUNTER_DROPS] = {"malformed", "send", "receive"};
const char *const counter_closes[COUNTER_CLOSES] = {
	"client", "idle", "limit", "malformed", "system", "stop"};
const char *const counter_refusals[COUNTER_REFUSALS] = {"limit", "descriptors", "pause"};

const char *counter_rcode(unsigned rcode, char text[COUNTER_RCODE_TEXT], bool *named)
{
	static const char *const names[COUNTER_RCODES] = {[RCODE_NOERROR] = "NOERROR",
		[RCODE_FORMERR] = "FORMERR",
		[RCODE_SERVFAIL] = "SERVFAIL",
		[RCODE_NXDOMAIN] = "NXDOMAIN",
		[RCODE_NOTIMP] = "NOTIMP",
		[RCODE_REFUSED] = "REFUSED",
		[RCODE_YXDOMAIN] = "YXDOMAIN",
		[RCODE_BADVERS] = "BADVERS"};
	*named = names[rcode];
	if (*named)
		return names[rcode];
	snprintf(text, COUNTER_RCODE_TEXT, "RCODE%u", rcode);
	return text;
}

struct counters *counters_new(void)
{
	size_t size = (sizeof(struct counters) + COUNTER_LINE - 1) / COUNTER_LINE * COUNTER_LINE;
	struct counters *counters = aligned_alloc(COUNTER_LINE, size);
	if (counters)
		memset(counters, 0, size);
	return counters;
}

#define GROUP(member)                                                                              \
	{                                                                                          \
#member, offsetof(struct counters, member),                                        \
			sizeof(((struct counters *)0)->member) / sizeof(_Atomic uint64_t)          \
	}

const struct counter_group *counter_group(size_t i)
{
	static const struct counter_group groups[COUNTER_GROUPS] = {GROUP(queries), GROUP(replies),
		GROUP(truncated), GROUP(ecs_queries), GROUP(drops), GROUP(tcp_accepted),
		GROUP(tcp_closed), GROUP(tcp_refused)};
	return &groups[i];
}

void counters_add(struct counters *to, const struct counters *from)
{
	/* The struct is nothing but counters. */
	_Atomic uint64_t *at = (_Atomic uint64_t *)to;
	const _Atomic uint64_t *other = (const _Atomic uint64_t *)from;
	for (size_t i = 0; i < sizeof(*to) / sizeof(*at); i++)
		counter_add(&at[i], counter_get(&other[i]));
}
