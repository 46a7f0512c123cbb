#include "tests/unit/packet_case.h"

#include "dns/query/query.h"

enum { RD = 0x0100, QR = 0x8000 };

struct row {
	const char *what;
	unsigned flags;
	uint16_t counts[4];
	const uint8_t *rest;
	size_t size;
	enum query_result result;
	bool question; /* a reply may repeat it */
	bool edns;
};

static const struct row rows[] = {
	/* The header. */
	{"plain", RD, {1, 0, 0, 0}, OCTETS(QUESTION), QUERY_GOOD, true, false},
	{"no flags", 0, {1, 0, 0, 0}, OCTETS(QUESTION), QUERY_GOOD, true, false},
	{"all flags but QR and opcode", 0x07FF, {1, 0, 0, 0}, OCTETS(QUESTION), QUERY_GOOD, true,
		false},
	{"a response", QR, {1, 0, 0, 0}, OCTETS(QUESTION), QUERY_SILENCE, false, false},
	{"a response of another opcode", QR | 0x2800, {1, 0, 0, 0}, OCTETS(QUESTION), QUERY_SILENCE,
		false, false},
	{"inverse query", 0x0800, {1, 0, 0, 0}, OCTETS(QUESTION), QUERY_UNKNOWN_OPCODE, false,
		false},
	{"status", 0x1000, {0, 0, 0, 0}, OCTETS(""), QUERY_UNKNOWN_OPCODE, false, false},
	{"notify", 0x2000, {1, 0, 0, 0}, OCTETS(QUESTION), QUERY_UNKNOWN_OPCODE, false, false},
	{"update with nonsense", 0x2800, {7, 7, 7, 7}, OCTETS("\xFF"), QUERY_UNKNOWN_OPCODE, false,
		false},
	{"opcode 15, OPT", 0x7800, {1, 0, 0, 1}, OCTETS(QUESTION OPT("\0")), QUERY_UNKNOWN_OPCODE,
		false, true},
	{"update, OPT behind records of every section", 0x2800, {1, 1, 1, 2},
		OCTETS(QUESTION "\xC0\x0C\0\xFF\0\xFF\0\0\0\0\0\0"
				"\1a\0\0\1\0\1\0\0\0\0\0\4abcd"
				"\0\0\1\0\1\0\0\0\0\0\0" OPT("\0")),
		QUERY_UNKNOWN_OPCODE, false, true},
	{"notify, OPT among the answers", 0x2000, {1, 1, 0, 0}, OCTETS(QUESTION OPT("\0")),
		QUERY_UNKNOWN_OPCODE, false, false},
	{"notify, two OPTs", 0x2000, {1, 0, 0, 2}, OCTETS(QUESTION OPT("\0") OPT("\0")),
		QUERY_UNKNOWN_OPCODE, false, false},
	{"notify, OPT before a broken record", 0x2000, {1, 0, 0, 2},
		OCTETS(QUESTION OPT("\0") "\0\0\1"), QUERY_UNKNOWN_OPCODE, false, false},
	{"status, OPT alone", 0x1000, {0, 0, 0, 1}, OCTETS(OPT("\0")), QUERY_UNKNOWN_OPCODE, false,
		true},
	{"no question", 0, {0, 0, 0, 0}, OCTETS(""), QUERY_MALFORMED, false, false},
	{"no question, OPT", 0, {0, 0, 0, 1}, OCTETS(OPT("\0")), QUERY_MALFORMED, false, true},
	{"two questions", 0, {2, 0, 0, 0}, OCTETS(QUESTION QUESTION), QUERY_MALFORMED, false,
		false},
	{"two questions, OPT", 0, {2, 0, 0, 1}, OCTETS(QUESTION QUESTION OPT("\0")),
		QUERY_MALFORMED, false, true},
	{"two questions, one there, OPT", 0, {2, 0, 0, 1}, OCTETS(QUESTION OPT("\0")),
		QUERY_MALFORMED, false, false},
	{"65535 questions, OPT", 0, {65535, 0, 0, 1}, OCTETS(QUESTION OPT("\0")), QUERY_MALFORMED,
		false, false},
	{"65535 questions", 0, {65535, 0, 0, 0}, OCTETS(QUESTION), QUERY_MALFORMED, false, false},
	{"no octets of a question", 0, {1, 0, 0, 0}, OCTETS(""), QUERY_MALFORMED, false, false},
	{"octets behind the end", 0, {1, 0, 0, 0}, OCTETS(QUESTION "junk"), QUERY_GOOD, true,
		false},
	/* The question. */
	{"the root", 0, {1, 0, 0, 0}, OCTETS("\0\0\2\0\1"), QUERY_GOOD, true, false},
	{"a pointer to itself", 0, {1, 0, 0, 0}, OCTETS("\xC0\x0C\0\1\0\1"), QUERY_MALFORMED, false,
		false},
	{"a pointer behind a label", 0, {1, 0, 0, 0}, OCTETS("\1a\xC0\x0C\0\1\0\1"),
		QUERY_MALFORMED, false, false},
	{"a label of 64", 0, {1, 0, 0, 0},
		OCTETS("\x40"
		       "0123456789012345678901234567890123456789"
		       "012345678901234567890123\0\0\1\0\1"),
		QUERY_MALFORMED, false, false},
	{"a label type 10", 0, {1, 0, 0, 0},
		OCTETS("\x80"
		       "a\0\0\1\0\1"),
		QUERY_MALFORMED, false, false},
	{"a label that is cut", 0, {1, 0, 0, 0}, OCTETS("\5abcd"), QUERY_MALFORMED, false, false},
	{"a name without end", 0, {1, 0, 0, 0}, OCTETS("\2de\3net"), QUERY_MALFORMED, false, false},
	{"no class", 0, {1, 0, 0, 0}, OCTETS("\2de\3net\0\0\1"), QUERY_MALFORMED, false, false},
	{"half a class", 0, {1, 0, 0, 0}, OCTETS("\2de\3net\0\0\1\0"), QUERY_MALFORMED, false,
		false},
	/* Other records. */
	{"an answer", 0, {1, 1, 0, 0}, OCTETS(QUESTION "\0\0\1\0\1\0\0\0\0\0\0"), QUERY_MALFORMED,
		true, false},
	{"an answer, OPT", 0, {1, 1, 0, 1}, OCTETS(QUESTION "\0\0\1\0\1\0\0\0\0\0\0" OPT("\0")),
		QUERY_MALFORMED, true, true},
	{"an authority", 0, {1, 0, 1, 0}, OCTETS(QUESTION "\0\0\6\0\1\0\0\0\0\0\0"),
		QUERY_MALFORMED, true, false},
	{"IXFR with its SOA", 0, {1, 0, 1, 0},
		OCTETS("\0\0\xFB\0\1"
		       "\0\0\6\0\1\0\0\0\0\0\0"),
		QUERY_GOOD, true, false},
	{"IXFR without", 0, {1, 0, 1, 0}, OCTETS("\0\0\xFB\0\1"), QUERY_MALFORMED, true, false},
	{"a record that is not there", 0, {1, 0, 0, 1}, OCTETS(QUESTION), QUERY_MALFORMED, true,
		false},
	{"65535 records, one there", 0, {1, 0, 0, 65535}, OCTETS(QUESTION OPT("\0")),
		QUERY_MALFORMED, true, true},
	{"another record", 0, {1, 0, 0, 1}, OCTETS(QUESTION "\1a\0\0\1\0\1\0\0\0\0\0\1x"),
		QUERY_GOOD, true, false},
	{"its RDATA is cut", 0, {1, 0, 0, 1}, OCTETS(QUESTION "\1a\0\0\1\0\1\0\0\0\0\0\2x"),
		QUERY_MALFORMED, true, false},
	{"its owner has a bad label", 0, {1, 0, 0, 1},
		OCTETS(QUESTION "\x41"
				"a\0\0\1\0\1\0\0\0\0\0\0"),
		QUERY_MALFORMED, true, false},
	{"its owner is half a pointer", 0, {1, 0, 0, 1}, OCTETS(QUESTION "\xC0"), QUERY_MALFORMED,
		true, false},
	/* EDNS. */
	{"OPT", 0, {1, 0, 0, 1}, OCTETS(QUESTION OPT("\0")), QUERY_GOOD, true, true},
	{"OPT behind another record", 0, {1, 0, 0, 2},
		OCTETS(QUESTION "\xC0\x0C\0\1\0\1\0\0\0\0\0\1x" OPT("\0")), QUERY_GOOD, true, true},
	{"OPT before another record", 0, {1, 0, 0, 2},
		OCTETS(QUESTION OPT("\0") "\xC0\x0C\0\xFA\0\xFF\0\0\0\0\0\1x"), QUERY_GOOD, true,
		true},
	{"OPT before a broken record", 0, {1, 0, 0, 2}, OCTETS(QUESTION OPT("\0") "\0\0\1"),
		QUERY_MALFORMED, true, true},
	{"two OPTs", 0, {1, 0, 0, 2}, OCTETS(QUESTION OPT("\0") OPT("\0")), QUERY_MALFORMED, true,
		true},
	{"OPT with a name", 0, {1, 0, 0, 1}, OCTETS(QUESTION "\1a" OPT("\0")), QUERY_MALFORMED,
		true, false},
	{"OPT with a pointer", 0, {1, 0, 0, 1}, OCTETS(QUESTION "\xC0\x13\0\x29\4\xD0\0\0\0\0\0\0"),
		QUERY_MALFORMED, true, false},
	{"OPT without its RDATA", 0, {1, 0, 0, 1}, OCTETS(QUESTION OPT("\4") "\0\3\0"),
		QUERY_MALFORMED, true, false},
	{"unknown options", 0, {1, 0, 0, 1},
		OCTETS(QUESTION OPT("\x0F") "\xFD\xE9\0\3abc"
					    "\0\x0B\0\0\0\x0C\0\0"),
		QUERY_GOOD, true, true},
	{"a cookie", 0, {1, 0, 0, 1},
		OCTETS(QUESTION OPT("\x0C") "\0\x0A\0\x08"
					    "01234567"),
		QUERY_GOOD, true, true},
	{"an option beyond the RDATA", 0, {1, 0, 0, 1},
		OCTETS(QUESTION OPT("\6") "\xFD\xE9\0\3ab"
					  "c"),
		QUERY_MALFORMED, true, true},
	{"an option without its size", 0, {1, 0, 0, 1}, OCTETS(QUESTION OPT("\3") "\0\3\0"),
		QUERY_MALFORMED, true, true},
	{"version 1", 0, {1, 0, 0, 1}, OCTETS(QUESTION "\0\0\x29\4\xD0\0\1\0\0\0\0"),
		QUERY_BAD_VERSION, true, true},
	{"version 255, options of another form", 0, {1, 0, 0, 1},
		OCTETS(QUESTION "\0\0\x29\4\xD0\0\xFF\0\0\0\3xyz"), QUERY_BAD_VERSION, true, true},
	{"version 1, two OPTs", 0, {1, 0, 0, 2},
		OCTETS(QUESTION "\0\0\x29\4\xD0\0\1\0\0\0\0" OPT("\0")), QUERY_MALFORMED, true,
		true},
	{"version 1, no question", 0, {0, 0, 0, 1}, OCTETS("\0\0\x29\4\xD0\0\1\0\0\0\0"),
		QUERY_MALFORMED, false, true},
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct packet packet;
		struct query query;
		packet_build(&packet, row->flags, row->counts, row->rest, row->size);
		uint8_t *exact = packet_exact(packet.octets, packet.size);
		enum query_result result = query_parse(&query, exact, packet.size);
		if (result != row->result || (query.question_size != 0) != row->question ||
			query.edns != row->edns || query.subnet.option || query.packet != exact)
			fail_msg("%s: word %d, question of %u octets, edns %d", row->what, result,
				query.question_size, query.edns);
		free(exact);
	}
}

static void test_question(void **state)
{
	struct packet packet;
	struct query query;
	(void)state;
	packet_build(&packet, RD, (uint16_t[]){1, 0, 0, 0},
		OCTETS("\2dB\5Local\6ClamAV\3nEt\0\0\x10\0\3"));
	assert_int_equal(query_parse(&query, packet.octets, packet.size), QUERY_GOOD);
	assert_int_equal(query.type, 16);
	assert_int_equal(query.class, 3);
	assert_int_equal(query.question_size, packet.size - HEADER_SIZE);
	assert_ptr_equal(query.name.wire, packet.octets + HEADER_SIZE);
	assert_int_equal(query.name.size, 21);
	assert_true(name_key_is(&query.name, (const uint8_t *)"\2db\5local\6clamav\3net"));
	assert_int_equal(query.udp_size, 512);
	assert_false(query.nsid);
}

/* 255 octets are a name, 256 are none (RFC 1035 3.1). */
static void test_question_long(void **state)
{
	uint8_t rest[300] = {0};
	struct packet packet;
	struct query query;
	(void)state;
	for (unsigned last = 61; last <= 62; last++) {
		memset(rest, 'a', sizeof(rest));
		for (unsigned i = 0; i < 3; i++)
			rest[64 * i] = 63;
		rest[192] = (uint8_t)last;
		memcpy(rest + 193 + last, "\0\0\1\0\1", 5);
		packet_build(&packet, 0, (uint16_t[]){1, 0, 0, 0}, rest, 193 + last + 5);
		uint8_t *exact = packet_exact(packet.octets, packet.size);
		assert_int_equal(query_parse(&query, exact, packet.size),
			last == 61 ? QUERY_GOOD : QUERY_MALFORMED);
		assert_int_equal(query.question_size, last == 61 ? 259 : 0);
		free(exact);
	}
}

static void test_edns_fields(void **state)
{
	static const struct {
		const uint8_t *rest;
		size_t size;
		uint16_t udp_size;
		bool dnssec_ok, nsid;
	} fields[] = {
		{OCTETS(QUESTION "\0\0\x29\0\0\0\0\0\0\0\0"), 512, false, false},
		{OCTETS(QUESTION "\0\0\x29\1\xFF\0\0\0\0\0\0"), 512, false, false},
		{OCTETS(QUESTION "\0\0\x29\2\1\0\0\0\0\0\0"), 513, false, false},
		{OCTETS(QUESTION "\0\0\x29\xFF\xFF\0\0\x80\0\0\0"), 65535, true, false},
		/* The other flags and an upper part of the rcode say nothing. */
		{OCTETS(QUESTION "\0\0\x29\4\xD0\xFF\0\x7F\xFF\0\4\0\3\0\0"), 1232, false, true},
		{OCTETS(QUESTION "\0\0\x29\4\xD0\0\0\0\0\0\7\0\3\0\3abc"), 1232, false, true},
		{OCTETS(QUESTION "\0\0\x29\4\xD0\0\0\0\0\0\x08\0\3\0\0\0\3\0\0"), 1232, false,
			true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		struct packet packet;
		struct query query;
		packet_build(&packet, 0, (uint16_t[]){1, 0, 0, 1}, fields[i].rest, fields[i].size);
		assert_int_equal(query_parse(&query, packet.octets, packet.size), QUERY_GOOD);
		assert_true(query.edns);
		assert_int_equal(query.udp_size, fields[i].udp_size);
		assert_int_equal(query.dnssec_ok, fields[i].dnssec_ok);
		assert_int_equal(query.nsid, fields[i].nsid);
	}
}

/* Cut off anywhere it is silence or FORMERR, never read beyond. */
static void test_cut_everywhere(void **state)
{
	static const uint8_t rest[] = QUESTION "\xC0\x0C\0\1\0\1\0\0\0\0\0\4abcd"
					       "\0\0\x29\4\xD0\0\0\x80\0\0\x12"
					       "\0\x08\0\7\0\1\x18\0\xC0\0\2"
					       "\0\3\0\3xyz";
	struct packet packet;
	struct query query;
	(void)state;
	packet_build(&packet, RD, (uint16_t[]){1, 0, 0, 2}, rest, sizeof(rest) - 1);
	for (size_t size = 0; size <= packet.size; size++) {
		uint8_t *exact = packet_exact(packet.octets, size);
		enum query_result result = query_parse(&query, exact, size);
		enum query_result expected = size < HEADER_SIZE   ? QUERY_SILENCE
					     : size < packet.size ? QUERY_MALFORMED
								  : QUERY_GOOD;
		if (result != expected || (query.subnet.option != NULL) != (size == packet.size))
			fail_msg("%zu octets: word %d, expected %d", size, result, expected);
		assert_int_equal(
			query.question_size, size < HEADER_SIZE + 12 ? 0 : sizeof(QUESTION) - 1);
		free(exact);
	}
	assert_true(query.nsid && query.dnssec_ok);
	assert_int_equal(query.subnet.source, 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_question_long),
		cmocka_unit_test(test_edns_fields),
		cmocka_unit_test(test_cut_everywhere),
	};
	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
