#include "tests/unit/name_case.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_SIZE = 256 };

static const uint8_t example[] = "\7example";

/* Just these octets on the heap, so that a read beyond them is seen. */
static uint8_t *octets_own(const void *octets, size_t size)
{
	uint8_t *own = malloc(size);
	assert_true(own || !size);
	if (size)
		memcpy(own, octets, size);
	return own;
}

static void path_check(const struct name_path *path, const uint8_t *wire)
{
	uint8_t lower[NAME_SIZE_MAX];
	size_t size = name_size(wire);
	memcpy(lower, wire, size);
	name_lower(lower);
	assert_int_equal(path->size, size);
	assert_int_equal(path->labels, name_labels(wire));
	assert_memory_equal(path->wire, lower, size);
	assert_int_equal(path->start[path->labels], size - 1);
	struct name_key key;
	assert_int_equal(name_key_parse(&key, wire, size), size);
	assert_int_equal(key.hash, path->hash);
	assert_true(name_key_is(&key, lower));
	for (size_t i = 0; i < size; i++) { /* an octet that differs anywhere is seen */
		uint8_t *other = octets_own(lower, size);
		other[i] ^= i % 2 ? 0x80 : 1;
		assert_false(name_key_is(&key, other));
		free(other);
	}
	const uint8_t *label = lower;
	for (unsigned i = 0; i <= path->labels; i++, label += *label + 1) {
		struct name_path suffix;
		uint8_t *own = octets_own(label, name_size(label));
		assert_ptr_equal(lower + path->start[i], label);
		assert_int_equal(name_path_parse(&suffix, own, name_size(label)), name_size(label));
		assert_int_equal(suffix.hash, name_path_hash(path, i));
		free(own);
	}
}

/* Whole at its own size and no shorter; every name of every size, no octet read beyond. */
static void test_path(void **state)
{
	(void)state;
	static const char *const names[] = {
		"",
		"\1A",
		"\1a\1B",
		"\3Com",
		"\7CURRENT\3cvd\6ClamAV\3net",
		"\2db\2DE\6clamav\3NET",
		"\10ABCDEFGH\11abcdefghi\17abcdefghijklmno\20abcdefghijklmnop",
		"\4@[`{\3\301\332\0\2\0\0",
	};
	struct name_path path;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t size = name_size((const uint8_t *)names[i]);
		for (size_t available = 0; available <= size; available++) {
			uint8_t *own = octets_own(names[i], available);
			assert_int_equal(name_path_parse(&path, own, available),
				available < size ? 0 : size);
			free(own);
		}
		path_check(&path, (const uint8_t *)names[i]);
	}
	for (size_t size = 3; size <= NAME_SIZE_MAX; size++) {
		uint8_t filled[NAME_SIZE_MAX + 64];
		name_fill(filled, size);
		uint8_t *own = octets_own(filled, size);
		assert_int_equal(name_path_parse(&path, own, size), size);
		path_check(&path, own);
		assert_int_equal(name_path_parse(&path, own, size - 1), 0);
		free(own);
	}
}

static void test_path_limits(void **state)
{
	(void)state;
	struct name_path path;
	uint8_t wire[2 * NAME_SIZE_MAX];
	for (size_t size = 250; size <= 260; size++) {
		name_fill(wire, size);
		assert_int_equal(name_path_parse(&path, wire, sizeof wire),
			size <= NAME_SIZE_MAX ? size : 0);
	}
	for (int labels = 126; labels <= 128; labels++) {
		for (int i = 0; i < labels; i++)
			memcpy(wire + 2 * i, "\1X", 2);
		wire[2 * labels] = 0;
		size_t size = name_path_parse(&path, wire, sizeof wire);
		assert_int_equal(size, labels <= NAME_LABELS_MAX ? 2 * labels + 1 : 0);
		if (size)
			path_check(&path, wire);
	}
	memset(wire, 1, sizeof wire); /* no end in sight */
	assert_int_equal(name_path_parse(&path, wire, sizeof wire), 0);
	/* A pointer (RFC 1035 4.1.4) and the label types 01 and 10 (RFC 6891 5), first or later. */
	for (int type = 64; type < 256; type++) {
		uint8_t first[80] = {(uint8_t)type}, later[80] = {1, 'a', (uint8_t)type, 12};
		assert_int_equal(name_path_parse(&path, first, sizeof first), 0);
		assert_int_equal(name_path_parse(&path, later, sizeof later), 0);
	}
}

static void test_path_octets(void **state)
{
	(void)state;
	struct name_path path;
	/* Every octet in every place of the chunks that are lowered together. */
	for (size_t size = 1; size <= 20; size++)
		for (int octet = 0; octet < 256; octet++)
			for (size_t at = 1; at <= size; at++) {
				uint8_t wire[32] = {(uint8_t)size};
				memset(wire + 1, 'Q', size);
				wire[at] = (uint8_t)octet;
				uint8_t lower[32];
				memcpy(lower, wire, sizeof wire);
				name_lower(lower);
				assert_int_equal(name_path_parse(&path, wire, size + 2), size + 2);
				assert_memory_equal(path.wire, lower, size + 2);
			}
}

static int u32_compare(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
	return (first > second) - (first < second);
}

/* Names that differ in a digit, in length or above their first label have hashes of their own,
 * and the low bits that a table takes are spread: of 4096 buckets few are left out. */
static void test_hash(void **state)
{
	(void)state;
	enum { COUNT = 40000, BUCKETS = 4096 };
	static const char *const shapes[] = {"h%07d", "db.x%d", "%d", "abcdefghijkl%d.a.b"};
	static uint32_t hashes[COUNT];
	static unsigned buckets[4][BUCKETS];
	for (int i = 0; i < COUNT; i++) {
		struct name_path path;
		uint8_t wire[NAME_SIZE_MAX];
		char text[64], why[WHY_SIZE];
		snprintf(text, sizeof text, shapes[i % 4], i);
		assert_true(name_parse(text, example, wire, why, sizeof why));
		assert_true(name_path_parse(&path, wire, name_size(wire)));
		hashes[i] = path.hash;
		buckets[i % 4][path.hash % BUCKETS]++;
	}
	for (int shape = 0; shape < 4; shape++) {
		int empty = 0;
		for (int i = 0; i < BUCKETS; i++) {
			empty += !buckets[shape][i];
			assert_true(buckets[shape][i] < 16);
		}
		assert_in_range(empty, 200, 520); /* 4096 / e^(10000/4096) = 357 at random */
	}
	qsort(hashes, COUNT, sizeof *hashes, u32_compare);
	int equal = 0;
	for (int i = 1; i < COUNT; i++)
		equal += hashes[i] == hashes[i - 1];
	assert_true(equal <= 3);
	struct name_path zero, none;
	assert_true(name_path_parse(&zero, (const uint8_t *)"\2a\0", 4));
	assert_true(name_path_parse(&none, (const uint8_t *)"\1a", 3));
	assert_int_not_equal(zero.hash, none.hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_path_limits),
		cmocka_unit_test(test_path_octets),
		cmocka_unit_test(test_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
