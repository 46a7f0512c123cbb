/* Which addresses the whole Internet reaches: each prefix of the registries, its first and last
 * address and its neighbours. */
#include "geo/special.h"

#include "tests/unit/mirror_case.h"

#include <arpa/inet.h>

static const struct special *found(const char *text)
{
	struct address address;
	assert_true(address_parse(&address, text));
	return special_find(&address);
}

static void test_find(void **state)
{
	static const struct {
		enum special_kind kind;
		const char *addresses;
	} rows[] = {
		{SPECIAL_GLOBAL,
			"1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 "
			"126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 "
			"172.32.0.0 191.255.255.255 192.0.0.9 192.0.0.10 192.0.1.0 192.0.3.0 "
			"192.31.196.1 192.52.193.1 192.88.98.255 192.88.100.0 192.167.255.255 "
			"192.169.0.0 192.175.48.1 198.17.255.255 198.20.0.0 198.51.99.255 "
			"198.51.101.0 203.0.114.0 223.255.255.255 ::ffff:9.9.9.9 "
			"64:ff9b::9.9.9.9 2000:: 2001:0:909:909::f6f6:f6f6 2001:1::1 2001:1::2 "
			"2001:1::3 2001:3:: 2001:3:ffff:ffff:ffff:ffff:ffff:ffff 2001:4:112::1 "
			"2001:20::1 2001:2f:ffff:: 2001:30::1 2001:3f:ffff:: 2001:200:: "
			"2001:db7:: 2001:db9:: 2002:909:909::1 2620:4f:8000::1 3ffe:ffff:: "
			"3fff:1000:: 3fff:ffff:: "},
		{SPECIAL_LOCAL,
			"0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 127.0.0.0 "
			"127.255.255.255 169.254.0.0 169.254.255.255 172.16.0.0 172.31.255.255 "
			"192.168.0.0 192.168.255.255 :: ::1 ::ffff:127.0.0.1 64:ff9b::10.0.0.1 "
			"2001:0:909:909::80ff:fffe 2002:7f00:1::1 2002:c0a8:101:: fc00:: "
			"fdff::1 fe80::1 febf::1 fec0::1 feff::1 "},
		{SPECIAL_DOCUMENTATION,
			"192.0.2.0 192.0.2.255 198.51.100.0 203.0.113.255 ::ffff:192.0.2.1 "
			"64:ff9b::192.0.2.1 2001:0:909:909::3fff:fdfe 2001:db8:: "
			"2001:db8:ffff:: 2002:c000:201:: 3fff:: 3fff:fff:ffff:: "},
		{SPECIAL_OTHER,
			"100.64.0.0 100.127.255.255 192.0.0.0 192.0.0.8 192.0.0.11 192.0.0.170 "
			"192.88.99.0 192.88.99.2 198.18.0.0 198.19.255.255 224.0.0.0 "
			"239.255.255.255 240.0.0.0 255.255.255.255 ::2 ::9.9.9.9 ::fffe:9.9.9.9 "
			"64:ff9b:0:0:0:1:909:909 64:ff9b:1::9.9.9.9 100::1 100:0:0:1::1 "
			"100:0:0:2:: 1fff:ffff:: 2001:: 2001:1:: 2001:1::4 2001:2::1 "
			"2001:4:111:ffff:: 2001:4:113:: 2001:10::1 2001:1f:: 2001:40:: "
			"2001:1ff:ffff:: 2002:e000:1:: 4000:: 5f00::1 fbff:: fe00:: fe7f:: "
			"ff02::1 ff0e::1 "},
	};
	char address[INET6_ADDRSTRLEN];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (const char *at = rows[i].addresses; sscanf(at, "%45s", address) == 1;
			at += strlen(address) + 1)
			if (found(address)->kind != rows[i].kind)
				fail_msg("%s is %s, expected kind %u", address,
					found(address)->name, rows[i].kind);
}

static void test_names(void **state)
{
	static const char *const rows[][2] = {
		{"9.9.9.9", "a global address"},
		{"2002:909:909::", "a global address"},
		{"0.1.2.3", "an unspecified address"},
		{"127.0.0.1", "a loopback address"},
		{"2002:7f00:1::", "a loopback address"},
		{"10.1.2.3", "a private address"},
		{"fd00::1", "a private address"},
		{"fe80::1", "a link-local address"},
		{"3fff::1", "a documentation address"},
		{"100.64.0.1", "a shared address of carrier-grade NAT (RFC 6598)"},
		{"192.0.0.1", "an address reserved for protocols"},
		{"198.18.0.1", "a benchmarking address"},
		{"192.88.99.1", "a deprecated 6to4 relay address"},
		{"239.0.0.1", "a multicast address"},
		{"ff02::1", "a multicast address"},
		{"240.0.0.1", "a reserved address"},
		{"5f00::1", "an address outside 2000::/3 (global unicast)"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(found(rows[i][0])->name, rows[i][1]);
}

static void test_members(void **state)
{
	static const struct mirror_case served[] = {
		{"d.example", "DE", "\"9.9.9.9\"", NULL, NULL, 0, NULL},
		{0},
	};
	static const struct mirror_case rows[] = {
		{"a.example", "DE", "\"127.0.0.1\", \"192.0.2.1\"", "\"fe80::1\"", NULL, 0, NULL},
		{"gone.example", "DE", "\"10.0.0.1\"", NULL, "removed", 0, NULL},
		{"b.example", "DE", "\"100.64.0.1\"", "\"fd00::1\"", "old", 0, NULL},
		{"c.example", "DE", "\"192.168.0.1\", \"172.16.0.1\"", NULL, NULL, 0, NULL},
		{0},
	};
	char text[2048];
	(void)state;
	struct mirrors *mirrors = mirror_cases(rows);
	assert_int_equal(special_members(mirrors, text, sizeof text), 5);
	assert_string_equal(text,
		"127.0.0.1 (a loopback address) of a.example, fe80::1 (a link-local address) of "
		"a.example, fd00::1 (a private address) of b.example and 2 more");
	mirrors_free(mirrors);
	mirrors = mirror_cases(served);
	assert_int_equal(special_members(mirrors, text, sizeof text), 0);
	assert_string_equal(text, "");
	mirrors_free(mirrors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_members),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
