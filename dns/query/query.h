/* dns/query/query.h - a query's octets cut up: header, question, EDNS.
 *
 * Nothing here is trusted: every length is checked against the packet, every loop is bounded by its
 * size. */
#ifndef DNS_QUERY_QUERY_H
#define DNS_QUERY_QUERY_H

#include "dns/snapshot/client.h"
#include "zones/name.h"

#include <endian.h>
#include <string.h>

enum {
	HEADER_SIZE = 12,
	SUBNET_FIXED = 8, /* code, length, family, source, scope */
	SUBNET_SCOPE = 7,
	SUBNET_OCTETS_MAX = 16,
};

enum rcode {
	RCODE_NOERROR = 0,
	RCODE_FORMERR = 1,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
	RCODE_YXDOMAIN = 6,
	RCODE_BADVERS = 16, /* RFC 6891 9: its upper bits go into OPT */
};

enum { CLASS_CH = 3, CLASS_ANY = 255 };

/* EDNS Client Subnet as sent (RFC 7871 6). */
struct query_subnet {
	const uint8_t *
		/* whole, in the packet: SUBNET_FIXED octets and the address's; NULL: none */
		option;
	uint16_t family; /* 1 IPv4, 2 IPv6; 0 only with source 0 */
	uint8_t source; /* prefix length in bits */
	uint8_t octets; /* of the address: what the source prefix needs */
};

/* An IPv4 subnet's address, host order. Before it stand the option's first octets, which are
 * shifted out. */
static inline uint32_t query_subnet_ipv4(const struct query_subnet *subnet)
{
	uint32_t last;
	memcpy(&last, subnet->option + SUBNET_FIXED + subnet->octets - sizeof(last), sizeof(last));
	return be32toh(last) << (32 - 8 * subnet->octets);
}

/* An IPv6 subnet's, likewise. */
static inline unsigned __int128 query_subnet_ipv6(const struct query_subnet *subnet)
{
	uint64_t first, last;
	unsigned bits = 8U * subnet->octets;
	memcpy(&last, subnet->option + SUBNET_FIXED + subnet->octets - sizeof(last), sizeof(last));
	if (bits <= 64)
		return bits ? (unsigned __int128)be64toh(last) << (128 - bits) : 0;
	memcpy(&first, subnet->option + SUBNET_FIXED, sizeof(first));
	return (unsigned __int128)be64toh(first) << 64 | be64toh(last) << (128 - bits);
}

/* An address there. */
static inline struct client query_subnet_client(const struct query_subnet *subnet)
{
	struct client client = {.ipv6 = subnet->family == 2};
	memcpy(client.address, subnet->option + SUBNET_FIXED, subnet->octets);
	return client;
}

struct query {
	/* The caller's; the question is copied from here, case and all (RFC 4343). */
	const uint8_t *packet;
	struct name_key name;
	uint16_t question_size; /* name, type and class; 0: none was understood */
	uint16_t type, class;
	bool edns; /* there was one well-formed OPT */
	bool dnssec_ok;
	bool nsid; /* RFC 5001 */
	uint8_t version; /* EDNS's */
	uint16_t udp_size; /* requestor's, at least 512 (RFC 6891 6.2.3) */
	struct query_subnet subnet;
};

enum query_result {
	QUERY_GOOD,
	QUERY_SILENCE, /* not a query at all: too short, or a response (RFC 8906 3) */
	QUERY_MALFORMED, /* FORMERR */
	QUERY_UNKNOWN_OPCODE, /* NOTIMP */
	QUERY_BAD_VERSION, /* BADVERS */
};

/* Cuts up a packet of `size` octets. Whatever the word, question_size, edns and what belongs to
 * them say what a reply may repeat. */
enum query_result query_parse(struct query *query, const uint8_t *packet, size_t size);

#endif
