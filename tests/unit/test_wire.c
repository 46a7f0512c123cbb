#include "tests/unit/packet_case.h"

/* Sizes near the end of the address space must not wrap around. */
static void test_huge(void **state)
{
	uint8_t octets[4] = {0};
	struct wire_writer writer = {octets, octets + sizeof(octets), false};
	(void)state;
	assert_null(wire_room(&writer, SIZE_MAX - 2));
	assert_true(writer.overflow);
}

static void test_write(void **state)
{
	static const uint8_t expected[] = {1, 0xFE, 0xDC, 0xDE, 0xAD, 0xBE, 0xEF, 'a', 'b', 0x56};
	uint8_t *exact = malloc(sizeof(expected));
	struct wire_writer writer = {exact, exact + sizeof(expected), false};
	(void)state;
	wire_put8(&writer, 1);
	wire_put16(&writer, 0xFEDC);
	wire_put32(&writer, 0xDEADBEEF);
	wire_put(&writer, "ab", 2);
	wire_put8(&writer, 0x3456); /* its lower eight bits */
	assert_false(writer.overflow);
	assert_memory_equal(exact, expected, sizeof(expected));
	wire_put8(&writer, 1);
	assert_true(writer.overflow);
	assert_ptr_equal(writer.at, writer.end);
	free(exact);
}

/* A field that does not fit whole writes nothing, and nothing follows it. */
static void test_write_sticky(void **state)
{
	uint8_t octets[3] = {9, 9, 9};
	struct wire_writer writer = {octets, octets + sizeof(octets), false};
	(void)state;
	wire_put16(&writer, 0x0102);
	wire_put16(&writer, 0x0304);
	wire_put8(&writer, 5);
	wire_put(&writer, "", 0);
	assert_null(wire_room(&writer, 0));
	assert_true(writer.overflow);
	assert_ptr_equal(writer.at, octets + 2);
	assert_memory_equal(octets, ((uint8_t[]){1, 2, 9}), 3);
}

static void test_numbers(void **state)
{
	uint8_t octets[2];
	(void)state;
	for (unsigned value = 0; value <= UINT16_MAX; value += 257) {
		wire_set16(octets, value);
		assert_int_equal(octets[0], value >> 8);
		assert_int_equal(octets[1], value & 0xFF);
		assert_int_equal(wire_u16(octets), value);
	}
	static const uint8_t eight[] = {1, 2, 3, 4, 0xFC, 0xFD, 0xFE, 0xFF};
	uint8_t written[8];
	assert_int_equal(wire_u32(eight + 4), 0xFCFDFEFF);
	assert_true(wire_u64(eight) == 0x01020304FCFDFEFF);
	wire_set64(written, 0x01020304FCFDFEFF);
	assert_memory_equal(written, eight, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_sticky),
		cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
