#include "tests/unit/packet_case.h"

#include "dns/query/query.h"

enum { SUBNET_CODE = 8 };

/* A query with these options in its OPT, in an exactly sized buffer that stays until the next
 * one. */
static enum query_result options_parse(struct query *query, const uint8_t *options, size_t size)
{
	uint8_t rest[512];
	struct wire_writer writer = {rest, rest + sizeof(rest), false};
	static uint8_t *exact;
	struct packet packet;
	wire_put(&writer, OCTETS(QUESTION "\0\0\x29\4\xD0\0\0\0\0"));
	wire_put16(&writer, (unsigned)size);
	wire_put(&writer, options, size);
	packet_build(&packet, 0, (uint16_t[]){1, 0, 0, 1}, rest, (size_t)(writer.at - rest));
	free(exact);
	exact = packet_exact(packet.octets, packet.size);
	return query_parse(query, exact, packet.size);
}

static enum query_result subnet_parse(struct query *query, const uint8_t *option, size_t size)
{
	uint8_t options[300];
	wire_set16(options, SUBNET_CODE);
	wire_set16(options + 2, (unsigned)size);
	memcpy(options + 4, option, size);
	return options_parse(query, options, 4 + size);
}

/* Family, source, scope, address. */
static void test_good(void **state)
{
	static const struct {
		const uint8_t *option;
		size_t size;
		uint16_t family;
		uint8_t source;
		const char *address; /* 16 octets */
	} rows[] = {
		{OCTETS("\0\1\0\0"), 1, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\2\0\0"), 2, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\0\0\0"), 0, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\1\1\0\x80"), 1, 1, "\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\1\7\0\xFE"), 1, 7, "\xFE\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\1\x08\0\xFF"), 1, 8, "\xFF\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\1\x09\0\xFF\x80"), 1, 9, "\xFF\x80\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\1\x18\0\xC0\0\2"), 1, 24, "\xC0\0\2\0\0\0\0\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\1\x20\0\xC0\0\2\xFF"), 1, 32, "\xC0\0\2\xFF\0\0\0\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\1\x18\0\0\0\0"), 1, 24, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\2\x38\0 \1\r\xB8\0\1\2"), 2, 56, " \1\r\xB8\0\1\2\0\0\0\0\0\0\0\0"},
		{OCTETS("\0\2\x80\0 \1\r\xB8\0\0\0\0\0\0\0\0\0\0\0\1"), 2, 128,
			" \1\r\xB8\0\0\0\0\0\0\0\0\0\0\0\1"},
		{OCTETS("\0\2\x7F\0 \1\r\xB8\0\0\0\0\0\0\0\0\0\0\0\2"), 2, 127,
			" \1\r\xB8\0\0\0\0\0\0\0\0\0\0\0\2"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct query query;
		memset(&query, 0xEE, sizeof(query));
		if (subnet_parse(&query, rows[i].option, rows[i].size) != QUERY_GOOD ||
			!query.subnet.option || query.subnet.family != rows[i].family ||
			query.subnet.source != rows[i].source)
			fail_msg("row %zu was not taken as it is", i);
		uint8_t address[SUBNET_OCTETS_MAX] = {0};
		memcpy(address, query.subnet.option + SUBNET_FIXED, query.subnet.octets);
		assert_memory_equal(address, rows[i].address, sizeof(address));
		if (query.subnet.family == 1 && query.subnet.source)
			assert_int_equal(query_subnet_ipv4(&query.subnet), wire_u32(address));
	}
}

static void test_malformed(void **state)
{
	static const struct {
		const char *what;
		const uint8_t *option;
		size_t size;
	} rows[] = {
		{"empty", OCTETS("")},
		{"three octets", OCTETS("\0\1\0")},
		{"an octet too few", OCTETS("\0\1\x18\0\xC0\0")},
		{"no address", OCTETS("\0\1\x18\0")},
		{"an octet too many", OCTETS("\0\1\x18\0\xC0\0\2\0")},
		{"an octet for /0", OCTETS("\0\1\0\0\0")},
		{"the whole address for /24", OCTETS("\0\1\x18\0\xC0\0\2\1")},
		{"a bit beyond /1", OCTETS("\0\1\1\0\x40")},
		{"a bit beyond /23", OCTETS("\0\1\x17\0\xC0\0\3")},
		{"a bit beyond /25", OCTETS("\0\1\x19\0\xC0\0\2\x01")},
		{"a bit beyond IPv6 /127", OCTETS("\0\2\x7F\0 \1\r\xB8\0\0\0\0\0\0\0\0\0\0\0\1")},
		{"IPv4 /33", OCTETS("\0\1\x21\0\xC0\0\2\1\0")},
		{"IPv4 /128", OCTETS("\0\1\x80\0 \1\r\xB8\0\0\0\0\0\0\0\0\0\0\0\1")},
		{"IPv6 /129", OCTETS("\0\2\x81\0 \1\r\xB8\0\0\0\0\0\0\0\0\0\0\0\1\0")},
		{"IPv6 /255", OCTETS("\0\2\xFF\0 \1\r\xB8\0\0\0\0\0\0\0\0\0\0\0\1")},
		{"family 0 with a prefix", OCTETS("\0\0\x08\0\x0A")},
		{"family 3", OCTETS("\0\3\x08\0\x0A")},
		{"family 3, /0", OCTETS("\0\3\0\0")},
		{"family 256", OCTETS("\1\0\0\0")},
		{"family 257", OCTETS("\1\1\x08\0\x0A")},
		{"a scope", OCTETS("\0\1\x18\x18\xC0\0\2")},
		{"a scope with /0", OCTETS("\0\1\0\1")},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct query query;
		if (subnet_parse(&query, rows[i].option, rows[i].size) != QUERY_MALFORMED ||
			query.subnet.option || !query.edns || !query.question_size)
			fail_msg("%s was not FORMERR", rows[i].what);
	}
}

/* Every source length of both families, with exactly its octets, one fewer and one more. */
static void test_every_length(void **state)
{
	(void)state;
	for (unsigned family = 1; family <= 2; family++)
		for (unsigned source = 0; source <= 255; source++)
			for (unsigned octets = 0; octets <= 33; octets++) {
				uint8_t option[4 + 33] = {0, (uint8_t)family, (uint8_t)source, 0};
				struct query query;
				bool good = source <= (family == 1 ? 32 : 128) &&
					    octets == (source + 7) / 8;
				assert_int_equal(subnet_parse(&query, option, 4 + octets),
					good ? QUERY_GOOD : QUERY_MALFORMED);
				assert_int_equal(query.subnet.option != NULL, good);
			}
}

/* Beside other options, and behind an OPT that turns out bad. */
static void test_beside(void **state)
{
	struct query query;
	(void)state;
	assert_int_equal(options_parse(&query, OCTETS("\0\3\0\0\0\x08\0\5\0\1\x08\0\x0A"
						      "\xFD\xE9\0\0")),
		QUERY_GOOD);
	assert_true(query.subnet.option && query.nsid);
	assert_true(query_subnet_ipv4(&query.subnet) == 10 << 24);
	/* The first of two counts. */
	assert_int_equal(options_parse(&query, OCTETS("\0\x08\0\5\0\1\x08\0\x0A"
						      "\0\x08\0\5\0\1\x08\0\x0B")),
		QUERY_GOOD);
	assert_true(query_subnet_ipv4(&query.subnet) == 10 << 24);
	assert_int_equal(
		options_parse(&query, OCTETS("\0\x08\0\5\0\1\x08\0\x0A\0\3\0")), QUERY_MALFORMED);
	assert_null(query.subnet.option);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_beside),
	};
	return cmocka_run_group_tests_name("query_subnet", tests, NULL, NULL);
}
