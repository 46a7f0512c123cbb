/* tests/unit/mmdb_write.h - MaxMind DB files made by tests.
 *
 * A tree is built network by network, widest first; its children may also be set by hand, to share
 * or to break it. No memory is an abort: these are tests. */
#ifndef TESTS_MMDB_WRITE_H
#define TESTS_MMDB_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A child is the number of a node, no data, or MMDB_CODE + the number of a code. */
#define MMDB_CODE  UINT32_C(0x80000000)
#define MMDB_EMPTY UINT32_C(0xFFFFFFFF)
enum { MMDB_CODES = 64, MMDB_TEXT = 28 };

struct mmdb {
	unsigned record_size; /* bits */
	bool ipv6;
	bool flat; /* country_code instead of country.iso_code */
	uint32_t (*nodes)[2];
	uint32_t node_count;
	char codes[MMDB_CODES][MMDB_TEXT];
	uint32_t code_count;
};

struct mmdb_file {
	uint8_t *octets;
	size_t size, capacity;
	size_t data; /* where the data section starts */
	size_t metadata; /* where the metadata's map starts */
	size_t records[MMDB_CODES]; /* offsets in the data section */
};

static inline void *mmdb_grow(void *list, size_t size)
{
	void *larger = realloc(list, size);
	if (!larger)
		abort();
	return larger;
}

static inline uint32_t mmdb_node(struct mmdb *mmdb, uint32_t child)
{
	if ((mmdb->node_count & (mmdb->node_count - 1)) == 0)
		mmdb->nodes = mmdb_grow(
			mmdb->nodes, (2 * (size_t)mmdb->node_count + 1) * sizeof *mmdb->nodes);
	mmdb->nodes[mmdb->node_count][0] = mmdb->nodes[mmdb->node_count][1] = child;
	return mmdb->node_count++;
}

static inline struct mmdb mmdb_init(unsigned record_size, bool ipv6, bool flat)
{
	struct mmdb mmdb = {.record_size = record_size, .ipv6 = ipv6, .flat = flat};
	mmdb_node(&mmdb, MMDB_EMPTY);
	return mmdb;
}

static inline void mmdb_free(struct mmdb *mmdb)
{
	free(mmdb->nodes);
}

static inline uint32_t mmdb_code(struct mmdb *mmdb, const char *code)
{
	uint32_t i = 0;
	while (i < mmdb->code_count && strcmp(mmdb->codes[i], code) != 0)
		i++;
	if (i == MMDB_CODES || strlen(code) >= MMDB_TEXT)
		abort();
	if (i == mmdb->code_count)
		strcpy(mmdb->codes[mmdb->code_count++], code);
	return MMDB_CODE + i;
}

/* The prefix, left-aligned, gets this child; nodes on the way are made. */
static inline void mmdb_set(
	struct mmdb *mmdb, unsigned __int128 key, unsigned length, uint32_t child)
{
	uint32_t node = 0;
	if (length == 0)
		mmdb->nodes[0][0] = mmdb->nodes[0][1] = child;
	for (unsigned depth = 0; depth < length; depth++) {
		unsigned bit = (unsigned)(key >> (127 - depth)) & 1;
		if (depth + 1 == length) {
			mmdb->nodes[node][bit] = child;
			return;
		}
		uint32_t next = mmdb->nodes[node][bit];
		if (next & MMDB_CODE) {
			next = mmdb_node(mmdb, next);
			mmdb->nodes[node][bit] = next;
		}
		node = next;
	}
}

static inline void mmdb_add_ipv6(
	struct mmdb *mmdb, unsigned __int128 key, unsigned length, const char *code)
{
	mmdb_set(mmdb, key, length, *code ? mmdb_code(mmdb, code) : MMDB_EMPTY);
}

/* In an IPv6 tree at ::/96. */
static inline void mmdb_add_ipv4(
	struct mmdb *mmdb, uint32_t address, unsigned length, const char *code)
{
	if (mmdb->ipv6)
		mmdb_add_ipv6(mmdb, address, 96 + length, code);
	else
		mmdb_add_ipv6(mmdb, (unsigned __int128)address << 96, length, code);
}

static inline void mmdb_put(struct mmdb_file *file, uint64_t number, size_t octets)
{
	if (file->size + octets > file->capacity) {
		file->capacity = 2 * file->capacity + 4096;
		file->octets = mmdb_grow(file->octets, file->capacity);
	}
	for (size_t i = 0; i < octets; i++)
		file->octets[file->size++] = (uint8_t)(number >> 8 * (octets - 1 - i));
}

static inline void mmdb_put_text(struct mmdb_file *file, const char *text)
{
	size_t size = strlen(text);
	mmdb_put(file, 2 << 5 | size, 1);
	for (size_t i = 0; i < size; i++)
		mmdb_put(file, (uint8_t)text[i], 1);
}

static inline void mmdb_put_map(struct mmdb_file *file, unsigned members)
{
	mmdb_put(file, 7u << 5 | members, 1);
}

/* An unsigned integer of `octets` octets: 2, 4 or 8. */
static inline void mmdb_put_uint(struct mmdb_file *file, uint64_t number, size_t octets)
{
	if (octets == 8)
		mmdb_put(file, 8 << 8 | 2, 2);
	else
		mmdb_put(file, (octets == 2 ? 5u : 6u) << 5 | octets, 1);
	mmdb_put(file, number, octets);
}

static inline void mmdb_put_pointer(struct mmdb_file *file, size_t offset)
{
	if (offset < 2048)
		mmdb_put(file, 1u << 13 | offset, 2);
	else
		mmdb_put(file, (uint64_t)(1u << 5 | 3u << 3) << 32 | offset, 5);
}

/* MaxMind's schema with a shared country map, a continent before and another country behind it. */
static inline void mmdb_put_record(struct mmdb *mmdb, struct mmdb_file *file, uint32_t code)
{
	size_t country = file->size - file->data;
	if (mmdb->flat) {
		file->records[code] = country;
		mmdb_put_map(file, 2);
		mmdb_put_text(file, "asn");
		mmdb_put_uint(file, 64496 + code, 4);
		mmdb_put_text(file, "country_code");
		mmdb_put_text(file, mmdb->codes[code]);
		return;
	}
	mmdb_put_map(file, 2);
	mmdb_put_text(file, "geoname_id");
	mmdb_put_uint(file, 1000 + code, 4);
	mmdb_put_text(file, "iso_code");
	mmdb_put_text(file, mmdb->codes[code]);
	file->records[code] = file->size - file->data;
	mmdb_put_map(file, 3);
	mmdb_put_text(file, "continent");
	mmdb_put_map(file, 1);
	mmdb_put_text(file, "iso_code");
	mmdb_put_text(file, "EU");
	mmdb_put_text(file, "country");
	mmdb_put_pointer(file, country);
	mmdb_put_text(file, "registered_country");
	mmdb_put_map(file, 1);
	mmdb_put_text(file, "iso_code");
	mmdb_put_text(file, "AQ");
}

static inline void mmdb_put_metadata(const struct mmdb *mmdb, struct mmdb_file *file)
{
	for (const char *c = "\xAB\xCD\xEFMaxMind.com"; *c; c++)
		mmdb_put(file, (uint8_t)*c, 1);
	file->metadata = file->size;
	mmdb_put_map(file, 9);
	mmdb_put_text(file, "node_count");
	mmdb_put_uint(file, mmdb->node_count, 4);
	mmdb_put_text(file, "record_size");
	mmdb_put_uint(file, mmdb->record_size, 2);
	mmdb_put_text(file, "ip_version");
	mmdb_put_uint(file, mmdb->ipv6 ? 6 : 4, 2);
	mmdb_put_text(file, "database_type");
	mmdb_put_text(file, "Test\nCountry");
	mmdb_put_text(file, "languages");
	mmdb_put(file, 1 << 8 | 4, 2);
	mmdb_put_text(file, "en");
	mmdb_put_text(file, "binary_format_major_version");
	mmdb_put_uint(file, 2, 2);
	mmdb_put_text(file, "binary_format_minor_version");
	mmdb_put_uint(file, 0, 2);
	mmdb_put_text(file, "build_epoch");
	mmdb_put_uint(file, 1700000000, 8);
	mmdb_put_text(file, "description");
	mmdb_put_map(file, 1);
	mmdb_put_text(file, "en");
	mmdb_put_text(file, "written by a test");
}

/* One side of a node, as a number of the format: node, node_count for no data, or beyond. */
static inline void mmdb_patch(
	struct mmdb_file *file, unsigned record_size, uint32_t node, unsigned side, uint32_t value)
{
	uint8_t *at = file->octets + (size_t)node * record_size / 4;
	uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
		(uint8_t)value};
	if (record_size == 32)
		memcpy(at + (side ? 4 : 0), octets, 4);
	else
		memcpy(at + (side ? record_size / 8 + (record_size == 28) : 0), octets + 1, 3);
	if (record_size == 28)
		at[3] = (uint8_t)(side ? (at[3] & 0xF0) | (octets[0] & 15)
				       : (at[3] & 15) | octets[0] << 4);
}

static inline struct mmdb_file mmdb_write(struct mmdb *mmdb)
{
	struct mmdb_file file = {.octets = NULL};
	size_t tree = (size_t)mmdb->node_count * mmdb->record_size / 4;
	for (size_t i = 0; i < tree + 16; i++)
		mmdb_put(&file, 0, 1);
	file.data = file.size;
	for (uint32_t i = 0; i < mmdb->code_count; i++)
		mmdb_put_record(mmdb, &file, i);
	for (uint32_t i = 0; i < mmdb->node_count; i++)
		for (unsigned side = 0; side < 2; side++) {
			uint32_t value = mmdb->nodes[i][side];
			if (value == MMDB_EMPTY)
				value = mmdb->node_count;
			else if (value & MMDB_CODE)
				value = mmdb->node_count + 16 +
					(uint32_t)file.records[value - MMDB_CODE];
			mmdb_patch(&file, mmdb->record_size, i, side, value);
		}
	mmdb_put_metadata(mmdb, &file);
	return file;
}

#endif
