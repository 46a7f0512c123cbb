/* Rotation, counted out over whole periods: who is first, comes second, is in the answer. */
#include "geo/pool.h"

#include "tests/unit/mirror_case.h"

enum { MEMBERS_MAX = 700, RECORD = 16 };

struct rotation {
	struct mirrors *mirrors;
	struct pools *pools;
	const struct pool_set *set;
	uint32_t n;
	uint8_t answer[MEMBERS_MAX * RECORD];
	uint32_t order[MEMBERS_MAX]; /* members of the last answer */
	uint32_t first[MEMBERS_MAX], in[MEMBERS_MAX];
	uint32_t (*second)[MEMBERS_MAX]; /* [first][second] */
};

/* n members 10.0.x.y of Germany with weights[i % count]. */
static struct rotation *rotation_new(
	uint32_t n, uint32_t answers, const int *weights, size_t weight_count)
{
	struct rotation *rotation = calloc(1, sizeof *rotation);
	struct mirror_text text;
	mirror_text_begin(&text, 1, "2026-11-20T18:00:00Z");
	for (uint32_t i = 0; i < n; i++) {
		char address[32];
		snprintf(address, sizeof address, "\"10.0.%u.%u\"", i / 256, i % 256);
		struct mirror_case row = {"a.example", "DE", address, NULL, NULL,
			weights ? weights[i % weight_count] : 0, NULL};
		fprintf(text.file, i ? "," : "");
		mirror_case_print(text.file, &row);
	}
	rotation->n = n;
	rotation->mirrors = mirror_text_end(&text);
	rotation->pools = pools_new(rotation->mirrors);
	rotation->second = calloc(n, sizeof *rotation->second);
	struct pool_rule rule = {.from = POOL_FROM_FIXED,
		.fixed = {PLACE_WORLD, 0},
		.families = {true, true},
		.ttl = 300,
		.answers = answers,
		.min_members = 1};
	struct pool_outcome outcome;
	assert_true(pools_resolve(rotation->pools, &rule, COUNTRY_NONE, &outcome));
	rotation->set = outcome.set[POOL_IPV4];
	assert_non_null(rotation->set);
	assert_null(outcome.set[POOL_IPV6]);
	assert_int_equal(rotation->set->answer_size, rotation->set->answer_count * RECORD);
	return rotation;
}

static void rotation_free(struct rotation *rotation)
{
	pools_free(rotation->pools);
	mirrors_free(rotation->mirrors);
	free(rotation->second);
	free(rotation);
}

/* One turn: every record is whole and nobody is there twice. */
static void rotation_turn(struct rotation *rotation, uint32_t turn)
{
	static const uint8_t head[12] = {0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4};
	static uint32_t seen[MEMBERS_MAX], stamp;
	stamp++;
	pool_pick(rotation->set, turn, rotation->answer);
	for (uint32_t i = 0; i < rotation->set->answer_count; i++) {
		const uint8_t *record = rotation->answer + i * RECORD;
		assert_memory_equal(record, head, sizeof head);
		uint32_t member = (uint32_t)(record[14] << 8 | record[15]);
		assert_true(member < rotation->n);
		assert_int_not_equal(seen[member], stamp);
		seen[member] = stamp;
		rotation->order[i] = member;
		rotation->in[member]++;
	}
	rotation->first[rotation->order[0]]++;
	if (rotation->set->answer_count > 1)
		rotation->second[rotation->order[0]][rotation->order[1]]++;
}

/* Equal members: strict round robin, equal shares of answers and, over a period, second places. */
static void equal_check(uint32_t n, uint32_t answers)
{
	struct rotation *rotation = rotation_new(n, answers, NULL, 0);
	uint32_t period = rotation->set->period;
	assert_int_equal(period % n, 0);
	for (uint32_t turn = 0; turn < period; turn++) {
		rotation_turn(rotation, turn);
		assert_int_equal(rotation->order[0], turn % n);
	}
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(rotation->first[i], period / n);
		assert_int_equal(rotation->in[i], period / n * rotation->set->answer_count);
		for (uint32_t k = 0; n <= 64 && rotation->set->answer_count > 1 && k < n; k++)
			assert_int_equal(rotation->second[i][k], k == i ? 0 : period / n / (n - 1));
	}
	rotation_free(rotation);
}

static void test_equal(void **state)
{
	(void)state;
	static const uint32_t answers[] = {1, 2, 3, 8, 0};
	for (uint32_t n = 1; n <= 70; n++) {
		for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
			equal_check(n, answers[i]);
	}
}

static void test_window(void **state)
{
	(void)state;
	/* Any 3 n turns, also across the wrap, have everybody first three times. */
	struct rotation *rotation = rotation_new(37, 8, NULL, 0);
	uint32_t period = rotation->set->period;
	for (uint32_t start = period - 200; start < period + 200; start++) {
		memset(rotation->first, 0, sizeof rotation->first);
		for (uint32_t i = 0; i < 3 * rotation->n; i++)
			rotation_turn(rotation, (start + i) % period);
		for (uint32_t i = 0; i < rotation->n; i++)
			assert_int_equal(rotation->first[i], 3);
	}
	rotation_free(rotation);
}

static void test_many_followers(void **state)
{
	(void)state;
	static const uint32_t sizes[] = {
		65, 66, 67, 100, 127, 128, 200, 240, 255, 256, 257, 300, 511, 512, 699, 700};
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		struct rotation *rotation = rotation_new(sizes[s], 8, NULL, 0);
		for (uint32_t turn = 0; turn < rotation->set->period; turn++)
			rotation_turn(rotation, turn);
		for (uint32_t i = 0; i < rotation->n; i++) {
			unsigned followers = 0;
			for (uint32_t k = 0; k < rotation->n; k++)
				followers += rotation->second[i][k] > 0;
			if (followers < 16)
				fail_msg("%u members: %u has %u followers", rotation->n, i,
					followers);
		}
		rotation_free(rotation);
	}
}

/* Weighted members have their shares of first places in any round, wherever it starts. */
static uint32_t firsts_check(struct rotation *rotation, const int *weights, uint32_t common)
{
	uint32_t slots = 0;
	for (uint32_t i = 0; i < rotation->n; i++)
		slots += (uint32_t)weights[i] / common;
	assert_int_equal(rotation->set->period % slots, 0);
	for (uint32_t start = 0; start < 3; start++) {
		memset(rotation->first, 0, sizeof rotation->first);
		for (uint32_t turn = 0; turn < slots; turn++)
			rotation_turn(rotation, (start * 5 + turn) % rotation->set->period);
		for (uint32_t i = 0; i < rotation->n; i++)
			assert_int_equal(rotation->first[i], (uint32_t)weights[i] / common);
	}
	return slots;
}

/* Counts one whole period. */
static void period_count(struct rotation *rotation)
{
	memset(rotation->in, 0, sizeof rotation->in);
	memset(rotation->first, 0, sizeof rotation->first);
	memset(rotation->second, 0, rotation->n * sizeof *rotation->second);
	for (uint32_t turn = 0; turn < rotation->set->period; turn++)
		rotation_turn(rotation, turn);
}

/* One or all members in an answer: every other one comes second equally often. */
static void weighted_check(uint32_t n, uint32_t answers, const int *weights, uint32_t common)
{
	struct rotation *rotation = rotation_new(n, answers, weights, n);
	uint32_t slots = firsts_check(rotation, weights, common);
	uint32_t period = rotation->set->period, places = rotation->set->answer_count;
	assert_int_equal(period, slots * (n - 1));
	period_count(rotation);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t share = (uint32_t)weights[i] / common;
		assert_int_equal(rotation->first[i], share * (n - 1));
		assert_int_equal(rotation->in[i], places == 1 ? rotation->first[i] : period);
		for (uint32_t k = 0; places > 1 && k < n; k++)
			assert_int_equal(rotation->second[i][k], k == i ? 0 : share);
	}
	rotation_free(rotation);
}

/* How often a member is in when it is not too heavy: the level to which other places fill up the
 * first ones of as many members as they can. */
static double level_find(const struct rotation *rotation)
{
	double places = (double)rotation->set->period * rotation->set->answer_count, level = 0;
	uint32_t light = rotation->n, before = 0;
	bool heavy[MEMBERS_MAX] = {false};
	while (light != before) {
		before = light;
		level = places / light;
		for (uint32_t i = 0; i < rotation->n; i++) {
			if (heavy[i] || rotation->first[i] <= level)
				continue;
			heavy[i] = true;
			places -= rotation->first[i];
			light--;
		}
	}
	return level;
}

/* How many different members came second behind this one. */
static unsigned followers_count(const struct rotation *rotation, uint32_t first)
{
	unsigned followers = 0;
	for (uint32_t k = 0; k < rotation->n; k++)
		followers += rotation->second[first][k] > 0;
	return followers;
}

/* More members than places: everybody is in equally often, or first too often for that. */
static void balance_check(uint32_t n, uint32_t answers, const int *weights, uint32_t common)
{
	struct rotation *rotation = rotation_new(n, answers, weights, n);
	uint32_t slots = firsts_check(rotation, weights, common);
	uint32_t period = rotation->set->period;
	period_count(rotation);
	double level = level_find(rotation);
	uint32_t light = 0; /* who has other places to speak of */
	for (uint32_t i = 0; i < n; i++)
		light += rotation->first[i] < level * 3 / 4;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t first = rotation->first[i];
		assert_int_equal(first, (uint32_t)weights[i] / common * (period / slots));
		double wanted = first > level ? first : level;
		double off = rotation->in[i] / wanted - 1;
		if (off > 0.02 || off < -0.02)
			fail_msg("%u of %u: %u is in %u answers of %u, wanted %.1f", answers, n, i,
				rotation->in[i], period, wanted);
		unsigned followers = followers_count(rotation, i);
		unsigned many = light - (first < level * 3 / 4);
		if (many > 16)
			many = 16;
		if (followers < many && followers < first / 2)
			fail_msg("%u of %u: %u has %u followers, first %u times", answers, n, i,
				followers, first);
	}
	rotation_free(rotation);
}

static void test_weighted(void **state)
{
	(void)state;
	static const int few[] = {100, 50, 200}, two[] = {1, 1000}, odd[] = {3, 3, 3, 6, 9},
			 heavy[] = {1, 1, 1, 1, 900, 1, 1, 1, 1, 1, 1, 1},
			 mixed[] = {7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53};
	static const struct {
		const int *weights;
		uint32_t n, common;
	} rows[] = {{few, 3, 50}, {two, 2, 1}, {odd, 5, 3}, {heavy, 12, 1}, {mixed, 13, 1}};
	static const uint32_t answers[] = {1, 2, 3, 8, 0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t k = 0; k < sizeof answers / sizeof *answers; k++) {
			bool some = answers[k] > 1 && answers[k] < rows[i].n;
			(some ? balance_check : weighted_check)(
				rows[i].n, answers[k], rows[i].weights, rows[i].common);
		}
	}
}

static void test_weighted_balance(void **state)
{
	(void)state;
	/* One weight, then the others in turn. */
	static const struct {
		uint32_t n, answers, common;
		int first, others[2];
	} rows[] = {
		{10, 4, 100, 300, {100, 100}},
		{20, 3, 100, 1000,
			{100, 100}}, /* a third of all first places: cannot be balanced */
		{10, 9, 1, 1000, {1, 1}},
		{10, 9, 100, 1000, {900, 100}}, /* several are too heavy */
		{40, 8, 50, 100, {50, 100}},
		{40, 2, 50, 100, {50, 100}},
		{64, 8, 1, 100, {99, 100}},
		{65, 8, 50, 500, {100, 50}},
		{200, 8, 1, 33, {100, 100}},
		{600, 8, 50, 500, {100, 50}},
		{3, 2, 1, 1, {2, 3}},
	};
	int weights[MEMBERS_MAX];
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		for (uint32_t i = 0; i < rows[r].n; i++)
			weights[i] = i ? rows[r].others[i % 2] : rows[r].first;
		balance_check(rows[r].n, rows[r].answers, weights, rows[r].common);
	}
	uint32_t number = 1;
	for (uint32_t n = 3; n < 64; n += 10) {
		for (uint32_t i = 0; i < n; i++) {
			number = number * 1103515245 + 12345;
			weights[i] = (int)(number >> 16) % 1000 + 1;
		}
		weights[0] = 997; /* so that no other divisor than 1 is common */
		weights[1] = 10;
		for (uint32_t answers = 2; answers < n; answers = answers * 4)
			balance_check(n, answers, weights, 1);
	}
}

static void test_weighted_seconds(void **state)
{
	(void)state;
	/* With nearly equal weights everybody comes second behind everybody about equally often. */
	int weights[64];
	for (size_t i = 0; i < 64; i++)
		weights[i] = i % 2 ? 99 : 100;
	struct rotation *rotation = rotation_new(64, 8, weights, 64);
	period_count(rotation);
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t mean = rotation->first[i] / 63;
		for (uint32_t k = 0; k < 64; k++) {
			if (k != i)
				assert_in_range(
					rotation->second[i][k], mean / 2 + mean % 2, 4 * mean);
		}
		assert_int_equal(rotation->second[i][i], 0);
	}
	rotation_free(rotation);
}

static void test_weighted_large(void **state)
{
	(void)state;
	/* Too large for a table: first places by weight, the others equally often among the
	 * rest. */
	int weights[150];
	for (size_t i = 0; i < 150; i++)
		weights[i] = i % 2 ? 999 : 1000;
	struct rotation *rotation = rotation_new(150, 8, weights, 150);
	assert_int_equal(rotation->set->period, 75 * 1999 * 149);
	for (uint32_t turn = 0; turn < 75 * 1999; turn++)
		rotation_turn(rotation, turn);
	for (uint32_t i = 0; i < 150; i++) {
		assert_int_equal(rotation->first[i], weights[i]);
		assert_in_range(rotation->in[i], 7900, 8100);
	}
	rotation_free(rotation);
}

static void test_weighted_spread(void **state)
{
	(void)state;
	/* Half of the weight on one of 65: within one round, its first places are never three in a
	 * row, and it has every other one as its second about equally often. */
	int weights[65];
	for (size_t i = 0; i < 65; i++)
		weights[i] = i == 20 ? 640 : 10;
	struct rotation *rotation = rotation_new(65, 8, weights, 65);
	unsigned row = 0;
	for (uint32_t turn = 0; turn < 128 * 20; turn++) {
		rotation_turn(rotation, turn % rotation->set->period);
		row = rotation->order[0] == 20 ? row + 1 : 0;
		assert_true(row < 3);
	}
	for (uint32_t i = 0; i < 65; i++) {
		if (i != 20)
			assert_in_range(rotation->second[20][i], 10, 40);
	}
	rotation_free(rotation);
}

static void test_wide(void **state)
{
	(void)state;
	/* answers = 0: all of 700 in every answer. */
	struct rotation *rotation = rotation_new(700, 0, NULL, 0);
	assert_int_equal(rotation->set->answer_count, 700);
	for (uint32_t turn = 0; turn < 2000; turn++)
		rotation_turn(rotation, turn * 7);
	rotation_free(rotation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_many_followers),
		cmocka_unit_test(test_weighted),
		cmocka_unit_test(test_weighted_balance),
		cmocka_unit_test(test_weighted_seconds),
		cmocka_unit_test(test_weighted_large),
		cmocka_unit_test(test_weighted_spread),
		cmocka_unit_test(test_wide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
