#include "geo/place.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/address.h"

static const char shared[] = "../shared/data/mmdb";
static char why[512];

/* Parses a copy of exactly these octets, so that a read beyond them is seen. */
static bool copy_parses(const uint8_t *octets, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	assert_non_null(copy);
	memcpy(copy, octets, size);
	struct place_database *database =
		place_database_parse(copy, size, "x.mmdb", why, sizeof why);
	if (database) {
		family_check(&database->ipv4);
		family_check(&database->ipv6);
	}
	bool parsed = database != NULL;
	place_database_free(database);
	free(copy);
	return parsed;
}

static uint8_t *file_read(const char *name, size_t *size)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", shared, name);
	FILE *file = fopen(path, "rb");
	if (!file)
		return NULL;
	enum { MOST = 1 << 20 };
	uint8_t *octets = malloc(MOST);
	assert_non_null(octets);
	*size = fread(octets, 1, MOST, file);
	fclose(file);
	return octets;
}

/* What others found to break readers, and good files of other kinds. */
static void test_shared_files(void **state)
{
	(void)state;
	static const struct {
		const char *name, *sentence; /* "": it is read; NULL: refused or read, but safely */
	} rows[] = {
		{"GeoIP2-Country-Test.mmdb", ""},
		{"GeoLite2-Country-Test.mmdb", ""},
		{"GeoLite2-City-Test.mmdb", ""},
		{"GeoLite2-ASN-Test.mmdb", "has no country"},
		{"MaxMind-DB-no-ipv4-search-tree.mmdb", "has no country"},
		{"MaxMind-DB-test-ipv4-24.mmdb", "has no country"},
		{"MaxMind-DB-test-mixed-24.mmdb", "has no country"},
		{"MaxMind-DB-test-mixed-28.mmdb", "has no country"},
		{"MaxMind-DB-test-mixed-32.mmdb", "has no country"},
		{"MaxMind-DB-test-broken-pointers-24.mmdb", NULL},
		{"MaxMind-DB-test-broken-search-tree-24.mmdb", NULL},
		{"GeoIP2-City-Test-Broken-Double-Format.mmdb", NULL},
		{"GeoIP2-City-Test-Invalid-Node-Count.mmdb", "does not fit into its"},
		{"bad/libmaxminddb-corrupt-search-tree.mmdb", NULL},
		{"bad/libmaxminddb-deep-nesting.mmdb", NULL},
		{"bad/libmaxminddb-metadata-marker-only.mmdb", "no MaxMind DB metadata"},
		{"bad/libmaxminddb-offset-integer-overflow.mmdb", NULL},
		{"bad/libmaxminddb-oversized-map.mmdb", NULL},
		{"bad/libmaxminddb-uint64-max-epoch.mmdb", NULL},
	};
	if (access(shared, R_OK) != 0) {
		print_message("skipped: %s is not there\n", shared);
		skip();
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t size = 0;
		uint8_t *octets = file_read(rows[i].name, &size);
		if (!octets)
			fail_msg("%s cannot be read", rows[i].name);
		bool parsed = copy_parses(octets, size);
		print_message("%s: %s\n", rows[i].name, parsed ? "read" : why);
		if (rows[i].sentence)
			assert_true(*rows[i].sentence ? !parsed && strstr(why, rows[i].sentence)
						      : parsed);
		for (size_t part = 0; part < 64; part++)
			copy_parses(octets, size * part / 64);
		free(octets);
	}
}

/* The country that mmdblookup finds, "" if none; false: it is not installed. */
static bool tool_lookup(const char *name, const char *address, char code[3])
{
	char command[512], line[256];
	snprintf(command, sizeof command,
		"mmdblookup --file %s/%s --ip %s country iso_code 2>/dev/null; echo status $?",
		shared, name, address);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	bool there = true;
	*code = 0;
	while (fgets(line, sizeof line, pipe)) {
		const char *quote = strchr(line, '"');
		if (quote && strlen(quote) > 3 && quote[3] == '"')
			memcpy(code, quote + 1, 2), code[2] = 0;
		there = there && strcmp(line, "status 127\n") != 0;
	}
	pclose(pipe);
	return there;
}

/* The last address of a network written as address/length. */
static void network_last(const char *network, char first[64], char last[64])
{
	uint8_t octets[16] = {0};
	snprintf(first, 64, "%s", network);
	unsigned length = (unsigned)atoi(strchr(network, '/') + 1);
	*strchr(first, '/') = 0;
	int family = strchr(first, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(family, first, octets), 1);
	for (unsigned bit = length; bit < (family == AF_INET ? 32 : 128); bit++)
		octets[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	assert_non_null(inet_ntop(family, octets, last, 64));
}

/* First and last address of each network, against the database's source and mmdblookup. */
static void test_shared_networks(void **state)
{
	(void)state;
	static const char name[] = "GeoLite2-Country-Test.mmdb";
	char path[512], ends[2][64], code[3];
	snprintf(path, sizeof path, "%s/GeoLite2-Country-Test.source.json", shared);
	json_t *list = json_load_file(path, 0, NULL), *networks, *record;
	if (!list || !tool_lookup(name, "81.2.69.160", code)) {
		print_message("skipped: %s or mmdblookup is not there\n", path);
		json_decref(list);
		skip();
	}
	size_t size = 0, i, checked = 0;
	uint8_t *octets = file_read(name, &size);
	struct place_database *database = place_database_parse(octets, size, name, why, sizeof why);
	assert_non_null(database);
	const char *network;
	json_array_foreach(list, i, networks) json_object_foreach(networks, network, record)
	{
		const char *source = json_string_value(
			json_object_get(json_object_get(record, "country"), "iso_code"));
		network_last(network, ends[0], ends[1]);
		for (size_t end = 0; end < 2; end++, checked++) {
			const char *found = found_code(&database->ipv4, &database->ipv6, ends[end]);
			assert_true(tool_lookup(name, ends[end], code));
			assert_string_equal(found, code);
			assert_string_equal(found, source ? source : "");
		}
	}
	print_message("%zu addresses as mmdblookup says\n", checked);
	assert_true(checked > 400);
	place_database_free(database);
	json_decref(list);
	free(octets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_files),
		cmocka_unit_test(test_shared_networks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
