/* geo/prefix.h - arithmetic on prefixes, the same for both families.
 *
 * A key is an address left-aligned in 128 bits, as in struct place_address, but as one number. */
#ifndef GEO_PREFIX_H
#define GEO_PREFIX_H

#include "geo/address.h"
#include "geo/segment.h"

static inline unsigned __int128 prefix_key(struct place_address address)
{
	return (unsigned __int128)address.high << 64 | address.low;
}

static inline struct place_address prefix_address(unsigned __int128 key)
{
	return (struct place_address){(uint64_t)(key >> 64), (uint64_t)key};
}

static inline unsigned __int128 prefix_from(const struct address *address)
{
	unsigned __int128 key = 0;
	for (unsigned i = 0; i < sizeof address->octets; i++)
		key = key << 8 | address->octets[i];
	return key;
}

static inline struct address prefix_to(unsigned __int128 key, bool ipv6)
{
	struct address address = {.ipv6 = ipv6};
	for (unsigned i = 0; i < sizeof address.octets; i++)
		address.octets[i] = (uint8_t)(key >> (120 - 8 * i));
	return address;
}

/* The last key of the prefix that starts at `first`; length 0..128. */
static inline unsigned __int128 prefix_last(unsigned __int128 first, unsigned length)
{
	return length < 128 ? first | ~(unsigned __int128)0 >> length : first;
}

/* Number of leading bits in which two keys agree, 0..128. */
static inline unsigned prefix_common(unsigned __int128 a, unsigned __int128 b)
{
	uint64_t high = (uint64_t)((a ^ b) >> 64), low = (uint64_t)(a ^ b);
	if (high)
		return (unsigned)__builtin_clzll(high);
	return low ? 64 + (unsigned)__builtin_clzll(low) : 128;
}

/* The length of the widest prefix around `key` that stays within first..last (both included). It is
 * one bit longer than what the key shares with either neighbour of that range. */
static inline unsigned prefix_widest(
	unsigned __int128 key, unsigned __int128 first, unsigned __int128 last)
{
	unsigned length = 0;
	if (first != 0)
		length = prefix_common(key, first - 1) + 1;
	if (last != ~(unsigned __int128)0 && prefix_common(key, last + 1) + 1 > length)
		length = prefix_common(key, last + 1) + 1;
	return length;
}

#endif
