#include "geo/place.h"

#include "tests/unit/mmdb_write.h"

#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/address.h"

static char why[512];

static struct place_database *database_of(const struct mmdb_file *file)
{
	*why = 0;
	struct place_database *database =
		place_database_parse(file->octets, file->size, "x.mmdb", why, sizeof why);
	if (!database && (strncmp(why, "x.mmdb: ", 8) != 0 || strlen(why) < 12))
		fail_msg("no sentence that names the file: \"%s\"", why);
	return database;
}

/* One small world in all sizes, families and schemas. */
static struct mmdb world_make(unsigned record_size, bool ipv6, bool flat)
{
	struct mmdb mmdb = mmdb_init(record_size, ipv6, flat);
	mmdb_add_ipv4(&mmdb, 0x0A000000, 8, "US");
	mmdb_add_ipv4(&mmdb, 0x50000000, 5, "DE");
	mmdb_add_ipv4(&mmdb, 0x51020300, 24, "fr");
	mmdb_add_ipv4(&mmdb, 0x51020304, 32, "UK");
	mmdb_add_ipv4(&mmdb, 0xC0000200, 24, "ZZ");
	mmdb_add_ipv4(&mmdb, 0xFFFFFFFF, 32, "IS");
	if (!ipv6)
		return mmdb;
	mmdb_add_ipv6(&mmdb, key_of("2001:db8::"), 32, "JP");
	mmdb_add_ipv6(&mmdb, key_of("2001:db8::1"), 128, "su");
	/* What databases do: 6to4 and the mapped block are the IPv4 tree once more. */
	uint32_t ipv4 = 0;
	for (unsigned depth = 0; depth < 96; depth++)
		ipv4 = mmdb.nodes[ipv4][0];
	mmdb_set(&mmdb, key_of("2002::"), 16, ipv4);
	mmdb_set(&mmdb, key_of("::ffff:0:0"), 96, ipv4);
	return mmdb;
}

static void world_check(const struct place_database *database, bool ipv6)
{
	static const struct {
		const char *address, *code;
	} rows[] = {
		{"0.0.0.0", ""},
		{"10.0.0.0", "US"},
		{"10.255.255.255", "US"},
		{"11.0.0.0", ""},
		{"80.0.0.0", "DE"},
		{"81.2.2.255", "DE"},
		{"81.2.3.0", "FR"},
		{"81.2.3.4", "GB"},
		{"81.2.3.5", "FR"},
		{"81.2.4.0", "DE"},
		{"87.255.255.255", "DE"},
		{"88.0.0.0", ""},
		{"192.0.2.1", ""},
		{"255.255.255.254", ""},
		{"255.255.255.255", "IS"},
		{"2001:db8::", "JP"},
		{"2001:db8::1", "RU"},
		{"2001:db8::2", "JP"},
		{"2001:db9::", ""},
		{"2002:5102:304::1", "GB"},
		{"2002:5102:305::1", "FR"},
		{"::81.2.3.4", "GB"},
		{"::ffff:81.2.3.4", ""},
		{"::1:0:0:0", ""},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool beyond = strchr(rows[i].address, ':') && !ipv6;
		assert_string_equal(found_code(&database->ipv4, &database->ipv6, rows[i].address),
			beyond ? "" : rows[i].code);
	}
}

static void test_formats(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		static const unsigned sizes[] = {24, 28, 32};
		bool ipv6 = i & 1, flat = i & 2;
		struct mmdb mmdb = world_make(sizes[i / 4], ipv6, flat);
		struct mmdb_file file = mmdb_write(&mmdb);
		struct place_database *database = database_of(&file);
		if (!database)
			fail_msg("%s", why);
		free(file.octets);
		family_check(&database->ipv4);
		family_check(&database->ipv6);
		world_check(database, ipv6);
		assert_int_equal(database->build, 1700000000);
		assert_string_equal(database->type, "Test?Country");
		/* 80/5 is cut up around a /24 and that one around a /32: 19 + 8 + 1 leaves. */
		assert_int_equal(database->networks, 1 + 19 + 8 + 1 + 1 + (ipv6 ? 97 : 0));
		assert_int_equal(database->unknown, 1);
		assert_int_equal(database->countries, ipv6 ? 7 : 5);
		place_database_free(database);
		mmdb_free(&mmdb);
	}
}

static size_t descriptors_count(void)
{
	size_t count = 0;
	DIR *directory = opendir("/proc/self/fd");
	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

/* Neither a descriptor nor a map is left, whether the file is good or not. */
static void test_lets_go(void **state)
{
	(void)state;
	size_t before = descriptors_count();
	struct mmdb mmdb = world_make(24, true, false);
	struct mmdb_file file = mmdb_write(&mmdb);
	struct place_database *database = database_of(&file);
	assert_non_null(database);
	mmdb_patch(&file, 24, 3, 1, 0xFFFFFF);
	assert_null(database_of(&file));
	assert_int_equal(descriptors_count(), before);
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	while (fgets(line, sizeof line, maps))
		assert_null(strstr(line, "memfd"));
	fclose(maps);
	memset(file.octets, 0xFF, file.size);
	free(file.octets);
	world_check(database, true);
	place_database_free(database);
	mmdb_free(&mmdb);
}

/* A leaf before bit 96 is the outcome of all of IPv4; so is nothing. */
static void test_ipv4_root(void **state)
{
	(void)state;
	static const struct {
		const char *network, *code;
		unsigned length;
		const char *ipv4, *below, *above;
	} rows[] = {
		{"::", "DE", 64, "DE", "DE", ""},
		{"::", "DE", 0, "DE", "DE", "DE"},
		{"::", "DE", 95, "DE", "", ""},
		{"::", "DE", 96, "DE", "", ""},
		{"2000::", "DE", 3, "", "", ""},
		{"::fffe:0:0", "DE", 95, "", "", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mmdb mmdb = mmdb_init(28, true, true);
		mmdb_add_ipv6(&mmdb, key_of(rows[i].network), rows[i].length, rows[i].code);
		struct mmdb_file file = mmdb_write(&mmdb);
		struct place_database *database = database_of(&file);
		assert_non_null(database);
		const struct place_family *ipv4 = &database->ipv4, *ipv6 = &database->ipv6;
		family_check(ipv6);
		assert_int_equal(ipv4->count, 1);
		assert_string_equal(found_code(ipv4, ipv6, "0.0.0.0"), rows[i].ipv4);
		assert_string_equal(found_code(ipv4, ipv6, "::ffff:0:0"), "");
		assert_string_equal(found_code(ipv4, ipv6, "::ffff:ffff:ffff"), "");
		assert_string_equal(found_code(ipv4, ipv6, "::1:0:0:0"), rows[i].below);
		assert_string_equal(found_code(ipv4, ipv6, "::fffd:0:0"), rows[i].below);
		assert_string_equal(found_code(ipv4, ipv6, "ffff::"), rows[i].above);
		place_database_free(database);
		free(file.octets);
		mmdb_free(&mmdb);
	}
}

enum breaking {
	BREAK_NONE,
	BREAK_NODE, /* value of node 1's right side */
	BREAK_TEXT, /* overwrites the first `text` in the metadata by `by` */
	BREAK_DATA, /* overwrites the data section's start with `text` */
};

/* Octets of a text are found and overwritten behind `from`. */
static void file_patch(struct mmdb_file *file, size_t from, const char *text, const char *by)
{
	uint8_t *at = memmem(file->octets + from, file->size - from, text, strlen(text));
	assert_non_null(at);
	memcpy(at, by, strlen(by));
}

static const struct {
	enum breaking breaking;
	uint32_t value;
	const char *text, *by, *sentence;
} refused_rows[] = {
	{BREAK_NONE, 0, "", "", ""},
	{BREAK_NODE, 0, "", "", "the search tree has a loop"},
	{BREAK_NODE, 1, "", "", "the search tree has a loop"},
	{BREAK_NODE, 0xFFFFFF, "", "", "outside of tree and data"},
	{BREAK_TEXT, 0, "MaxMind.com", "MaxMind.net", "no MaxMind DB metadata"},
	{BREAK_TEXT, 0, "node_count", "node_cound", "has no node_count (uint32)"},
	{BREAK_TEXT, 0, "node_count\xC4", "node_count\xC4\xFF", "does not fit into its"},
	{BREAK_TEXT, 0, "record_size\xA2", "record_size\xA2\x19", "is 6424, expected"},
	{BREAK_TEXT, 0, "ip_version\xA2", "ip_version\xA2\x01", "is 260, expected 4"},
	{BREAK_TEXT, 0, "major_version\xA2", "major_version\xA2\x01", "version 258,"},
	{BREAK_TEXT, 0, "languages\x01", "languages\x02", "metadata"},
	{BREAK_TEXT, 0,
		"\x42"
		"en",
		"\xA2"
		"en",
		"has no languages"},
	{BREAK_TEXT, 0, "build_epoch", "guild_epoch", "has no build_epoch (uint64)"},
	{BREAK_TEXT, 0, "description\xE1", "description\xFF", "metadata is damaged"},
	{BREAK_DATA, 0, "\xFF\xFF\xFF\xFF", "", "record at octet 0 of its data is dama"},
	{BREAK_DATA, 0, "\x20\x00", "", "record at octet 0 of its data is damaged"},
	{BREAK_DATA, 0, "\xE1\x41", "", "record at octet 0"},
	{BREAK_DATA, 0, "\xE0", "", "neither country.iso_code nor country_code"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused_rows / sizeof *refused_rows; i++) {
		struct mmdb mmdb = mmdb_init(24, false, true);
		mmdb_add_ipv4(&mmdb, 0xC0000000, 4, "DE");
		struct mmdb_file file = mmdb_write(&mmdb);
		if (refused_rows[i].breaking == BREAK_NODE)
			mmdb_patch(&file, 24, 1, 1, refused_rows[i].value);
		if (refused_rows[i].breaking == BREAK_TEXT)
			file_patch(&file, file.metadata - 14, refused_rows[i].text,
				refused_rows[i].by);
		if (refused_rows[i].breaking == BREAK_DATA)
			file_patch(&file, file.data, "\xE2", refused_rows[i].text);
		struct place_database *database = database_of(&file);
		if (!database != (*refused_rows[i].sentence != 0) ||
			!strstr(why, refused_rows[i].sentence))
			fail_msg("row %zu: \"%s\", expected \"%s\"", i, why,
				refused_rows[i].sentence);
		place_database_free(database);
		free(file.octets);
		mmdb_free(&mmdb);
	}
	static const char *const bits[] = {"", "\xAB\xCD\xEFMaxMind.com", "not a database"};
	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
		struct mmdb_file file = {.octets = malloc(strlen(bits[i]) + 1)};
		file.size = strlen(bits[i]);
		memcpy(file.octets, bits[i], file.size);
		assert_null(database_of(&file));
		assert_non_null(strstr(why, "expected a MaxMind DB file"));
		free(file.octets);
	}
}

/* A record that nests too deep, one that points in circles, and pointers that double 30 times. */
static void test_nested(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 3; kind++) {
		struct mmdb mmdb = mmdb_init(24, false, true);
		for (unsigned i = 0; i < 20; i++) {
			char code[] = {'A', (char)('A' + i), 0};
			mmdb_add_ipv4(&mmdb, i << 24, 8, code);
		}
		struct mmdb_file file = mmdb_write(&mmdb);
		uint8_t *data = file.octets + file.data;
		for (unsigned level = 0; level < 30; level++) {
			static const uint8_t deep[] = {1, 4, 1, 4, 1, 4, 1, 4};
			uint8_t at = (uint8_t)(8 * level), next = (uint8_t)(8 * level + 8);
			uint8_t circle[] = {1, 4, 0x20, 0, 0x20, 0, 0x20, 0};
			uint8_t twice[] = {2, 4, 0x20, next, 0x20, next, 0, 0};
			memcpy(data + at, kind == 0 ? deep : kind == 1 ? circle : twice, 8);
		}
		assert_null(database_of(&file));
		assert_non_null(
			strstr(why, "the record at octet 0 of its data is damaged or nest"));
		free(file.octets);
		mmdb_free(&mmdb);
	}
}

/* Shared subtrees are walked, but not when they double at each of 100 levels. */
static void test_shared_nodes(void **state)
{
	(void)state;
	struct mmdb mmdb = mmdb_init(32, true, true);
	uint32_t code = mmdb_code(&mmdb, "DE");
	for (unsigned i = 0; i < 100; i++) {
		uint32_t next = mmdb_node(&mmdb, code);
		mmdb.nodes[next - 1][0] = mmdb.nodes[next - 1][1] = next;
	}
	struct mmdb_file file = mmdb_write(&mmdb);
	assert_null(database_of(&file));
	assert_non_null(strstr(why, "the search tree has a loop"));
	free(file.octets);
	mmdb_free(&mmdb);
}

static uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Parses a copy of exactly these octets, so that a read beyond them is seen. */
static bool copy_parses(const uint8_t *octets, size_t size)
{
	struct mmdb_file copy = {.octets = malloc(size ? size : 1), .size = size};
	assert_non_null(copy.octets);
	memcpy(copy.octets, octets, size);
	struct place_database *database = database_of(&copy);
	if (database) {
		family_check(&database->ipv4);
		family_check(&database->ipv6);
	}
	bool parsed = database != NULL;
	place_database_free(database);
	free(copy.octets);
	return parsed;
}

/* Cut off at each 64th; then 3,000 times with one to four octets changed. */
static void test_damaged(void **state)
{
	(void)state;
	uint64_t seed = 20261120;
	unsigned parsed = 0, changed = 0;
	for (unsigned i = 0; i < 6; i++) {
		static const unsigned sizes[] = {24, 28, 32};
		struct mmdb mmdb = world_make(sizes[i / 2], i & 1, i % 4 == 0);
		struct mmdb_file file = mmdb_write(&mmdb);
		for (size_t part = 0; part < 64; part++)
			assert_false(copy_parses(file.octets, file.size * part / 64));
		assert_true(copy_parses(file.octets, file.size));
		for (unsigned round = 0; round < 500; round++, changed++) {
			uint8_t before[4];
			size_t at[4], count = 1 + random_next(&seed) % 4;
			for (size_t j = 0; j < count; j++) {
				/* Half of them in the data and the metadata, which are small. */
				size_t from = random_next(&seed) % 2 ? file.data : 0;
				at[j] = from + random_next(&seed) % (file.size - from);
				before[j] = file.octets[at[j]];
				file.octets[at[j]] ^= (uint8_t)(1u << random_next(&seed) % 8);
			}
			parsed += copy_parses(file.octets, file.size);
			for (size_t j = count; j-- > 0;)
				file.octets[at[j]] = before[j];
		}
		free(file.octets);
		mmdb_free(&mmdb);
	}
	print_message(
		"%u damaged files: %u parsed, %u refused\n", changed, parsed, changed - parsed);
	assert_true(parsed > 0 && parsed < changed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_lets_go),
		cmocka_unit_test(test_ipv4_root),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_shared_nodes),
		cmocka_unit_test(test_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
