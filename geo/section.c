#include "geo/section.h"

#include <string.h>

/* Sizes that a scalar may have, by type; libmaxminddb decodes no other types and no other sizes. */
static const struct {
	bool known;
	uint8_t least;
	size_t most;
} scalars[] = {
	[SECTION_STRING] = {true, 0, SIZE_MAX},
	[SECTION_DOUBLE] = {true, 8, 8},
	[SECTION_BYTES] = {true, 0, SIZE_MAX},
	[SECTION_UINT16] = {true, 0, 2},
	[SECTION_UINT32] = {true, 0, 4},
	[SECTION_INT32] = {true, 0, 4},
	[SECTION_UINT64] = {true, 0, 8},
	[SECTION_UINT128] = {true, 0, 16},
	[SECTION_FLOAT] = {true, 4, 4},
};

struct section section_init(const uint8_t *octets, size_t size)
{
	/* A sound file looks at each octet of its section a few times: its records share what they
	 * point to, and each record is looked at once. */
	return (struct section){octets, size, 32 * (uint64_t)size + 65536};
}

static uint64_t octets_number(const uint8_t *octets, size_t size)
{
	uint64_t number = 0;
	for (size_t i = 0; i < size; i++)
		number = number << 8 | octets[i];
	return number;
}

/* The rest of a pointer whose control octet is given; *next behind it. */
static bool pointer_read(
	const struct section *section, uint8_t control, size_t *next, struct section_value *value)
{
	static const size_t bases[] = {0, 2048, 526336, 0};
	size_t octets = (size_t)(control >> 3 & 3) + 1;
	if (section->size - *next < octets)
		return false;
	size_t target = (size_t)octets_number(section->octets + *next, octets);
	if (octets < 4)
		target += (size_t)(control & 7) << (8 * octets);
	value->size = target + bases[octets - 1];
	*next += octets;
	return value->size < section->size;
}

/* One value's head and, for a scalar, that its octets are there. *next: behind them, or the first
 * member of a map or array. */
static bool value_read(
	const struct section *section, size_t offset, struct section_value *value, size_t *next)
{
	if (offset >= section->size)
		return false;
	uint8_t control = section->octets[offset++];
	unsigned type = control >> 5;
	if (type == SECTION_EXTENDED) {
		if (offset >= section->size)
			return false;
		type = 7u + section->octets[offset++];
	}
	value->type = (enum section_type)type;
	*next = offset;
	if (type == SECTION_POINTER)
		return pointer_read(section, control, next, value);
	size_t size = control & 31, more = size > 28 ? size - 28 : 0;
	if (section->size - offset < more)
		return false;
	static const size_t bases[] = {0, 29, 285, 65821};
	if (more)
		size = bases[more] + (size_t)octets_number(section->octets + offset, more);
	value->size = size;
	value->start = *next = offset + more;
	if (type == SECTION_MAP || type == SECTION_ARRAY || type == SECTION_BOOLEAN)
		return true;
	if (type >= sizeof scalars / sizeof *scalars || !scalars[type].known)
		return false;
	*next += size;
	return size >= scalars[type].least && size <= scalars[type].most &&
	       size <= section->size - value->start;
}

/* As value_read, behind at most one pointer: pointers to pointers are not allowed. */
static bool value_follow(
	const struct section *section, size_t offset, struct section_value *value, size_t *next)
{
	size_t beyond;
	if (!value_read(section, offset, value, next))
		return false;
	return value->type != SECTION_POINTER ||
	       (value_read(section, value->size, value, &beyond) && value->type != SECTION_POINTER);
}

/* Checks one value with all members; *next: behind it. Recursion ends at SECTION_DEPTH. */
static bool value_check(struct section *section, size_t offset, unsigned depth, size_t *next)
{
	struct section_value value;
	if (depth > SECTION_DEPTH || section->budget == 0)
		return false;
	section->budget--;
	if (!value_read(section, offset, &value, next))
		return false;
	if (value.type == SECTION_POINTER) {
		size_t target = value.size, beyond;
		return value_read(section, target, &value, &beyond) &&
		       value.type != SECTION_POINTER &&
		       value_check(section, target, depth + 1, &beyond);
	}
	if (value.type != SECTION_MAP && value.type != SECTION_ARRAY)
		return true;
	for (size_t i = 0; i < value.size; i++) {
		struct section_value key;
		size_t member = *next;
		if (value.type == SECTION_MAP &&
			(!value_follow(section, member, &key, next) || key.type != SECTION_STRING))
			return false;
		if (!value_check(section, *next, depth + 1, next))
			return false;
	}
	return true;
}

bool section_check(struct section *section, size_t offset)
{
	size_t next;
	return value_check(section, offset, 0, &next);
}

/* The offset behind a checked value, without following pointers. */
static size_t value_skip(const struct section *section, size_t offset)
{
	struct section_value value;
	size_t next;
	if (!value_read(section, offset, &value, &next))
		return section->size;
	if (value.type == SECTION_MAP || value.type == SECTION_ARRAY)
		for (size_t i = value.type == SECTION_MAP ? 2 * value.size : value.size; i > 0; i--)
			next = value_skip(section, next);
	return next;
}

bool section_member(
	const struct section *section, size_t map, const char *key, struct section_value *value)
{
	struct section_value head, name;
	size_t next, beyond;
	if (!value_follow(section, map, &head, &next) || head.type != SECTION_MAP)
		return false;
	next = head.start;
	for (size_t i = 0; i < head.size; i++) {
		if (!value_follow(section, next, &name, &next))
			return false;
		if (name.size == strlen(key) &&
			memcmp(section->octets + name.start, key, name.size) == 0)
			return value_follow(section, next, value, &beyond);
		next = value_skip(section, next);
	}
	return false;
}

uint64_t section_number(const struct section *section, const struct section_value *value)
{
	return octets_number(section->octets + value->start, value->size > 8 ? 8 : value->size);
}

bool section_is_of_strings(const struct section *section, const struct section_value *value)
{
	size_t next = value->start;
	for (size_t i = 0; i < value->size; i++) {
		struct section_value member;
		if (value->type == SECTION_MAP && !value_follow(section, next, &member, &next))
			return false;
		if (!value_follow(section, next, &member, &next) || member.type != SECTION_STRING)
			return false;
	}
	return true;
}
