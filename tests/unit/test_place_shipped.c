#include "geo/map.h"
#include "geo/place.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/address.h"

enum { ADDRESSES = 10000, TEXT_MAX = 48, DATABASE_MAX = 4 << 20 };

static const char shipped[] = "zones/clamav.net/country.mmdb";
static char texts[ADDRESSES][TEXT_MAX];
static uint8_t octets[ADDRESSES][16];

static uint64_t random_next(void)
{
	static uint64_t state = 20261121;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static struct place_database *database_load(void)
{
	char why[512] = "cannot be opened";
	uint8_t *bytes = malloc(DATABASE_MAX);
	FILE *file = fopen(shipped, "rb");
	assert_non_null(bytes);
	assert_non_null(file);
	size_t size = fread(bytes, 1, DATABASE_MAX, file);
	fclose(file);
	struct place_database *database =
		place_database_parse(bytes, size, shipped, why, sizeof why);
	free(bytes);
	if (!database)
		fail_msg("%s", why);
	return database;
}

/* Every other address is IPv6; IPv6 is mostly empty, so those are taken from within a segment's
 * first bits, IPv4 ones from anywhere. */
static void address_choose(const struct place_database *database, size_t i)
{
	uint64_t random = random_next();
	memset(octets[i], 0, 16);
	if (i % 2) {
		const struct place_family *family = &database->ipv6;
		size_t segment = random % family->count; /* on to the next one in 2000::/3 */
		while (family->segments[segment].first.high >> 61 != 1)
			segment = (segment + 1) % family->count;
		uint64_t high = family->segments[segment].first.high;
		high |= random_next() & 0xFFFFFFFF;
		for (size_t at = 0; at < 8; at++)
			octets[i][at] = (uint8_t)(high >> (56 - 8 * at));
	} else {
		for (size_t at = 0; at < 4; at++)
			octets[i][at] = (uint8_t)(random >> 8 * at);
	}
	assert_non_null(inet_ntop(i % 2 ? AF_INET6 : AF_INET, octets[i], texts[i], TEXT_MAX));
}

static FILE *lookups_start(char *list)
{
	char command[512];
	int fd = mkstemp(list);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	assert_non_null(file);
	for (size_t i = 0; i < ADDRESSES; i++)
		fprintf(file, "%s\n", texts[i]);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof command,
		"while read -r a; do mmdblookup --file %s --ip \"$a\" country iso_code "
		"2>/dev/null; "
		"echo \"=$?\"; done <%s",
		shipped, list);
	return popen(command, "r");
}

/* What mmdblookup says of the next address, "" for none; false: it is not installed. */
static bool lookup_next(FILE *pipe, char code[3])
{
	char line[256];
	*code = 0;
	while (fgets(line, sizeof line, pipe) && *line != '=') {
		const char *quote = strchr(line, '"');
		if (quote && strlen(quote) > 3 && quote[3] == '"')
			memcpy(code, quote + 1, 2), code[2] = 0;
	}
	assert_int_equal(*line, '=');
	return strcmp(line, "=127\n") != 0;
}

/* The map, with every country an outcome of its own, says what the segments say. */
static const char *map_code(const struct map *map, size_t i)
{
	uint32_t ipv4 = (uint32_t)octets[i][0] << 24 | (uint32_t)octets[i][1] << 16 |
			(uint32_t)octets[i][2] << 8 | octets[i][3];
	struct map_match match =
		i % 2 ? map_find_ipv6(map, map_key(octets[i])) : map_find_ipv4(map, ipv4);
	assert_true(match.length <= (i % 2 ? 128 : 32));
	return country_code(match.outcome);
}

static void test_shipped(void **state)
{
	(void)state;
	char list[] = "/tmp/addresses.XXXXXX", code[3];
	struct place_database *database = database_load();
	struct places *places = places_build(database, NULL);
	uint16_t outcome[COUNTRY_MAX + 1];
	for (uint16_t country = 0; country <= COUNTRY_MAX; country++)
		outcome[country] = country;
	struct map *map = places ? map_build(places, outcome) : NULL;
	assert_non_null(map);
	for (size_t i = 0; i < ADDRESSES; i++)
		address_choose(database, i);
	size_t known[2] = {0, 0};
	FILE *pipe = lookups_start(list);
	assert_non_null(pipe);
	for (size_t i = 0; i < ADDRESSES; i++) {
		assert_true(lookup_next(pipe, code));
		if (strcmp(map_code(map, i), code) != 0 ||
			strcmp(found_code(&database->ipv4, &database->ipv6, texts[i]), code) != 0)
			fail_msg("%s: mmdblookup says \"%s\"", texts[i], code);
		known[i % 2] += *code != 0;
	}
	pclose(pipe);
	unlink(list);
	print_message("%d addresses as mmdblookup says, %zu IPv4 and %zu IPv6 with a country\n",
		ADDRESSES, known[0], known[1]);
	assert_true(known[0] > ADDRESSES / 5 && known[1] > ADDRESSES / 5);
	map_free(map);
	places_free(places);
	place_database_free(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_shipped)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
