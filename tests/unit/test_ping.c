/* Statistics names: what each says, and which names are none of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "dns/snapshot/ping.h"
#include "zones/wire.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static const uint8_t own[] = "\4ping\1z";
static struct snapshot_ping pings[] = {{.wire = own, .size = sizeof(own)}};
static const struct snapshot_zone zone = {.pings = pings, .ping_count = 1};

/* In memory that ends with the name. */
static enum ping_result wire_find(const uint8_t *wire, size_t size, struct ping *ping)
{
	const struct snapshot_ping *at;
	struct name_key key;
	uint8_t *exact = malloc(size);
	assert_non_null(exact);
	memcpy(exact, wire, size);
	assert_int_equal(name_key_parse(&key, exact, size), size);
	enum ping_result result = ping_find(&zone, &key, ping, &at);
	free(exact);
	return result;
}

static enum ping_result text_find(const char *text, struct ping *ping)
{
	uint8_t wire[NAME_SIZE_MAX];
	char why[256];
	if (!name_parse(text, NULL, wire, why, sizeof(why)))
		fail_msg("%s", why);
	return wire_find(wire, name_size(wire), ping);
}

static void test_good(void **state)
{
	static const struct {
		const char *text, *mirror, *db;
		unsigned version, flevel;
		bool failed;
	} rows[] = {
		{"main.55.76.1.0.515B64AD.ping.z", "::ffff:81.91.100.173", "main", 55, 76, false},
		{"daily.15023.64.1.0.219.94.128.99.ping.z", "::ffff:219.94.128.99", "daily", 15023,
			64, false},
		{"DAILY.15023.64.0.1.219.94.128.99.PING.Z", "::ffff:219.94.128.99", "daily", 15023,
			64, true},
		{"a.0.0.0.0.0.0.0.0.ping.z", "::ffff:0.0.0.0", "a", 0, 0, true},
		{"safebrowsing.999999999.999.1.1.255.255.255.255.ping.z", "::ffff:255.255.255.255",
			"safebrowsing", 999999999, 999, false},
		{"zZ09.000000007.007.1.1.001.02.3.000.ping.z", "::ffff:1.2.3.0", "zz09", 7, 7,
			false},
		{"main.1.1.1.0.12345678.ping.z", "::ffff:18.52.86.120", "main", 1, 1, false},
		{"main.1.1.1.0.20010dB8000000000000000000abCDeF.ping.z", "2001:db8::ab:cdef",
			"main", 1, 1, false},
		{"main.1.1.1.0.00000000000000000000FFFFc0000201.ping.z", "::ffff:192.0.2.1", "main",
			1, 1, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ping ping;
		uint8_t release[16];
		char text[INET6_ADDRSTRLEN];
		if (text_find(rows[i].text, &ping) != PING_GOOD)
			fail_msg("not good: %s", rows[i].text);
		assert_string_equal(
			inet_ntop(AF_INET6, ping.mirror, text, sizeof(text)), rows[i].mirror);
		memcpy(release, ping.release, sizeof(release));
		assert_memory_equal(release, rows[i].db, strlen(rows[i].db));
		for (size_t k = strlen(rows[i].db); k < PING_DB_MAX; k++)
			assert_int_equal(release[k], 0);
		assert_int_equal(wire_u32(release + PING_DB_MAX), rows[i].version);
		assert_int_equal(ping.flevel, rows[i].flevel);
		assert_int_equal(ping.failed, rows[i].failed);
	}
}

/* Every end of a good name is a part of it; whatever is put before a good one is none. */
static void test_parts(void **state)
{
	static const char *const texts[] = {"main.55.76.1.0.515B64AD.ping.z",
		"daily.15023.64.1.0.219.94.128.99.ping.z",
		"main.1.1.1.0.20010db8000000000000000000abcdef.ping.z"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct ping ping;
		char longer[128];
		for (const char *at = strchr(texts[i], '.') + 1; strcmp(at, "ping.z") != 0;
			at = strchr(at, '.') + 1)
			if (text_find(at, &ping) != PING_PART)
				fail_msg("no part: %s", at);
		snprintf(longer, sizeof(longer), "x.%s", texts[i]);
		assert_int_equal(text_find(longer, &ping), PING_MALFORMED);
		snprintf(longer, sizeof(longer), "0.%s", texts[i]);
		assert_int_equal(text_find(longer, &ping), PING_MALFORMED);
	}
}

static void test_malformed(void **state)
{
	static const char *const texts[] = {
		"x.ping.z",
		"256.ping.z",
		"1000.ping.z",
		"0x1.ping.z",
		"-1.ping.z",
		"515B64A.ping.z",
		"515B64ADE.ping.z",
		"515B64AG.ping.z",
		"515B64A\\000.ping.z",
		"\\176\\176\\176\\176\\176\\176\\176\\176.ping.z",
		"/:@[`{~!.ping.z",
		"20010db8000000000000000000abcdeg.ping.z",
		"20010db8000000000000000000abcde.ping.z",
		"2.515B64AD.ping.z",
		"01.515B64AD.ping.z",
		"x.1.515B64AD.ping.z",
		"1000.1.0.515B64AD.ping.z",
		"0001.1.0.515B64AD.ping.z",
		"1a.1.0.515B64AD.ping.z",
		"1234567890.1.1.0.515B64AD.ping.z",
		"-5.1.1.0.515B64AD.ping.z",
		"a-b.1.1.1.0.515B64AD.ping.z",
		"safebrowsings.1.1.1.0.515B64AD.ping.z",
		"m\\195\\164in.1.1.1.0.515B64AD.ping.z",
		"m\\016.1.1.1.0.515B64AD.ping.z",
		"main.1.1.1.0.1.2.3.ping.z",
		"main.1.1.1.0.1.2.3.400.ping.z",
		"main.1.1.1.0.1.2.3.4.5.ping.z",
		"main.1.1.1.0.1.2.3.515B64AD.ping.z",
		"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.1.ping.z",
		/* Octets in a label that look like the lengths of labels; a length that is a
		 * digit. */
		"x\\008515B64AD.ping.z",
		"\\0011\\008515B64AD.ping.z",
		"1\\0011.515B64AD.ping.z",
		"\\0041.1.1.0.515B64AD.ping.z",
		"main\\0011.1.1.0.515B64AD.ping.z",
		"000000000000000000000000000000000000000000000000.ping.z",
		"000000000000000000000000000000000000000000000000."
		"000000000000000000000000000000000000000000000000.1.1.0.515B64AD.ping.z",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct ping ping;
		if (text_find(texts[i], &ping) != PING_MALFORMED)
			fail_msg("not malformed: %s", texts[i]);
	}
}

static void test_none(void **state)
{
	static const char *const texts[] = {"ping.z", "z", ".", "ping.ping", "1.pong.z",
		"515B64AD.ping.y", "a\\004ping.z", "main.1.1.1.0.515B64AD\\004ping.z", "xping.z",
		"1.2.3.4.z"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct ping ping;
		if (text_find(texts[i], &ping) != PING_NONE)
			fail_msg("something: %s", texts[i]);
	}
}

static uint32_t random_next(void)
{
	static uint64_t random = 4711;
	random = random * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(random >> 33);
}

static bool label_is(const uint8_t *label, int (*kind)(int), unsigned most)
{
	bool good = *label <= most;
	for (unsigned i = 1; i <= *label; i++)
		good &= label[i] < 0x80 && kind(label[i]);
	return good;
}

static unsigned number_of(const uint8_t *label)
{
	char text[NAME_LABEL_MAX + 1] = "";
	memcpy(text, label + 1, *label);
	return (unsigned)strtoul(text, NULL, 10);
}

/* What labels from the left are, by the words of the manual. */
static enum ping_result labels_judge(const uint8_t *const *labels, unsigned count)
{
	static const struct {
		unsigned digits, most;
	} numbers[] = {{1, 1}, {1, 1}, {3, 999}, {9, 999999999}};
	unsigned size = count ? *labels[count - 1] : 0, octets = 0;
	if (size == 8 || size == 32) {
		if (!label_is(labels[--count], isxdigit, size))
			return PING_MALFORMED;
	} else {
		for (; octets < 4 && count; octets++)
			if (!label_is(labels[--count], isdigit, 3) ||
				number_of(labels[count]) > 255)
				return PING_MALFORMED;
	}
	for (unsigned i = 0; count && i < 4; i++)
		if (!label_is(labels[--count], isdigit, numbers[i].digits) ||
			number_of(labels[count]) > numbers[i].most)
			return PING_MALFORMED;
		else if (i == 3 && count)
			return count == 1 && label_is(labels[0], isalnum, PING_DB_MAX)
				       ? PING_GOOD
				       : PING_MALFORMED;
	return PING_PART;
}

static void random_check(uint8_t *wire, size_t size)
{
	const uint8_t *labels[NAME_LABELS_MAX];
	struct ping ping;
	unsigned count = 0;
	for (const uint8_t *at = wire; at < wire + size; at += *at + 1)
		labels[count++] = at;
	memcpy(wire + size, own, sizeof(own));
	if (wire_find(wire, size + sizeof(own), &ping) !=
		(count ? labels_judge(labels, count) : PING_NONE)) {
		char text[NAME_TEXT_MAX];
		fail_msg("%s", name_write(wire, text));
	}
}

/* Any labels below the name, most of them nearly good: no octet beyond them is read, and each is
 * what it is to who reads from the left. */
static void test_random(void **state)
{
	static const char *const words[] = {"main", "7", "76", "1", "0", "219", "94", "128",
		"515B64AD", "20010db8000000000000000000abcdef", "x", "999", "daily", "256", ""};
	static const char *const shapes[][9] = {
		{"daily", "28034", "90", "1", "0", "219", "94", "128", "0"},
		{"main", "63", "76", "0", "1", "515B64AD"}};
	static const uint8_t odd[] = "\1\2\3\4\5\10\40 019aAfFgzZ-/:@[`{\377";
	(void)state;
	for (unsigned round = 0; round < 300000; round++) {
		uint8_t wire[NAME_SIZE_MAX];
		size_t size = 0;
		const char *const *shape = round % 3 ? shapes[round % 3 - 1] : NULL;
		unsigned count = !shape ? random_next() % 11 : shape == shapes[0] ? 9 : 6;
		for (unsigned i = shape ? random_next() % count : 0; i < count && size < 200; i++) {
			const char *result = shape ? shape[i] : words[random_next() % 15];
			size_t length = *result ? strlen(result) : 1 + random_next() % 50;
			for (size_t k = 0; k < length; k++)
				wire[size + 1 + k] =
					*result ? (uint8_t)result[k]
						: odd[random_next() % (sizeof(odd) - 1)];
			if (random_next() % 20 == 0)
				wire[size + 1 + random_next() % length] =
					odd[random_next() % (sizeof(odd) - 1)];
			wire[size] = (uint8_t)length;
			size += length + 1;
		}
		random_check(wire, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
