/* geo/segment.h - addresses, prefixes, and an address family cut into segments of one country
 * each. */
#ifndef GEO_SEGMENT_H
#define GEO_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address left-aligned in 128 bits: an IPv4 address stands in the upper 32 bits of `high`. */
struct place_address {
	uint64_t high, low;
};

/* From `first` to the next segment's first (or the end of the family). */
struct place_segment {
	struct place_address first;
	uint16_t country; /* geo/country.h; 0: none */
	bool special; /* private or special space that no override covers (product: ECS) */
};

/* One family's segments: sorted, the first starts at 0, neighbours differ. In IPv6 the mapped
 * block ::ffff:0:0/96 is not described here (country 0, special false): it is IPv4's. */
struct place_family {
	struct place_segment *segments;
	size_t count;
};

struct place_prefix {
	struct place_address address;
	uint8_t length; /* bits; IPv4: 0..32 */
};

#endif
