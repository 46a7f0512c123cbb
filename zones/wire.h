/* zones/wire.h - numbers in network order, and a bounded cursor with sticky overflow.
 *
 * Write ten fields, ask once: after the first that does not fit nothing more is written, and
 * `overflow` stays true. */
#ifndef ZONES_WIRE_H
#define ZONES_WIRE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire_writer {
	uint8_t *at, *end;
	bool overflow;
};

static inline uint16_t wire_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t wire_u32(const uint8_t *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof(value));
	return be32toh(value);
}

static inline uint64_t wire_u64(const uint8_t *at)
{
	uint64_t value;
	memcpy(&value, at, sizeof(value));
	return be64toh(value);
}

static inline void wire_set16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void wire_set64(uint8_t *at, uint64_t value)
{
	value = htobe64(value);
	memcpy(at, &value, sizeof(value));
}

/* Room for `size` octets that the caller fills, or NULL when they do not fit. */
static inline uint8_t *wire_room(struct wire_writer *writer, size_t size)
{
	if (writer->overflow || (size_t)(writer->end - writer->at) < size) {
		writer->overflow = true;
		return NULL;
	}
	writer->at += size;
	return writer->at - size;
}

static inline void wire_put8(struct wire_writer *writer, unsigned value)
{
	uint8_t *at = wire_room(writer, 1);
	if (at)
		at[0] = (uint8_t)value;
}

static inline void wire_put16(struct wire_writer *writer, unsigned value)
{
	uint8_t *at = wire_room(writer, 2);
	if (at)
		wire_set16(at, value);
}

static inline void wire_put32(struct wire_writer *writer, uint32_t value)
{
	wire_put16(writer, value >> 16);
	wire_put16(writer, value & 0xFFFF);
}

static inline void wire_put(struct wire_writer *writer, const void *octets, size_t size)
{
	uint8_t *at = wire_room(writer, size);
	if (at)
		memcpy(at, octets, size);
}

#endif
