/* geo/address.h - an IP address or a network of either family: compared, read, written. */
#ifndef GEO_ADDRESS_H
#define GEO_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ADDRESS_TEXT_MAX = 46 };

struct address {
	uint8_t octets[16]; /* network order; IPv4 in the first four, the rest 0 */
	bool ipv6;
};

static inline struct address address_from(const uint8_t *octets, bool ipv6)
{
	struct address address = {.ipv6 = ipv6};
	memcpy(address.octets, octets, ipv6 ? 16 : 4);
	return address;
}

/* An IPv4 address in IPv6 form is IPv4 (RFC 4291 2.5.5.2). */
static inline struct address address_from_ipv6(const uint8_t octets[16])
{
	static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
	bool ipv6 = memcmp(octets, mapped, sizeof mapped) != 0;
	return address_from(octets + (ipv6 ? 0 : sizeof mapped), ipv6);
}

/* The canonical order, for qsort of what begins with an address: IPv4 first, then by octets. */
static inline int address_compare(const void *a, const void *b)
{
	const struct address *x = a, *y = b;
	int order = (int)x->ipv6 - (int)y->ipv6;
	return order ? order : memcmp(x->octets, y->octets, sizeof x->octets);
}

static inline bool address_bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	return memcmp(a, b, whole) == 0 && (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

/* The first of a list, of what begins with an address, that an earlier one equals, and that one;
 * `second` NULL: each is there once. False: no memory. */
bool address_twice(
	const void *list, size_t count, size_t size, const void **first, const void **second);

/* False: it is none, as NULL is none. */
bool address_parse(struct address *address, const char *text);
/* Returns text. */
const char *address_write(const struct address *address, char text[ADDRESS_TEXT_MAX]);

/* ADDRESS/LENGTH, or an address alone. */
enum network_fault { NETWORK_GOOD, NETWORK_NO_ADDRESS, NETWORK_NO_LENGTH, NETWORK_HOST_BITS };
/* NETWORK_HOST_BITS: address and length are those of the network, without them. */
enum network_fault address_network_parse(
	struct address *address, uint8_t *length, const char *text);

#endif
