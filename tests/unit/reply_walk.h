/* tests/unit/reply_walk.h - reads a message by itself, sharing no code with the server. */
#ifndef TESTS_UNIT_REPLY_WALK_H
#define TESTS_UNIT_REPLY_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct walk {
	unsigned counts[4]; /* QDCOUNT to ARCOUNT */
	unsigned opts;
	unsigned opt_class; /* of the first OPT: a UDP size */
	size_t end; /* octets that the counts speak of */
};

static inline unsigned walk_u16(const uint8_t *at)
{
	return at[0] * 256U + at[1];
}

/* The octet behind a name; 0: none is there. A pointer leads to a name that starts before it. */
static inline size_t walk_name(const uint8_t *octets, size_t size, size_t at)
{
	size_t end = 0, bound = at, length = 1;
	while (at < size && octets[at] != 0) {
		if (octets[at] < 64) {
			length += octets[at] + 1U;
			at += octets[at] + 1U;
			if (length > 255)
				return 0;
			continue;
		}
		if (octets[at] < 192 || at + 1 >= size)
			return 0;
		size_t target = walk_u16(octets + at) - 0xC000;
		if (!end)
			end = at + 2;
		if (target >= bound)
			return 0;
		at = bound = target;
	}
	if (at >= size)
		return 0;
	return end ? end : at + 1;
}

/* The octet behind a record; 0: none is there. Names in RDATA of the commonest types end with
 * it. */
static inline size_t walk_record(const uint8_t *octets, size_t size, size_t at, struct walk *walk)
{
	at = walk_name(octets, size, at);
	if (!at || size - at < 10)
		return 0;
	unsigned type = walk_u16(octets + at), length = walk_u16(octets + at + 8);
	if (type == 41 && walk->opts++ == 0)
		walk->opt_class = walk_u16(octets + at + 2);
	size_t rdata = at + 10, end = rdata + length;
	if (end > size)
		return 0;
	switch (type) {
	case 1:
		return length == 4 ? end : 0;
	case 28:
		return length == 16 ? end : 0;
	case 2:
	case 5:
	case 39:
		return walk_name(octets, end, rdata) == end ? end : 0;
	case 6:
		rdata = walk_name(octets, end, rdata);
		rdata = rdata ? walk_name(octets, end, rdata) : 0;
		return rdata && rdata + 20 == end ? end : 0;
	case 16:
		while (rdata < end)
			rdata += octets[rdata] + 1U;
		return length && rdata == end ? end : 0;
	default:
		return end;
	}
}

/* True: the counts and the octets agree up to walk->end. On failure walk->opts tells of what came
 * before. */
static inline bool walk_message(const uint8_t *octets, size_t size, struct walk *walk)
{
	*walk = (struct walk){.opts = 0};
	if (size < 12)
		return false;
	for (unsigned i = 0; i < 4; i++)
		walk->counts[i] = walk_u16(octets + 4 + 2 * i);
	size_t at = 12;
	for (unsigned i = 0; i < walk->counts[0]; i++) {
		at = walk_name(octets, size, at);
		if (!at || size - at < 4)
			return false;
		at += 4;
	}
	unsigned records = walk->counts[1] + walk->counts[2] + walk->counts[3];
	for (unsigned i = 0; i < records; i++)
		if (!(at = walk_record(octets, size, at, walk)))
			return false;
	walk->end = at;
	return true;
}

#endif
