/* Books: what is counted while workers change over, what another process told; and health. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "dns/stats/health.h"
#include "dns/stats/totals_json.h"
#include "geo/listing.h"

#include "tests/unit/world_case.h"

enum { WORKERS = 2, NS_IN_MS = 1000000 };

/* Workers without threads. */
struct office {
	struct worker_shared shared;
	struct worker workers[WORKERS];
	struct totals totals;
};

static struct world world;

static void office_init(struct office *office)
{
	memset(office, 0, sizeof(*office));
	office->shared.workers = office->workers;
	office->shared.count = WORKERS;
	totals_init(&office->totals, &office->shared);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_non_null(office->workers[i].serving.counters = counters_new());
}

static void office_free(struct office *office)
{
	totals_free(&office->totals);
	for (unsigned i = 0; i < WORKERS; i++)
		free(office->workers[i].serving.counters);
}

/* Attaches a snapshot; worker number `i` takes it over in book_take. */
static void book_open(struct office *office, const struct snapshot *snapshot)
{
	struct worker_handover **handovers = worker_handovers_new(snapshot, WORKERS);
	assert_non_null(handovers);
	assert_true(totals_attach(&office->totals, snapshot, handovers));
	for (unsigned i = 0; i < WORKERS; i++)
		free(handovers[i]);
	free(handovers);
}

static void book_take(struct office *office, unsigned i, const struct snapshot *snapshot)
{
	office->workers[i].serving.turns = office->totals.now.workers_turns[i].turns;
	atomic_store(&office->workers[i].served, snapshot);
}

/* The first turn of a pool that has a set; it moves `count` times in worker `i`. */
static void turn_move(
	struct office *office, unsigned i, const struct snapshot *snapshot, unsigned count)
{
	const struct snapshot_pool *pool = &snapshot->pools[0];
	for (unsigned k = 0; k < count; k++)
		turn_advance(
			&office->workers[i]
				 .serving.turns[pool->turn + pool->outcomes[0].turn[POOL_IPV4]],
			pool->outcomes[0].set[POOL_IPV4]->period);
}

static uint64_t answers_told(struct office *office)
{
	struct totals_values values;
	uint64_t pools = 0, firsts = 0;
	assert_true(totals_sum(&office->totals, &values));
	for (size_t p = 0; p < values.pool_counts.zones[0].pool_count; p++)
		pools += values.pool_counts.zones[0].pools[p].answers;
	for (size_t i = 0; i < values.pool_counts.zones[0].member_count; i++)
		firsts += values.pool_counts.zones[0].members[i].firsts;
	assert_int_equal(pools, firsts);
	pool_counts_free(&values.pool_counts);
	return pools;
}

/* At every moment of a hand-over all answers are told once. */
static void test_hand_over(void **state)
{
	(void)state;
	char why[512] = "";
	struct office office;
	struct world next;
	if (!world_load(&next, why, sizeof(why)))
		fail_msg("%s", why);
	office_init(&office);
	book_open(&office, world.snapshot);
	assert_int_equal(answers_told(&office), 0);
	book_take(&office, 0, world.snapshot);
	book_take(&office, 1, world.snapshot);
	turn_move(&office, 0, world.snapshot, 5);
	turn_move(&office, 1, world.snapshot, 7);
	assert_int_equal(answers_told(&office), 12);
	book_open(&office, next.snapshot);
	assert_int_equal(answers_told(&office), 12);
	turn_move(&office, 0, world.snapshot, 1);
	book_take(&office, 1, next.snapshot);
	turn_move(&office, 1, next.snapshot, 100);
	assert_int_equal(answers_told(&office), 113);
	book_take(&office, 0, next.snapshot);
	turn_move(&office, 0, next.snapshot, 1000);
	assert_int_equal(answers_told(&office), 1113);
	totals_detach(&office.totals);
	assert_null(office.totals.before.snapshot);
	assert_int_equal(answers_told(&office), 1113);
	office_free(&office);
	world_free(&next);
}

/* One ping in worker `i`, of the export's first mirror or of one that nobody knows. */
static void ping_tell(struct office *office, unsigned i, bool listed, bool failed)
{
	const struct snapshot *snapshot = office->totals.now.snapshot;
	const struct mirrors *mirrors = refcount_get(snapshot->inputs->zones[0].mirrors);
	struct ping ping = {.mirror = {5, 5}, .release = {7, 7}, .flevel = 90, .failed = failed};
	if (listed)
		listing_key(&mirrors->addresses[0], ping.mirror);
	ping_count_add(
		office->totals.now.workers_turns[i].pings->zones[0], &snapshot->zones[0], &ping);
}

/* What has been told: of the listed one, of others. */
static void pings_expect(struct office *office, const uint64_t expected[2][PING_RESULTS])
{
	struct totals_values values;
	uint64_t listed[PING_RESULTS] = {0};
	assert_true(totals_sum(&office->totals, &values));
	const struct pool_counts_zone *zone = &values.pool_counts.zones[0];
	for (unsigned r = 0; r < PING_RESULTS; r++) {
		for (size_t i = 0; i < zone->member_count; i++)
			listed[r] += zone->members[i].pings[r];
		assert_int_equal(listed[r], expected[0][r]);
		assert_int_equal(counter_get(&zone->pings->unknown[r]), expected[1][r]);
	}
	pool_counts_free(&values.pool_counts);
}

/* Pings are told once at every moment of a hand-over, and go on in another process. */
static void test_pings(void **state)
{
	(void)state;
	char why[512] = "";
	struct office office, other;
	struct world next;
	if (!world_load(&next, why, sizeof(why)))
		fail_msg("%s", why);
	office_init(&office);
	office_init(&other);
	book_open(&office, world.snapshot);
	for (unsigned i = 0; i < WORKERS; i++) {
		book_take(&office, i, world.snapshot);
		ping_tell(&office, i, true, false);
		ping_tell(&office, i, true, i == 0);
		ping_tell(&office, i, false, true);
	}
	pings_expect(&office, (const uint64_t[2][PING_RESULTS]){{3, 1}, {0, 2}});
	counter_add(&office.totals.now.workers_turns[1].pings->zones[0]->malformed, 3);
	book_open(&office, next.snapshot);
	book_take(&office, 1, next.snapshot);
	ping_tell(&office, 1, true, true);
	pings_expect(&office, (const uint64_t[2][PING_RESULTS]){{3, 2}, {0, 2}});
	book_take(&office, 0, next.snapshot);
	totals_detach(&office.totals);
	pings_expect(&office, (const uint64_t[2][PING_RESULTS]){{3, 2}, {0, 2}});
	json_t *json = totals_json(&office.totals);
	assert_non_null(json);
	assert_true(totals_json_inherit(&other.totals, json));
	json_decref(json);
	book_open(&other, next.snapshot);
	book_take(&other, 0, next.snapshot);
	ping_tell(&other, 0, false, false);
	pings_expect(&other, (const uint64_t[2][PING_RESULTS]){{3, 2}, {1, 2}});
	assert_int_equal(
		counter_get(&other.totals.values.pool_counts.zones[0].pings->malformed), 3);
	assert_int_equal(
		counter_get(&other.totals.values.pool_counts.zones[0].pings->flevels[90]), 7);
	office_free(&office);
	office_free(&other);
	world_free(&next);
}

/* A worker that has not taken a book yet has counted nothing in it, whatever its memory holds. */
static void test_not_taken(void **state)
{
	(void)state;
	struct office office;
	office_init(&office);
	book_open(&office, world.snapshot);
	atomic_store(&office.totals.now.workers_turns[1].turns[0].answers, 5);
	book_take(&office, 0, world.snapshot);
	assert_int_equal(answers_told(&office), 0);
	office_free(&office);
}

static void test_inherit(void **state)
{
	(void)state;
	struct office old, new;
	struct totals_values values;
	office_init(&old);
	office_init(&new);
	book_open(&old, world.snapshot);
	book_take(&old, 0, world.snapshot);
	turn_move(&old, 0, world.snapshot, 9);
	totals_reload(&old.totals, RELOAD_PARTLY);
	counter_add(&old.workers[1].serving.counters->queries[TRANSPORT_TCP_IPV6], 3);
	counter_add(&old.workers[0].serving.counters->replies[RCODE_BADVERS], 4);
	counter_add(&old.workers[0].serving.counters->tcp_closed[CLOSE_STOP], 2);
	json_t *json = totals_json(&old.totals);
	assert_non_null(json);
	assert_true(totals_json_inherit(&new.totals, json));
	json_decref(json);
	book_open(&new, world.snapshot);
	book_take(&new, 0, world.snapshot);
	turn_move(&new, 0, world.snapshot, 1);
	counter_add(&new.workers[1].serving.counters->queries[TRANSPORT_TCP_IPV6], 1);
	assert_int_equal(answers_told(&new), 10);
	assert_true(totals_sum(&new.totals, &values));
	assert_int_equal(counter_get(&values.counters.queries[TRANSPORT_TCP_IPV6]), 4);
	assert_int_equal(counter_get(&values.counters.replies[RCODE_BADVERS]), 4);
	assert_int_equal(counter_get(&values.counters.tcp_closed[CLOSE_STOP]), 2);
	assert_int_equal(values.reloads[RELOAD_PARTLY], 1);
	assert_int_equal(values.pool_counts.zones[0].levels[COUNTS_OWN] +
				 values.pool_counts.zones[0].levels[COUNTS_WORLD] +
				 values.pool_counts.zones[0].levels[COUNTS_CONTINENT],
		10);
	pool_counts_free(&values.pool_counts);
	office_free(&old);
	office_free(&new);
}

/* What another process says may be anything. */
static void test_inherit_nonsense(void **state)
{
	static const char *const texts[] = {"{}", "[]", "5",
		"{\"counters\":5,\"zones\":{},\"reloads\":\"x\"}",
		"{\"counters\":{\"queries\":[-1,\"x\",null,1e300,5,6,7,8]},\"reloads\":[-5,{}]}",
		"{\"zones\":[5,{},{\"apex\":5},{\"apex\":\"..\"},{\"apex\":\"a.\",\"pools\":5,"
		"\"members\":[1]}]}",
		"{\"zones\":[{\"apex\":\"clamav.net.\",\"pools\":{\"..\":1,\"a.\":-1},"
		"\"members\":{\"1.2.3.4\":\"x\",\"::g\":5,\"1.2.3\":7,\"::1\":-9,\"::2\":8},"
		"\"levels\":{\"own\":-3,\"country:QQ\":5},\"others\":{},\"refused\":[],"
		"\"pings\":{\"mirrors\":[5],\"unknown\":{\"a\":1},\"malformed\":[],\"flevels\":[3]}"
		"}]}",
		"{\"zones\":[{\"apex\":\"clamav.net.\",\"pings\":7,\"members\":{}},"
		"{\"apex\":\"clamav.net.\",\"pings\":{\"unknown\":[-1,\"x\",3],\"flevels\":{\"5\":-"
		"1},"
		"\"mirrors\":{\"192.0.2.11\":9}}}]}"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct office office;
		json_t *json = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		assert_non_null(json);
		office_init(&office);
		assert_true(totals_json_inherit(&office.totals, json));
		book_open(&office, world.snapshot);
		assert_int_equal(answers_told(&office), 0);
		json_decref(json);
		office_free(&office);
	}
}

static bool healthy(struct office *office, const char *fragment)
{
	bool good;
	char *text = health_page(&office->totals, &good);
	assert_non_null(text);
	if (fragment && !strstr(text, fragment))
		fail_msg("no \"%s\" in %s", fragment, text);
	free(text);
	return good;
}

static void test_health(void **state)
{
	(void)state;
	struct office office;
	uint64_t now = uv_hrtime() / NS_IN_MS;
	office_init(&office);
	book_open(&office, world.snapshot);
	/* The golden world lacks one string on purpose. */
	assert_false(healthy(&office, "lost.cvd has no string"));
	assert_false(healthy(&office, "\"serving\": true"));
	atomic_store(&office.totals.beat, now);
	atomic_store(&office.workers[0].beat, now);
	atomic_store(&office.workers[1].beat, now - 12000);
	healthy(&office, "worker 1 has not responded for 12 s");
	healthy(&office, "\"serving\": false");
	atomic_store(&office.totals.beat, now - 30000);
	healthy(&office, "the server has not checked its files for 30 s");
	office_free(&office);
}

static int setup(void **state)
{
	char why[512];
	(void)state;
	return world_load(&world, why, sizeof(why)) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	world_free(&world);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hand_over),
		cmocka_unit_test(test_pings),
		cmocka_unit_test(test_not_taken),
		cmocka_unit_test(test_inherit),
		cmocka_unit_test(test_inherit_nonsense),
		cmocka_unit_test(test_health),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
