#include "zones/rrset.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void test_record_write(void **state)
{
	(void)state;
	static const uint8_t rdata[] = {192, 0, 2, 1};
	static const uint8_t expected[] = {
		0xC0, 0x0C, 0, 1, 0, 1, 0x12, 0x34, 0x56, 0x78, 0, 4, 192, 0, 2, 1};
	uint8_t out[sizeof expected];
	assert_int_equal(
		record_write(out, TYPE_A, 0x12345678, rdata, sizeof rdata), sizeof expected);
	assert_memory_equal(out, expected, sizeof expected);
	/* A type of two octets, no RDATA, the largest TTL (RFC 2181 8). */
	static const uint8_t bare[] = {0xC0, 0x0C, 0xFF, 0xFE, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0};
	assert_int_equal(record_write(out, 0xFFFE, 0x7FFFFFFF, NULL, 0), RECORD_FIXED);
	assert_memory_equal(out, bare, sizeof bare);
}

static void test_record_largest(void **state)
{
	(void)state;
	uint8_t *rdata = malloc(UINT16_MAX), *out = malloc(RECORD_FIXED + UINT16_MAX);
	assert_non_null(rdata);
	assert_non_null(out);
	for (size_t i = 0; i < UINT16_MAX; i++)
		rdata[i] = (uint8_t)(i * 7);
	assert_int_equal(record_write(out, TYPE_TXT, 0, rdata, UINT16_MAX), 12 + 65535);
	assert_int_equal(record_rdata_size(out), 65535);
	assert_memory_equal(record_rdata(out), rdata, UINT16_MAX);
	free(rdata);
	free(out);
}

static void test_record_next(void **state)
{
	(void)state;
	static const uint16_t sizes[] = {0, 1, 4, 16, 255, 256, 300, 0, 5};
	enum { COUNT = sizeof sizes / sizeof *sizes };
	uint8_t records[COUNT * RECORD_FIXED + 1000], *out = records, rdata[300];
	for (size_t i = 0; i < COUNT; i++) {
		memset(rdata, (int)i, sizeof rdata);
		out += record_write(out, TYPE_TXT, 60, rdata, sizes[i]);
	}
	const uint8_t *record = records;
	for (size_t i = 0; i < COUNT; i++, record = record_next(record)) {
		assert_int_equal(record_rdata_size(record), sizes[i]);
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(record_rdata(record)[j], i);
	}
	assert_ptr_equal(record, out);
}

/* Strings of every size up to four character-strings, in just the room that the header asks for. */
static void test_txt_rdata(void **state)
{
	(void)state;
	char text[4 * 255 + 2];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('!' + i % 90);
	for (size_t size = 0; size <= sizeof text; size++) {
		uint8_t *out = malloc(size + size / 255 + 1);
		assert_non_null(out);
		size_t written = rrset_txt_rdata(out, text, size);
		size_t strings = size ? (size + 254) / 255 : 1;
		assert_int_equal(written, size + strings);
		size_t at = 0, seen = 0;
		for (size_t i = 0; i < strings; i++) {
			assert_int_equal(out[at], i + 1 < strings ? 255 : size - seen);
			assert_memory_equal(out + at + 1, text + seen, out[at]);
			seen += out[at];
			at += out[at] + 1U;
		}
		assert_int_equal(seen, size);
		free(out);
	}
	uint8_t one[5];
	assert_int_equal(rrset_txt_rdata(one, "0.10", 4), 5);
	assert_memory_equal(one, "\0040.10", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_write),
		cmocka_unit_test(test_record_largest),
		cmocka_unit_test(test_record_next),
		cmocka_unit_test(test_txt_rdata),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
