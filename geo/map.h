/* geo/map.h - address to (outcome, scope): one compiled prefix table for each client rule.
 *
 * An outcome is the caller's small number for "these candidate sets". Neighbours with equal
 * outcomes are one prefix, so a look-up gives the widest prefix around the address in which the
 * outcome is the same: the ECS scope (RFC 7871 7.2.1). Read-only after map_build; any number of
 * threads. */
#ifndef GEO_MAP_H
#define GEO_MAP_H

#include "geo/country.h"
#include "geo/place.h"

#include <endian.h>
#include <string.h>

struct map;

struct map_match {
	uint32_t outcome;
	uint8_t length; /* bits of the widest uniform prefix, in the address's own family */
	bool special; /* an ECS address here is answered by the source address; length still is the
	                 uniform prefix: see map_special_length */
};

/* outcome[country] for country 0..COUNTRY_MAX. Equal outcomes for every address of both families:
 * the map is one prefix of length 0, never special. Special space is uniform with itself only. The
 * mapped block in IPv6 is uniform with its surroundings only where all of IPv4 is. NULL: no
 * memory. */
struct map *map_build(const struct places *places, const uint16_t outcome[COUNTRY_MAX + 1]);
void map_free(void *map);

/* IPv4 by its 32 bits, host order. */
struct map_match map_find_ipv4(const struct map *map, uint32_t address);
/* An IPv6 address as one number. */
static inline unsigned __int128 map_key(const uint8_t address[16])
{
	uint64_t halves[2];
	memcpy(halves, address, sizeof(halves));
	return (unsigned __int128)be64toh(halves[0]) << 64 | be64toh(halves[1]);
}

/* An ::ffff:0:0/96 address is looked up as IPv4 and gets length 96 + that one's. */
struct map_match map_find_ipv6(const struct map *map, unsigned __int128 key);

/* The widest part of special space around an address whose match is special (mapped: 96 +
 * IPv4's). */
uint8_t map_special_length(const struct map *map, bool ipv6, const uint8_t *address);

#endif
