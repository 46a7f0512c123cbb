/* geo/section.h - the values in a MaxMind DB file, checked before libmaxminddb reads them.
 *
 * libmaxminddb 1.7 trusts its file more than a server may: it skips nested values by unlimited
 * recursion, follows pointers as often as they multiply, reads beyond an empty metadata section and
 * leaks memory on metadata that it refuses. What passes here is in range, at most SECTION_DEPTH
 * deep and of bounded work. */
#ifndef GEO_SECTION_H
#define GEO_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SECTION_DEPTH = 32 };

enum section_type {
	SECTION_EXTENDED = 0,
	SECTION_POINTER = 1,
	SECTION_STRING = 2,
	SECTION_DOUBLE = 3,
	SECTION_BYTES = 4,
	SECTION_UINT16 = 5,
	SECTION_UINT32 = 6,
	SECTION_MAP = 7,
	SECTION_INT32 = 8,
	SECTION_UINT64 = 9,
	SECTION_UINT128 = 10,
	SECTION_ARRAY = 11,
	SECTION_BOOLEAN = 14,
	SECTION_FLOAT = 15,
};

/* The metadata or the data of a file; the octets are the caller's. */
struct section {
	const uint8_t *octets;
	size_t size;
	uint64_t budget; /* values that may still be looked at: each check uses it up */
};

struct section_value {
	enum section_type type;
	size_t size; /* octets of a scalar, members of a map or array; of a pointer: its target */
	size_t start; /* offset of a scalar's octets or of the first member */
};

struct section section_init(const uint8_t *octets, size_t size);

/* Is the whole value at this offset sound, with everything that it points to? */
bool section_check(struct section *section, size_t offset);

/* A member of the map at this offset, which was checked; false: no such key. */
bool section_member(
	const struct section *section, size_t map, const char *key, struct section_value *value);

/* An unsigned integer's value. */
uint64_t section_number(const struct section *section, const struct section_value *value);

/* Are the members of a checked array, or the values of a checked map, all strings? */
bool section_is_of_strings(const struct section *section, const struct section_value *value);

#endif
