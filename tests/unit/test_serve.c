#include "tests/unit/packet_case.h"

#include "tests/unit/golden_case.h"
#include "tests/unit/world_case.h"

static struct world world;
static struct golden golden;

static void hex_print(const char *what, const uint8_t *octets, size_t size)
{
	printf("%s", what);
	for (size_t i = 0; i < size; i++)
		printf("%s%02x", i && i % 48 == 0 ? "\n      " : "", octets[i]);
	printf("%s\n", size ? "" : "none");
}

static int load(void **state)
{
	char why[1024];
	(void)state;
	unsigned line = golden_load(&golden, "tests/golden/answers.txt");
	if (line)
		printf("tests/golden/answers.txt:%u: not understood\n", line);
	bool good = world_load(&world, why, sizeof(why));
	if (!good)
		printf("%s\n", why);
	return line || !good;
}

static int unload(void **state)
{
	(void)state;
	world_free(&world);
	return 0;
}

/* The bytes of each answer, at turn 0. GOLDEN_PRINT=1 prints answers.txt anew, without its
 * comments. */
static void test_golden(void **state)
{
	unsigned wrong = 0;
	const char *print = getenv("GOLDEN_PRINT");
	(void)state;
	assert_true(golden.count >= 20);
	for (size_t i = 0; i < golden.count; i++) {
		const struct golden_case *one = &golden.cases[i];
		uint8_t *reply;
		world_rewind(&world);
		size_t size =
			world_ask(&world, &one->client, one->query.octets, one->query.size, &reply);
		if (print) {
			printf("%s\nclient %s\n", one->sentence, one->from);
			hex_print("query ", one->query.octets, one->query.size);
			hex_print("reply ", reply, size);
			printf("\n");
		} else if (size != one->reply.size || memcmp(reply, one->reply.octets, size) != 0) {
			wrong++;
			printf("%s\n", one->sentence);
			hex_print("want  ", one->reply.octets, one->reply.size);
			hex_print("got   ", reply, size);
		}
		free(reply);
	}
	assert_int_equal(wrong, 0);
}

/* A query by name; returns the octets of its reply in `reply`, which the caller frees. */
static size_t ask_name(const struct client *client, const uint8_t *question, size_t size,
	uint16_t udp_size, uint8_t **reply)
{
	uint8_t rest[300];
	struct packet packet;
	struct wire_writer writer = {rest, rest + sizeof(rest), false};
	wire_put(&writer, question, size);
	wire_put(&writer, "\0\0\x29", 3);
	wire_put16(&writer, udp_size);
	wire_put(&writer, "\0\0\0\0\0\0", 6);
	packet_build(&packet, 0x0100, (uint16_t[]){1, 0, 0, udp_size != 0}, rest,
		(size_t)(writer.at - rest) - (udp_size ? 0 : 11));
	return world_ask(&world, client, packet.octets, packet.size, reply);
}

#define NAME(labels, type) OCTETS(labels "\6clamav\3net\0\0" type "\0\1")

/* The last octet of the first address; 0: the answer was truncated. */
static uint8_t first_of(const struct client *client, const uint8_t *question, size_t size)
{
	uint8_t *reply;
	size_t reply_size = ask_name(client, question, size, 0, &reply);
	const uint8_t *record = reply + HEADER_SIZE + size;
	uint8_t octet = 0;
	if (wire_u16(reply + 6))
		octet = record[RECORD_FIXED + record_rdata_size(record) - 1];
	assert_true(reply_size >= HEADER_SIZE + size);
	free(reply);
	return octet;
}

/* Strict turns: for each question its own, shared by UDP and TCP, taken only by what went out
 * whole. */
static void test_turns(void **state)
{
	static const struct client udp = {.address = {192, 0, 2, 53}};
	static const struct client tcp = {.tcp = true, .address = {203, 0, 113, 5}};
	unsigned firsts[256] = {0};
	(void)state;
	world_rewind(&world);
	for (unsigned i = 0; i < 300; i++) {
		firsts[first_of(i % 2 ? &udp : &tcp, NAME("\2db\2de", "\1"))]++;
		first_of(&udp, NAME("\2db\2de", "\x1C")); /* other questions change nothing */
		first_of(&udp, NAME("\2db\2fr", "\1"));
		first_of(&udp, NAME("\2db\5local", "\1"));
	}
	assert_int_equal(firsts[11], 100);
	assert_int_equal(firsts[12], 100);
	assert_int_equal(firsts[13], 100);
	memset(firsts, 0, sizeof(firsts));
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(first_of(&udp, NAME("\2db\2us\3big", "\1")), 0);
		firsts[first_of(&tcp, NAME("\2db\2us\3big", "\1"))]++;
	}
	for (unsigned i = 101; i <= 140; i++)
		assert_int_equal(firsts[i], 1);
}

static const struct {
	const uint8_t *question;
	size_t size;
} names[] = {
	{NAME("\2db\2us\3big", "\1")},
	{NAME("\2db\3all", "\1")},
	{NAME("\2db\2de", "\1")},
};

/* 512 without EDNS; with it the client's size, at least 512, at most ours; 1232 over IPv6; any over
 * TCP. */
static void test_limits(void **state)
{
	static const struct {
		uint16_t udp_size;
		bool ipv6, tcp;
		unsigned pool; /* db.us.big: 689 octets with OPT; db.all: 1390; db.de: 94 */
		bool whole;
	} rows[] = {
		{0, false, false, 0, false},
		{0, true, false, 0, false},
		{0, false, true, 0, true},
		{512, false, false, 0, false},
		{688, false, false, 0, false},
		{689, false, false, 0, true},
		{689, true, false, 0, true},
		{100, false, true, 0, true},
		{1232, false, false, 1, false},
		{1389, false, false, 1, false},
		{1390, false, false, 1, true},
		{65535, false, false, 1, true},
		{65535, true, false, 1, false},
		{65535, true, false, 0, true},
		{0, true, true, 1, true},
		{1, false, false, 2, true},
		{93, true, false, 2, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct client client = {.ipv6 = rows[i].ipv6, .tcp = rows[i].tcp};
		uint8_t *reply;
		size_t size = ask_name(&client, names[rows[i].pool].question,
			names[rows[i].pool].size, rows[i].udp_size, &reply);
		bool whole = !(reply[2] & 2);
		if (whole != rows[i].whole || whole != (wire_u16(reply + 6) > 0))
			fail_msg("row %zu: %zu octets, flags %02x", i, size, reply[2]);
		free(reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests_name("serve", tests, load, unload);
}
