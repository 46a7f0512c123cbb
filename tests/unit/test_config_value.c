#include "tests/unit/config_case.h"

#include <arpa/inet.h>

/* Quotes, escapes and comments. */
static void test_literals(void **state)
{
	static const struct {
		const char *written, *read;
	} rows[] = {
		{"\"a${HOME}b\"", "a${HOME}b"},
		{"'a${HOME}b'", "a${HOME}b"},
		{"\"${\"", "${"},
		{"\"$$\\\\$\"", "$$\\$"},
		{"\"a\\\"b\\\\c\"", "a\"b\\c"},
		{"'a\\'b\\\\c\\d'", "a'b\\c\\d"},
		{"\"a # b // c /* d */\"", "a # b // c /* d */"},
		{"http://a//b", "http://a//b"},
		{"a/* c */", "a"},
		{"a# c", "a"},
		{"/**/a/***/", "a"},
		{"/* // */ a // /* ", "a"},
		{"/* \" ' { */ a", "a"},
		{"\"Gr\xc3\xbc\xc3\x9f\"", "Gr\xc3\xbc\xc3\x9f"},
		{"010", "010"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128];
		struct config *config;

		snprintf(text, sizeof(text), "identity = %s\r\n" ZONE, rows[i].written);
		config = good_load(text);
		assert_string_equal(config->identity, rows[i].read);
		assert_int_equal(config->zones[0].line, 2);
		config_free(config);
	}
}

static void test_figures(void **state)
{
	static const struct {
		const char *option, *text;
		uint64_t figure;
	} rows[] = {
		{"tcp-idle", "1", 1},
		{"tcp-idle", "30s", 30},
		{"tcp-idle", "'010m'", 600},
		{"tcp-idle", "\"2h\"", 7200},
		{"tcp-idle", "1d", 86400},
		{"max-file-size", "1", 1},
		{"max-file-size", "'10K'", 10 << 10},
		{"max-file-size", "256M", 256 << 20},
		{"max-file-size", "1024G", 1ULL << 40},
		{"workers", "1024", 1024},
		{"workers", "'010'", 10},
		{"max-udp-size", "512", 512},
		{"max-udp-size", "65535", 65535},
		{"tcp-connections", "1000000", 1000000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128];
		struct config *config;
		uint64_t found;

		snprintf(text, sizeof(text), "%s = %s\n" ZONE, rows[i].option, rows[i].text);
		config = good_load(text);
		switch (rows[i].option[4]) {
		case 'i':
			found = config->tcp_idle;
			break;
		case 'f':
			found = config->max_file_size;
			break;
		case 'e':
			found = config->workers;
			break;
		case 'u':
			found = config->max_udp_size;
			break;
		default:
			found = config->tcp_connections;
		}
		assert_true(found == rows[i].figure);
		config_free(config);
	}
}

static const struct {
	const char *text, *host; /* host NULL: refused */
	unsigned port, scope;
} addresses[] = {
	{"192.0.2.1:5300", "192.0.2.1", 5300, 0},
	{"192.0.2.1", "192.0.2.1", 53, 0},
	{"[2001:db8::1]:5300", "2001:db8::1", 5300, 0},
	{"[2001:db8::1]", "2001:db8::1", 53, 0},
	{"::", "::", 53, 0},
	{"::1", "::1", 53, 0},
	{"fe80::1%lo", "fe80::1", 53, 1},
	{"[fe80::1%1]:065", "fe80::1", 65, 1},
	{"2001:db8::1:53", NULL, 0, 0}, /* 2001:db8::1 with a port? */
	{"[fe80::1%no-such-interface]:53", NULL, 0, 0},
	{"[fe80::1%]:53", NULL, 0, 0},
	{"[::ffff:192.0.2.1]:53", NULL, 0, 0},
	{"[192.0.2.1]:53", NULL, 0, 0},
	{"192.0.2.1:", NULL, 0, 0},
	{"192.0.2.1:0", NULL, 0, 0},
	{"192.0.2.1:65536", NULL, 0, 0},
	{"192.0.2.1:+53", NULL, 0, 0},
	{"192.0.2.1:99999999999", NULL, 0, 0},
	{"192.0.2", NULL, 0, 0},
	{":53", NULL, 0, 0},
	{":", NULL, 0, 0},
	{"::::", NULL, 0, 0},
	{"[]:53", NULL, 0, 0},
	{"[::1:53", NULL, 0, 0},
	{"[::1]53", NULL, 0, 0},
	{"[::1]:", NULL, 0, 0},
	{"[::1]x:53", NULL, 0, 0},
	{"localhost:53", NULL, 0, 0},
	{"", NULL, 0, 0},
};

static void test_listen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		char text[128], host[INET6_ADDRSTRLEN] = "";
		struct config *config;
		const struct sockaddr_in6 *ipv6;
		const struct sockaddr_in *ipv4;

		snprintf(text, sizeof(text), "listen = '%s'\n" ZONE, addresses[i].text);
		config = text_load(text);
		if ((config == NULL) != (addresses[i].host == NULL))
			fail_msg("listen = %s: %s", addresses[i].text, config ? "taken" : why);
		if (!config) {
			assert_non_null(strstr(why, ":1: found listen = "));
			continue;
		}
		ipv6 = (const struct sockaddr_in6 *)&config->listens[0].address;
		ipv4 = (const struct sockaddr_in *)&config->listens[0].address;
		if (ipv4->sin_family == AF_INET) {
			inet_ntop(AF_INET, &ipv4->sin_addr, host, sizeof(host));
			assert_int_equal(config->listens[0].size, sizeof(*ipv4));
		} else {
			inet_ntop(AF_INET6, &ipv6->sin6_addr, host, sizeof(host));
			assert_int_equal(config->listens[0].size, sizeof(*ipv6));
			assert_int_equal(ipv6->sin6_scope_id, addresses[i].scope);
		}
		assert_string_equal(host, addresses[i].host);
		assert_int_equal(ntohs(ipv4->sin_port), addresses[i].port);
		config_free(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_listen),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
