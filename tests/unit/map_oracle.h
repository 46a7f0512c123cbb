/* tests/unit/map_oracle.h - what geo/map should say, slowly and from the definition.
 *
 * A world is a plain list of networks. The outcome of an address is found by looking at all of
 * them; a prefix is uniform when no address inside it, of those where anything begins or ends, has
 * another outcome. It shares no code with geo/. Behind cmocka.h. */
#ifndef TESTS_MAP_ORACLE_H
#define TESTS_MAP_ORACLE_H

#include "geo/country.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ORACLE_NETS = 160, ORACLE_EDGES = 4096, ORACLE_PALETTE = 6 };

/* A key is an IPv6 address, or an IPv4 address as a number; bits = 128 or 32. */
typedef unsigned __int128 oracle_key;

struct oracle_net {
	oracle_key first;
	unsigned length;
	unsigned country;
};

struct oracle_list {
	struct oracle_net nets[ORACLE_NETS];
	size_t count;
};

struct oracle_answer {
	uint32_t outcome;
	bool special;
};

/* Where anything begins or ends in a family, sorted, and what holds from there on. */
struct oracle_edges {
	oracle_key at[ORACLE_EDGES];
	struct oracle_answer answer[ORACLE_EDGES];
	size_t count;
};

struct oracle {
	struct oracle_list database; /* 128 bits; IPv4 at ::/96 */
	bool tree_ipv6; /* false: the database says nothing of IPv6, ::/96 included */
	struct oracle_list overrides[2]; /* IPv4, IPv6 */
	uint16_t outcome[COUNTRY_MAX + 1];
	struct oracle_edges edges[2];
	bool same; /* one outcome everywhere */
};

static const struct oracle_list oracle_special[2] = {
	{{{0x0A000000, 8, 0}, {0x64400000, 10, 0}, {0x7F000000, 8, 0}, {0xA9FE0000, 16, 0},
		 {0xAC100000, 12, 0}, {0xC0A80000, 16, 0}},
		6},
	{{{1, 128, 0}, {(oracle_key)0xFC << 120, 7, 0}, {(oracle_key)0xFE8 << 116, 10, 0}}, 3},
};

static inline oracle_key oracle_last(oracle_key first, unsigned length, unsigned bits)
{
	unsigned host = bits - length;
	return host == 128 ? ~(oracle_key)0 : first | (((oracle_key)1 << host) - 1);
}

static inline oracle_key oracle_mask(oracle_key key, unsigned length, unsigned bits)
{
	return key & ~oracle_last(0, length, bits);
}

/* The longest network of a list that an address is in, or NULL. */
static inline const struct oracle_net *oracle_longest(
	const struct oracle_list *list, oracle_key key, unsigned bits)
{
	const struct oracle_net *best = NULL;
	for (size_t i = 0; i < list->count; i++) {
		const struct oracle_net *net = &list->nets[i];
		if (key >= net->first && key <= oracle_last(net->first, net->length, bits) &&
			(!best || net->length > best->length))
			best = net;
	}
	return best;
}

static inline bool oracle_is_mapped(oracle_key key)
{
	return key >> 32 == 0xFFFF;
}

static inline struct oracle_answer oracle_find(
	const struct oracle *oracle, bool ipv6, oracle_key key)
{
	if (ipv6 && oracle_is_mapped(key)) {
		ipv6 = false;
		key &= 0xFFFFFFFF;
	}
	unsigned bits = ipv6 ? 128 : 32;
	const struct oracle_net *over = oracle_longest(&oracle->overrides[ipv6], key, bits);
	const struct oracle_net *base =
		ipv6 && !oracle->tree_ipv6 ? NULL : oracle_longest(&oracle->database, key, 128);
	unsigned country = over ? over->country : base ? base->country : COUNTRY_NONE;
	return (struct oracle_answer){oracle->outcome[country],
		!over && oracle_longest(&oracle_special[ipv6], key, bits) != NULL};
}

static inline bool oracle_equal(struct oracle_answer a, struct oracle_answer b)
{
	return a.outcome == b.outcome && a.special == b.special;
}

static inline void oracle_edge_add(struct oracle_edges *edges, oracle_key at)
{
	size_t i = edges->count;
	while (i > 0 && edges->at[i - 1] > at)
		i--;
	if (i > 0 && edges->at[i - 1] == at)
		return;
	if (edges->count == ORACLE_EDGES)
		abort();
	memmove(edges->at + i + 1, edges->at + i, (edges->count - i) * sizeof *edges->at);
	edges->at[i] = at;
	edges->count++;
}

/* First addresses of networks, and those behind their last. */
static inline void oracle_edges_add(struct oracle_edges *edges, const struct oracle_list *list,
	unsigned bits, unsigned list_bits)
{
	oracle_key end = oracle_last(0, 0, bits);
	for (size_t i = 0; i < list->count; i++) {
		oracle_key first = list->nets[i].first;
		oracle_key last = oracle_last(first, list->nets[i].length, list_bits);
		if (first <= end)
			oracle_edge_add(edges, first);
		if (last < end)
			oracle_edge_add(edges, last + 1);
	}
}

/* After all networks are in: collects what the checks need. */
static inline void oracle_finish(struct oracle *oracle)
{
	for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
		struct oracle_edges *edges = &oracle->edges[ipv6];
		unsigned bits = ipv6 ? 128 : 32;
		edges->count = 0;
		oracle_edge_add(edges, 0);
		oracle_edges_add(edges, &oracle->database, bits, 128);
		oracle_edges_add(edges, &oracle->overrides[ipv6], bits, bits);
		oracle_edges_add(edges, &oracle_special[ipv6], bits, bits);
	}
	for (size_t i = 0; i < oracle->edges[0].count; i++)
		oracle_edge_add(
			&oracle->edges[1], (oracle_key)0xFFFF << 32 | oracle->edges[0].at[i]);
	oracle_edge_add(&oracle->edges[1], (oracle_key)0x10000 << 32);
	oracle->same = true;
	for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
		struct oracle_edges *edges = &oracle->edges[ipv6];
		for (size_t i = 0; i < edges->count; i++) {
			edges->answer[i] = oracle_find(oracle, ipv6, edges->at[i]);
			oracle->same = oracle->same && edges->answer[i].outcome ==
							       oracle->edges[0].answer[0].outcome;
		}
	}
}

/* Has every address of the prefix around `key` this answer? */
static inline bool oracle_is_uniform(const struct oracle *oracle, bool ipv6, oracle_key key,
	unsigned length, struct oracle_answer answer)
{
	const struct oracle_edges *edges = &oracle->edges[ipv6];
	unsigned bits = ipv6 ? 128 : 32;
	oracle_key first = oracle_mask(key, length, bits), last = oracle_last(first, length, bits);
	size_t low = 0, high = edges->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (edges->at[middle] <= first)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == edges->count || edges->at[low] > last)
		return true; /* nothing begins inside: all are as the one that was asked for */
	if (!oracle_equal(oracle_find(oracle, ipv6, first), answer))
		return false;
	for (size_t i = low; i < edges->count && edges->at[i] <= last; i++)
		if (!oracle_equal(edges->answer[i], answer))
			return false;
	return true;
}

/* Is the prefix around `key` within a special block, and is no override in it or around it? */
static inline bool oracle_is_special(
	const struct oracle *oracle, bool ipv6, oracle_key key, unsigned length)
{
	unsigned bits = ipv6 ? 128 : 32;
	oracle_key first = oracle_mask(key, length, bits), last = oracle_last(first, length, bits);
	const struct oracle_net *block = oracle_longest(&oracle_special[ipv6], first, bits);
	if (!block || block->length > length)
		return false;
	for (size_t i = 0; i < oracle->overrides[ipv6].count; i++) {
		const struct oracle_net *net = &oracle->overrides[ipv6].nets[i];
		if (net->first <= last && oracle_last(net->first, net->length, bits) >= first)
			return false;
	}
	return true;
}

static inline const char *oracle_text(bool ipv6, oracle_key key, char text[INET6_ADDRSTRLEN])
{
	uint8_t octets[16];
	for (unsigned i = 0; i < 16; i++)
		octets[i] = (uint8_t)(key >> (ipv6 ? 120 - 8 * i : i < 4 ? 24 - 8 * i : 0));
	return inet_ntop(ipv6 ? AF_INET6 : AF_INET, octets, text, INET6_ADDRSTRLEN);
}

#endif
