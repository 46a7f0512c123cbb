#include "tests/unit/packet_case.h"

#include "dns/query/reply.h"
#include "zones/rrset.h"

enum { QUESTION_SIZE = sizeof(QUESTION) - 1, OPT_SIZE = 11, TC = 0x02, AA = 0x04 };

/* Two addresses of the question's name, and a name server. */
#define ADDRESS  "\xC0\x0C\0\1\0\1\0\0\1\x2C\0\4\xC0\0\2"
#define SERVER   "\xC0\x0C\0\2\0\1\0\0\x0E\x10\0\5\3ns1\0"
#define HEADERED (HEADER_SIZE + QUESTION_SIZE)

static const uint8_t addresses[] = ADDRESS "\1" ADDRESS "\2";
static const uint8_t server[] = SERVER;

static struct packet packet; /* what the query points into */

static struct query query_make(unsigned flags)
{
	struct query query = {0};
	packet_build(&packet, flags, (uint16_t[]){1, 0, 0, 0}, OCTETS(QUESTION));
	assert_int_equal(query_parse(&query, packet.octets, packet.size), QUERY_GOOD);
	return query;
}

static void part_put(struct answer *answer, enum answer_section section, const uint8_t *records,
	uint32_t size, uint16_t count)
{
	answer->parts[answer->count++] = (struct answer_part){.records = records,
		.size = size,
		.count = count,
		.owner = HEADER_SIZE,
		.section = (uint8_t)section};
}

/* Two addresses (32 octets), a referral (17) and an address beside it (16). */
static void answer_make(struct answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->authoritative = true;
	part_put(answer, SECTION_ANSWER, addresses, sizeof(addresses) - 1, 2);
	part_put(answer, SECTION_AUTHORITY, server, sizeof(server) - 1, 1);
	part_put(answer, SECTION_ADDITIONAL, addresses, 16, 1);
}

static struct snapshot server_like = {.max_udp_size = 4096};

/* Writes into a buffer that ends with the limit; the caller frees it. */
static uint8_t *reply_make(
	const struct query *query, const struct answer *answer, size_t limit, size_t *size)
{
	uint8_t *out = malloc(limit);
	assert_non_null(out);
	memset(out, 0xEE, limit);
	*size = reply_write(out, limit, &server_like, query, answer);
	assert_in_range(*size, HEADERED, limit);
	return out;
}

static void counts_check(
	const uint8_t *out, unsigned answers, unsigned authorities, unsigned additionals)
{
	assert_int_equal(wire_u16(out + 4), 1);
	assert_int_equal(wire_u16(out + 6), answers);
	assert_int_equal(wire_u16(out + 8), authorities);
	assert_int_equal(wire_u16(out + 10), additionals);
}

static void test_sections(void **state)
{
	struct query query = query_make(0x0100);
	struct answer answer;
	size_t size;
	(void)state;
	answer_make(&answer);
	uint8_t *out = reply_make(&query, &answer, 512, &size);
	assert_int_equal(size, HEADERED + 32 + 17 + 16);
	assert_memory_equal(out, "\x12\x34\x85\0", 4);
	counts_check(out, 2, 1, 1);
	assert_memory_equal(out + HEADER_SIZE, QUESTION, QUESTION_SIZE);
	assert_memory_equal(out + HEADERED, addresses, 32);
	assert_memory_equal(out + HEADERED + 32, server, 17);
	assert_memory_equal(out + HEADERED + 49, addresses, 16);
	free(out);
}

/* Id, opcode and RD are the query's; RA, AD, CD and Z are 0 (RFC 4035 3.1.6), rcode and AA the
 * answer's. */
static void test_header(void **state)
{
	static const struct {
		unsigned flags;
		enum rcode rcode;
		bool authoritative;
		unsigned expected;
	} rows[] = {
		{0x0000, RCODE_NOERROR, false, 0x8000},
		{0x0100, RCODE_NOERROR, true, 0x8500},
		{0x07FF, RCODE_NXDOMAIN, true, 0x8503},
		{0x0010, RCODE_REFUSED, false, 0x8005},
		{0x0020, RCODE_YXDOMAIN, true, 0x8406},
		{0x0200, RCODE_SERVFAIL, false, 0x8002},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct query query = query_make(rows[i].flags);
		struct answer answer = {
			.rcode = rows[i].rcode, .authoritative = rows[i].authoritative};
		size_t size;
		uint8_t *out = reply_make(&query, &answer, 512, &size);
		assert_int_equal(size, HEADERED);
		assert_int_equal(wire_u16(out + 2), rows[i].expected);
		counts_check(out, 0, 0, 0);
		free(out);
	}
}

/* Copied records get their own owner; what was copied from does not change. */
static void test_owner(void **state)
{
	struct query query = query_make(0);
	struct answer answer;
	uint8_t before[sizeof(addresses)];
	size_t size;
	(void)state;
	memcpy(before, addresses, sizeof(before));
	answer_make(&answer);
	answer.parts[0].owner = 0x3FFF;
	answer.parts[1].owner = 15;
	uint8_t *out = reply_make(&query, &answer, 512, &size);
	const uint8_t *first = out + HEADERED;
	assert_int_equal(wire_u16(first), 0xFFFF);
	assert_int_equal(wire_u16(first + 16), 0xFFFF);
	assert_int_equal(wire_u16(first + 32), 0xC00F);
	assert_int_equal(wire_u16(first + 49), 0xC00C);
	assert_memory_equal(first + 2, addresses + 2, 14);
	assert_memory_equal(first + 18, addresses + 18, 14);
	assert_memory_equal(addresses, before, sizeof(before));
	free(out);
}

/* 65 octets of records beside question and OPT: they fit or nothing of them is there. */
static void test_truncation(void **state)
{
	static const struct query_subnet subnet = {
		(const uint8_t *)("\0\x08\0\7\0\1\x18\0\xC0\0\2"), 1, 24, 3};
	enum { ROOM = 512, PAD = 430 };
	uint8_t pad[PAD + 64] = "\xC0\x0C\0\x10\0\1\0\0\0\0";
	(void)state;
	for (unsigned edns = 0; edns < 3; edns++) {
		struct query query = query_make(0);
		query.edns = edns > 0;
		if (edns > 1)
			query.subnet = subnet;
		size_t opt = edns == 0 ? 0 : edns == 1 ? OPT_SIZE : OPT_SIZE + 11;
		size_t rest = ROOM - HEADERED - opt; /* what records may take */
		for (size_t octets = rest - 3; octets <= rest + 3; octets++) {
			struct answer answer = {.authoritative = true, .scope = 17};
			size_t rdata = octets - 32 - RECORD_FIXED, size;
			wire_set16(pad + 10, (unsigned)rdata);
			part_put(&answer, SECTION_ANSWER, addresses, 32, 2);
			part_put(&answer, SECTION_AUTHORITY, pad, (uint32_t)(octets - 32), 1);
			uint8_t *out = reply_make(&query, &answer, ROOM, &size);
			bool fits = octets <= rest;
			assert_int_equal(size, HEADERED + opt + (fits ? octets : 0));
			assert_int_equal(out[2], 0x80 | AA | (fits ? 0 : TC));
			counts_check(out, fits ? 2 : 0, fits, edns > 0);
			if (edns > 1) /* the same ECS option either way */
				assert_memory_equal(
					out + size - 11, "\0\x08\0\7\0\1\x18\x11\xC0\0\2", 11);
			free(out);
		}
	}
}

/* More parts than an answer holds: what is there is not the whole answer. */
static void test_overflow(void **state)
{
	struct query query = query_make(0);
	struct answer answer;
	size_t size;
	(void)state;
	answer_make(&answer);
	answer.overflow = true;
	answer.rcode = RCODE_NXDOMAIN;
	uint8_t *out = reply_make(&query, &answer, 65535, &size);
	assert_int_equal(size, HEADERED);
	assert_int_equal(wire_u16(out + 2), 0x8603);
	counts_check(out, 0, 0, 0);
	free(out);
}

/* An optional part that does not fit is left out alone; a smaller one behind it still goes in. */
static void test_optional(void **state)
{
	static uint8_t large[500] = "\xC0\x0C\0\x10\0\1\0\0\0\0\1\xE8";
	struct query query = query_make(0);
	struct answer answer;
	size_t size;
	(void)state;
	answer_make(&answer);
	part_put(&answer, SECTION_ADDITIONAL, large, sizeof(large), 1);
	part_put(&answer, SECTION_ADDITIONAL, addresses + 16, 16, 1);
	answer.parts[3].optional = answer.parts[4].optional = true;
	uint8_t *out = reply_make(&query, &answer, 512, &size);
	assert_int_equal(size, HEADERED + 65 + 16);
	assert_int_equal(out[2], 0x80 | AA);
	counts_check(out, 2, 1, 2);
	assert_memory_equal(out + size - 16, addresses + 16, 16);
	free(out);
	answer.parts[3].optional = false;
	out = reply_make(&query, &answer, 512, &size);
	assert_int_equal(size, HEADERED);
	assert_int_equal(out[2], 0x80 | AA | TC);
	counts_check(out, 0, 0, 0);
	free(out);
}

/* A pool's turn that does not fit is not taken. */
static void test_turn_kept(void **state)
{
	struct query query = query_make(0);
	struct answer answer = {.authoritative = true, .count = 1};
	struct pool_set set = {.answer_count = 40, .answer_size = 640, .members = 40, .period = 40};
	struct turn turn = {.next = 7};
	size_t size;
	(void)state;
	answer.set = &set;
	answer.turn = &turn;
	answer.parts[0] = (struct answer_part){.size = 640, .count = 40, .owner = HEADER_SIZE};
	uint8_t *out = reply_make(&query, &answer, 512, &size);
	assert_int_equal(size, HEADERED);
	assert_int_equal(out[2], 0x80 | AA | TC);
	assert_int_equal(turn.next, 7);
	assert_int_equal(turn.answers, 0);
	free(out);
}

static void test_opt(void **state)
{
	static const struct {
		const char *what;
		enum rcode rcode;
		bool dnssec_ok, subnet;
		uint16_t identity_size;
		const uint8_t *opt;
		size_t size;
	} rows[] = {
		{"bare", RCODE_NOERROR, false, false, 0, OCTETS("\0\0\x29\x10\0\0\0\0\0\0\0")},
		{"DO", RCODE_NOERROR, true, false, 0, OCTETS("\0\0\x29\x10\0\0\0\x80\0\0\0")},
		{"BADVERS", RCODE_BADVERS, false, false, 0, OCTETS("\0\0\x29\x10\0\1\0\0\0\0\0")},
		{"ECS", RCODE_NOERROR, false, true, 0,
			OCTETS("\0\0\x29\x10\0\0\0\0\0\0\x0D\0\x08\0\x09\0\2\x22\x30 "
			       "\1\r\xB8\x40")},
		{"NSID", RCODE_NOERROR, false, false, 3,
			OCTETS("\0\0\x29\x10\0\0\0\0\0\0\7\0\3\0\3ns1")},
		{"all", RCODE_BADVERS, true, true, 3,
			OCTETS("\0\0\x29\x10\0\1\0\x80\0\0\x14\0\x08\0\x09\0\2\x22\x30 "
			       "\1\r\xB8\x40\0\3\0\3ns1")},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct query query = query_make(0);
		struct answer answer = {.rcode = rows[i].rcode, .scope = 48};
		size_t size;
		server_like.identity = "ns1";
		server_like.identity_size = rows[i].identity_size;
		query.edns = true;
		query.dnssec_ok = rows[i].dnssec_ok;
		if (rows[i].subnet)
			query.subnet = (struct query_subnet){
				(const uint8_t *)("\0\x08\0\x09\0\2\x22\0 \1\r\xB8\x40"), 2, 34, 5};
		query.nsid = true;
		uint8_t *out = reply_make(&query, &answer, 512, &size);
		if (size != HEADERED + rows[i].size ||
			memcmp(out + HEADERED, rows[i].opt, rows[i].size) != 0)
			fail_msg("%s: not the OPT that was expected", rows[i].what);
		assert_int_equal(out[3], rows[i].rcode & 15);
		counts_check(out, 0, 0, 1);
		free(out);
	}
}

/* The longest question, a full ECS option and an NSID: the NSID gives way. Without EDNS there is no
 * OPT at all. */
static void test_nsid_room(void **state)
{
	uint8_t rest[259];
	char identity[255];
	(void)state;
	memset(rest, 'a', sizeof(rest));
	memset(identity, 'i', sizeof(identity));
	for (unsigned i = 0; i < 4; i++)
		rest[64 * i] = i < 3 ? 63 : 61;
	memcpy(rest + 254, "\0\0\1\0\1", 5);
	packet_build(&packet, 0, (uint16_t[]){1, 0, 0, 0}, rest, sizeof(rest));
	for (uint16_t identity_size = 1; identity_size <= sizeof(identity); identity_size++) {
		struct query query;
		struct answer answer = {.rcode = RCODE_NOERROR};
		size_t size;
		server_like.identity = identity;
		server_like.identity_size = identity_size;
		assert_int_equal(query_parse(&query, packet.octets, packet.size), QUERY_GOOD);
		query.edns = true;
		query.dnssec_ok = false;
		query.nsid = true;
		query.subnet = (struct query_subnet){
			(const uint8_t *)("\0\x08\0\x14\0\2\x80\0 \1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
			2, 128, 16};
		uint8_t *out = reply_make(&query, &answer, 512, &size);
		size_t without = 12 + 259 + OPT_SIZE + 8 + 16;
		bool fits = without + 4 + identity_size <= 512;
		assert_int_equal(size, without + (fits ? 4 + identity_size : 0));
		assert_int_equal(wire_u16(out + 12 + 259 + 9), size - 12 - 259 - OPT_SIZE);
		assert_int_equal(out[2] & TC, 0);
		free(out);
		query.edns = false;
		out = reply_make(&query, &answer, 512, &size);
		assert_int_equal(size, 12 + 259);
		free(out);
	}
}

static void test_error(void **state)
{
	static const uint8_t header[] = "\xAB\xCD\x29\xB0\0\5\0\6\0\7\0\x08";
	struct query query = query_make(0x0110);
	struct answer answer;
	uint8_t *out = malloc(512);
	(void)state;
	answer_error(&answer, RCODE_FORMERR);
	assert_int_equal(reply_write(out, 512, &server_like, &query, &answer), HEADERED);
	assert_memory_equal(out, "\x12\x34\x81\1\0\1\0\0\0\0\0\0" QUESTION, HEADERED);
	query.edns = true;
	query.dnssec_ok = false;
	answer_error(&answer, RCODE_BADVERS);
	assert_int_equal(reply_write(out, 512, &server_like, &query, &answer), HEADERED + OPT_SIZE);
	assert_memory_equal(out, "\x12\x34\x81\0\0\1\0\0\0\0\0\1", 12);
	assert_memory_equal(out + HEADERED, "\0\0\x29\x10\0\1\0\0\0\0\0", OPT_SIZE);
	/* No question was understood: none of the query's counts is repeated; opcode and RD are. */
	query = (struct query){.packet = header};
	answer_error(&answer, RCODE_NOTIMP);
	assert_int_equal(reply_write(out, 512, &server_like, &query, &answer), 12);
	assert_memory_equal(out, "\xAB\xCD\xA9\4\0\0\0\0\0\0\0\0", 12);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_optional),
		cmocka_unit_test(test_turn_kept),
		cmocka_unit_test(test_opt),
		cmocka_unit_test(test_nsid_room),
		cmocka_unit_test(test_error),
	};
	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
