/* What statistics names tell is counted: exactly where it is listed, within what is promised where
 * it is not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "dns/query/ping_count.h"
#include "geo/listing.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 16, KEYS = 2000 };

static uint32_t random_next(void)
{
	static uint64_t random = 1;
	random = random * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(random >> 33);
}

/* Some keys are asked for much more often than most. */
static unsigned key_draw(void)
{
	unsigned bound = 1U << random_next() % 11;
	return random_next() % (random_next() % 4 ? bound : KEYS);
}

static uint64_t total_of(const struct ping_item *item)
{
	return item->counts[PING_OK] + item->counts[PING_FAILED];
}

/* No row's counts are too high, nor too low by more than its error; who came often has a row. */
static void top_check(
	const struct heavy_hitters *top, const uint64_t counted[KEYS][PING_RESULTS], uint64_t all)
{
	bool there[KEYS] = {false};
	for (size_t i = 0; i < heavy_hitters_rows(top); i++) {
		struct ping_item item;
		if (!heavy_hitters_read(top, i, &item))
			continue;
		assert_true(item.key[0] < KEYS && item.key[1] == 7);
		const uint64_t *own = counted[item.key[0]];
		assert_false(there[item.key[0]]);
		there[item.key[0]] = true;
		assert_true(item.counts[PING_OK] <= own[PING_OK]);
		assert_true(item.counts[PING_FAILED] <= own[PING_FAILED]);
		assert_true(own[PING_OK] + own[PING_FAILED] <= total_of(&item) + item.error);
	}
	for (unsigned key = 0; key < KEYS; key++)
		if (counted[key][PING_OK] + counted[key][PING_FAILED] > all / PING_TOP_WAYS)
			assert_true(there[key]);
}

static void top_draw(
	struct heavy_hitters *top, uint64_t counted[KEYS][PING_RESULTS], unsigned times)
{
	while (times-- > 0) {
		const uint64_t key[2] = {key_draw(), 7};
		bool failed = random_next() % 3 == 0;
		heavy_hitters_add(top, key, failed);
		counted[key[0]][failed]++;
	}
}

static void test_top(void **state)
{
	static uint64_t counted[KEYS][PING_RESULTS];
	struct heavy_hitters top;
	(void)state;
	memset(counted, 0, sizeof(counted));
	assert_true(heavy_hitters_init(&top, SETS));
	for (unsigned all = 0; all < 20000;) {
		top_check(&top, counted, all);
		top_draw(&top, counted, 500);
		all += 500;
	}
	heavy_hitters_free(&top);
}

/* A few keys are counted exactly, and one of 0 is a key as any other. */
static void test_few(void **state)
{
	static const uint64_t keys[3][2] = {{0, 0}, {0, 1}, {1, 0}};
	struct heavy_hitters top;
	unsigned found = 0;
	(void)state;
	assert_true(heavy_hitters_init(&top, SETS));
	for (unsigned i = 0; i < 30; i++)
		heavy_hitters_add(&top, keys[i % 3], i % 2);
	for (size_t i = 0; i < heavy_hitters_rows(&top); i++) {
		struct ping_item item;
		if (!heavy_hitters_read(&top, i, &item))
			continue;
		found++;
		assert_int_equal(item.counts[PING_OK], 5);
		assert_int_equal(item.counts[PING_FAILED], 5);
		assert_int_equal(item.error, 0);
	}
	assert_int_equal(found, 3);
	heavy_hitters_free(&top);
}

/* What many tables have counted each for itself is within its errors when it is put together. */
static void test_merge(void **state)
{
	static uint64_t counted[KEYS][PING_RESULTS];
	struct heavy_hitters sum;
	unsigned all = 0;
	(void)state;
	memset(counted, 0, sizeof(counted));
	assert_true(heavy_hitters_init(&sum, SETS));
	for (unsigned i = 0; i < 20; i++) {
		struct heavy_hitters top;
		unsigned times = i * i * 10;
		assert_true(heavy_hitters_init(&top, SETS));
		top_draw(&top, counted, times);
		all += times;
		heavy_hitters_merge(&sum, &top);
		heavy_hitters_free(&top);
		top_check(&sum, counted, all);
	}
	heavy_hitters_free(&sum);
}

static atomic_bool stop;

static void *flood(void *argument)
{
	for (uint64_t i = 0; !atomic_load(&stop); i++) {
		const uint64_t key[2] = {i * 0x9E3779B97F4A7C15, ~(i * 0x9E3779B97F4A7C15)};
		heavy_hitters_add(argument, key, false);
	}
	return NULL;
}

/* A row that is read while a flood goes on is never half one key's and half another's. */
static void test_reader(void **state)
{
	struct heavy_hitters top;
	pthread_t writer;
	unsigned seen = 0;
	(void)state;
	assert_true(heavy_hitters_init(&top, 1));
	assert_int_equal(pthread_create(&writer, NULL, flood, &top), 0);
	while (seen < 20000) {
		struct ping_item item;
		if (!heavy_hitters_read(&top, seen % PING_TOP_WAYS, &item))
			continue;
		seen++;
		assert_true(item.key[0] == ~item.key[1]);
		assert_int_equal(item.counts[PING_FAILED], 0);
	}
	atomic_store(&stop, true);
	pthread_join(writer, NULL);
	heavy_hitters_free(&top);
}

/* However many mirrors are invented, what is told of a listed one is exact. */
static void test_listed(void **state)
{
	struct mirror_address addresses[] = {
		{.at = {{192, 0, 2, 1}, false}}, {.at = {{0x20, 1, 0x0D, 0xB8, [15] = 1}, true}}};
	struct mirrors mirrors = {.addresses = addresses, .address_count = 2};
	struct snapshot_zone zone = {.listing = listing_new(&mirrors)};
	struct ping_count *count = ping_count_new(2), *sum = ping_count_new(0);
	uint64_t keys[2][2];
	(void)state;
	assert_non_null(zone.listing);
	assert_true(count && sum);
	for (unsigned i = 0; i < 2; i++)
		listing_key(&addresses[i], keys[i]);
	for (unsigned i = 0; i < 300000; i++) {
		struct ping ping = {.mirror = {random_next(), random_next()},
			.release = {random_next(), i},
			.flevel = (uint16_t)(random_next() % PING_FLEVELS)};
		if (i % 1000 == 0) {
			memcpy(ping.mirror, keys[i / 1000 % 2], sizeof(ping.mirror));
			ping.failed = i % 3000 == 0;
		}
		ping_count_add(count, &zone, &ping);
	}
	assert_int_equal(counter_get(&count->listed[0][PING_OK]), 100);
	assert_int_equal(counter_get(&count->listed[0][PING_FAILED]), 50);
	assert_int_equal(counter_get(&count->listed[1][PING_OK]), 100);
	assert_int_equal(counter_get(&count->listed[1][PING_FAILED]), 50);
	assert_int_equal(counter_get(&count->unknown[PING_OK]), 299700);
	ping_count_merge(sum, count);
	ping_count_merge(sum, count);
	uint64_t flevels = 0;
	for (unsigned i = 0; i < PING_FLEVELS; i++)
		flevels += counter_get(&sum->flevels[i]);
	assert_int_equal(flevels, 600000);
	assert_int_equal(counter_get(&sum->unknown[PING_OK]), 599400);
	ping_count_free(count);
	ping_count_free(sum);
	listing_free(zone.listing);
}

/* Each address of a large export is found, and nobody else is. */
static void test_listing(void **state)
{
	enum { COUNT = 20000 };
	struct mirror_address *addresses = calloc(COUNT, sizeof(*addresses));
	struct mirrors mirrors = {.addresses = addresses, .address_count = COUNT};
	uint64_t key[2];
	(void)state;
	assert_non_null(addresses);
	for (unsigned i = 0; i < COUNT; i++) {
		addresses[i].at.ipv6 = i % 2;
		addresses[i].at.octets[0] = 10;
		addresses[i].at.octets[1] = (uint8_t)(i >> 16);
		addresses[i].at.octets[2] = (uint8_t)(i >> 8);
		addresses[i].at.octets[3] = (uint8_t)i;
	}
	struct listing *listing = listing_new(&mirrors), *empty = listing_new(NULL);
	assert_true(listing && empty);
	for (unsigned i = 0; i < COUNT; i++) {
		listing_key(&addresses[i], key);
		assert_int_equal(listing_find(listing, key), i + 1);
		assert_int_equal(listing_find(empty, key), 0);
		addresses[i].at.ipv6 = !addresses[i].at.ipv6;
		listing_key(&addresses[i], key);
		assert_int_equal(listing_find(listing, key), 0);
	}
	listing_free(listing);
	listing_free(empty);
	free(addresses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_listing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
