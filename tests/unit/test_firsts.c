/* First places that are told afterwards, against those that pool_pick gave. */
#include "geo/pool.h"

#include "tests/unit/mirror_case.h"

enum { MEMBERS_MAX = 300, RECORD = 16 };

struct network {
	struct mirrors *mirrors;
	struct pools *pools;
	const struct pool_set *set;
	uint32_t n;
};

/* Members 10.0.x.y with weights[i % count]; the export lists them backwards. */
static struct network network_new(
	uint32_t n, uint32_t answers, const int *weights, size_t weight_count)
{
	struct network network = {.n = n};
	struct mirror_text text;
	mirror_text_begin(&text, 1, "2026-11-20T18:00:00Z");
	for (uint32_t i = n; i-- > 0;) {
		char address[32];
		snprintf(address, sizeof address, "\"10.0.%u.%u\"", i / 256, i % 256);
		struct mirror_case row = {
			"a.example", "DE", address, NULL, NULL, weights[i % weight_count], NULL};
		mirror_case_print(text.file, &row);
		fprintf(text.file, i ? "," : "");
	}
	network.mirrors = mirror_text_end(&text);
	network.pools = pools_new(network.mirrors);
	struct pool_rule rule = {.from = POOL_FROM_FIXED,
		.fixed = {PLACE_WORLD, 0},
		.families = {true, true},
		.ttl = 300,
		.answers = answers,
		.min_members = 1};
	struct pool_outcome outcome;
	assert_true(pools_resolve(network.pools, &rule, COUNTRY_NONE, &outcome));
	network.set = outcome.set[POOL_IPV4];
	assert_non_null(network.set);
	return network;
}

static void network_free(struct network *network)
{
	pools_free(network->pools);
	mirrors_free(network->mirrors);
}

/* Goes through `answers` turns and counts who is first. */
static void picks_count(
	const struct network *network, uint32_t turn, uint64_t answers, uint64_t *times)
{
	uint8_t *out = malloc(network->set->answer_size);
	assert_non_null(out);
	for (uint64_t i = 0; i < answers; i++) {
		pool_pick(network->set, turn, out);
		uint32_t member = (uint32_t)(out[14] << 8 | out[15]);
		times[network->n - 1 - member]++;
		turn = turn + 1 < network->set->period ? turn + 1 : 0;
	}
	free(out);
}

static void network_check(const struct network *network, uint32_t turn, uint64_t answers)
{
	uint64_t counted[MEMBERS_MAX] = {0}, told[MEMBERS_MAX] = {0}, all = 0;
	picks_count(network, turn, answers, counted);
	pool_firsts(network->set, turn, answers, told);
	for (uint32_t i = 0; i < network->n; i++) {
		if (told[i] != counted[i])
			fail_msg("%u members, %llu answers from turn %u: address %u is first %llu "
				 "times, told %llu",
				network->n, (unsigned long long)answers, turn, i,
				(unsigned long long)counted[i], (unsigned long long)told[i]);
		all += told[i];
	}
	assert_true(all == answers);
}

static const int one[] = {100}, two[] = {1, 1000}, few[] = {100, 50, 200},
		 odd[] = {3, 7, 11, 13, 17, 19, 23}, near[] = {1000, 999};

static const struct {
	const int *weights;
	size_t count;
	uint32_t n, answers;
} rows[] = {
	{one, 1, 1, 8},
	{one, 1, 2, 1},
	{one, 1, 155, 8},
	{one, 1, 300, 0},
	{two, 2, 2, 8}, /* shares */
	{few, 3, 3, 1},
	{few, 3, 30, 0},
	{odd, 7, 7, 8},
	{odd, 7, 100, 1},
	{near, 2, 150, 1},
	{near, 2, 150, 8}, /* too large for a table */
	{few, 3, 30, 8}, /* a table of answers */
	{odd, 7, 20, 3},
	{two, 2, 12, 4},
};

static void test_told_as_picked(void **state)
{
	(void)state;
	static const uint64_t answers[] = {0, 1, 2, 3, 7, 29, 30, 31, 154, 155, 156, 1000, 4001};
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		struct network network =
			network_new(rows[r].n, rows[r].answers, rows[r].weights, rows[r].count);
		uint32_t period = network.set->period;
		const uint32_t turns[] = {
			0, 1 % period, period / 3, period - 1, period > 100 ? period - 100 : 0};
		for (size_t t = 0; t < sizeof turns / sizeof *turns; t++)
			for (size_t a = 0; a < sizeof answers / sizeof *answers; a++)
				network_check(&network, turns[t], answers[a]);
		network_free(&network);
	}
}

/* Many rounds are told without going through them: each has the same number of first places. */
static void test_long(void **state)
{
	(void)state;
	struct network network = network_new(3, 8, few, 3);
	uint64_t told[3] = {5, 5, 5};
	pool_firsts(network.set, 4, 7 * UINT64_C(1000000000000), told);
	assert_true(told[2] == 5 + 2 * UINT64_C(1000000000000));
	assert_true(told[1] == 5 + UINT64_C(1000000000000));
	assert_true(told[0] == 5 + 4 * UINT64_C(1000000000000));
	network_free(&network);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told_as_picked),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
