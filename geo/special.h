/* geo/special.h - which addresses the whole Internet reaches, and what the others are.
 *
 * As IANA's registries have it: a prefix that it has for something special is "globally reachable"
 * or not. An IPv6 address that carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is what that
 * one is. */
#ifndef GEO_SPECIAL_H
#define GEO_SPECIAL_H

#include "geo/mirrors.h"

enum special_kind {
	SPECIAL_GLOBAL,
	/* another host, or none, for each who asks: loopback, private, link-local, unspecified */
	SPECIAL_LOCAL,
	SPECIAL_DOCUMENTATION, /* examples in texts */
	SPECIAL_OTHER /* multicast, reserved, benchmarks … */
};

struct special {
	uint8_t first[16], length; /* a prefix of its family, and its bits */
	uint8_t kind; /* enum special_kind */
	const char *name; /* "a loopback address" */
	uint8_t inside; /* octets before the IPv4 address in it, which decides; 0: there is none */
	uint8_t flip; /* xor each octet of that one */
};

/* The longest prefix that an address is in. Never NULL. */
const struct special *special_find(const struct address *address);

/* The addresses in service that are local: "127.0.0.1 (a loopback address) of a.example, … and 3
 * more"; at most `size` octets. Returns how many there are. */
size_t special_members(const struct mirrors *mirrors, char *text, size_t size);

#endif
