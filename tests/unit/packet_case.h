/* tests/unit/packet_case.h - packets written octet by octet, right or wrong, and exactly sized
 * buffers.
 *
 * AddressSanitizer sees every octet read or written beyond a malloc'ed buffer. */
#ifndef TESTS_UNIT_PACKET_CASE_H
#define TESTS_UNIT_PACKET_CASE_H

#include "zones/wire.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#define OCTETS(text) (const uint8_t *)(text), sizeof(text) - 1

/* de.net. A IN; and OPTs of 1232 octets, version 0, with RDATA of so many octets behind them. */
#define QUESTION   "\2de\3net\0\0\1\0\1"
#define OPT(octet) "\0\0\x29\x04\xd0\0\0\0\0\0" octet

struct packet {
	uint8_t octets[1024];
	size_t size;
};

/* A header with id 0x1234 and these flags and counts, and what follows it. */
static inline void packet_build(struct packet *packet, unsigned flags, const uint16_t counts[4],
	const uint8_t *rest, size_t size)
{
	struct wire_writer writer = {
		packet->octets, packet->octets + sizeof(packet->octets), false};
	wire_put16(&writer, 0x1234);
	wire_put16(&writer, flags);
	for (unsigned i = 0; i < 4; i++)
		wire_put16(&writer, counts[i]);
	wire_put(&writer, rest, size);
	assert_false(writer.overflow);
	packet->size = (size_t)(writer.at - packet->octets);
}

/* The first `size` octets in a buffer that ends with them. */
static inline uint8_t *packet_exact(const uint8_t *octets, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	assert_non_null(copy);
	if (size)
		memcpy(copy, octets, size);
	return copy;
}

#endif
