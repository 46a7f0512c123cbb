/* tests/fuzz/fuzz_load.c - any octets as a file that is loaded: the first one says what kind. */
#include "dns/load/txt.h"
#include "geo/map.h"
#include "geo/mirror.h"
#include "geo/place.h"
#include "geo/pool.h"
#include "tests/unit/scan_case.h"
#include "zones/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static char why[1024];

/* A refusal is one sentence, and says something. */
static void refused(bool is)
{
	if (is && (!why[0] || strchr(why, '\n')))
		abort();
}

/* zone_file_load reads a path: memory that has one. */
static void zone_try(const uint8_t *octets, size_t size)
{
	static int fd = -1;
	char path[32];
	if (fd < 0)
		fd = memfd_create("zone", 0);
	if (ftruncate(fd, 0) != 0 || pwrite(fd, octets, size, 0) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct zone_file *file =
		zone_file_load(path, (const uint8_t *)"\6clamav\3net", why, sizeof(why));
	refused(!file);
	zone_file_free(file);
}

/* Some turns of an outcome, each into a buffer of its size. */
static void outcome_try(const struct pool_outcome *outcome)
{
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		const struct pool_set *set = outcome->set[f];
		if (!set)
			continue;
		uint8_t *out = malloc(set->answer_size);
		if (!out || !set->answer_count || !set->period || set->answer_count > set->members)
			abort();
		for (uint32_t turn = 0; turn < set->period && turn < 5; turn++)
			pool_pick(set, turn, out);
		pool_pick(set, set->period - 1, out);
		free(out);
	}
}

/* The export's candidate sets, as a few rules and places have them. */
static void pools_try(const struct mirrors *mirrors)
{
	struct pools *pools = pools_new(mirrors);
	if (!pools)
		abort();
	for (unsigned i = 0; i < 16; i++) {
		struct pool_rule rule = {.from = POOL_FROM_CLIENT,
			.fallback = {{PLACE_CONTINENT, 0}, {PLACE_WORLD, 0}},
			.fallback_count = 2,
			.families = {true, true},
			.together = i & 1,
			.fail_open = i & 2,
			.ttl = 300,
			.answers = i & 4 ? 0 : 3,
			.min_members = i & 8 ? 5 : 1};
		struct pool_outcome outcome;
		for (unsigned country = 0; country <= COUNTRY_MAX; country += 50) {
			if (!pools_resolve(pools, &rule, country, &outcome))
				abort();
			outcome_try(&outcome);
		}
		if (!pools_resolve(pools, &rule, mirrors->list[0].country, &outcome))
			abort();
		outcome_try(&outcome);
	}
	pools_free(pools);
}

static void export_try(const uint8_t *octets, size_t size)
{
	struct mirrors *mirrors = mirrors_parse((const char *)octets, size, "e", why, sizeof(why));
	char text[256];
	refused(!mirrors);
	if (!mirrors)
		return;
	struct mirror_limits limits = {
		.known = true, .in_service = 9, .largest = 10, .max_shrink = 50, .now = 1800000000};
	why[0] = '\0';
	refused(!mirrors_follow(mirrors, &limits, "e", why, sizeof(why)));
	mirrors_diff(NULL, mirrors, text, sizeof(text));
	mirrors_diff(mirrors, mirrors, text, sizeof(text));
	pools_try(mirrors);
	mirrors_free(mirrors);
}

/* What was read is compiled and looked up, as it would be. */
static void places_try(
	const struct place_database *database, const struct place_overrides *overrides)
{
	uint16_t outcome[COUNTRY_MAX + 1];
	struct places *places = places_build(database, overrides);
	for (uint16_t i = 0; i <= COUNTRY_MAX; i++)
		outcome[i] = i % 7;
	struct map *map = places ? map_build(places, outcome) : NULL;
	if (!map)
		abort();
	for (uint32_t i = 0; i < 64; i++) {
		uint8_t address[16] = {0x20, 1, (uint8_t)(4 * i), (uint8_t)i};
		if (map_find_ipv4(map, i * 0x04030201).length > 32 ||
			map_find_ipv6(map, map_key(address)).length > 128)
			abort();
	}
	map_free(map);
	places_free(places);
}

static void overrides_try(const uint8_t *octets, size_t size)
{
	struct place_overrides *overrides =
		place_overrides_parse((const char *)octets, size, "o", why, sizeof(why));
	refused(!overrides);
	if (overrides)
		places_try(NULL, overrides);
	place_overrides_free(overrides);
}

static void database_try(const uint8_t *octets, size_t size)
{
	struct place_database *database = place_database_parse(octets, size, "d", why, sizeof(why));
	refused(!database);
	if (database)
		places_try(database, NULL);
	place_database_free(database);
}

static void txt_try(const uint8_t *octets, size_t size)
{
	struct file file = {.bytes = malloc(size + 1), .size = size, .modified = 1700000000};
	struct config_txt config = {.max_age = size % 2 ? 7200 : 0};
	struct txt *txt;
	if (!file.bytes)
		abort();
	memcpy(file.bytes, octets, size);
	file.bytes[size] = '\0';
	if (txt_parse(&txt, &file, "t", &config, why, sizeof(why)))
		free(txt);
	else
		refused(true);
	free(file.bytes);
}

/* What is passed over is what jansson would take. */
static void json_try(const uint8_t *octets, size_t size)
{
	char found[SCAN_WHY_MAX], expected[SCAN_WHY_MAX];
	if (!scan_case_agrees((const char *)octets, size, found, expected)) {
		fprintf(stderr, "runtime error: found %s, expected %s\n", found, expected);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static void (*const tries[])(const uint8_t *octets, size_t size) = {
		zone_try, export_try, overrides_try, txt_try, database_try, json_try};
	if (size < 1)
		return 0;
	/* Exactly sized, and at an address of its own alignment. */
	uint8_t *copy = malloc(size);
	if (!copy)
		abort();
	memcpy(copy, octets + 1, size - 1);
	why[0] = '\0';
	tries[octets[0] % (sizeof(tries) / sizeof(*tries))](copy, size - 1);
	free(copy);
	return 0;
}
