/* Candidate sets: who is asked at which level, who tops up, what is one object. */
#include "geo/pool.h"
#include "geo/walk.h"

#include "tests/unit/mirror_case.h"

static const struct mirror_case network[] = {
	{"b.de", "de", "\"10.0.0.2\"", NULL, NULL, 200, NULL},
	{"a.de", "DE", "\"10.0.0.1\"", "\"2001:db8::1\"", NULL, 0, NULL},
	{"fr", "FR", "\"10.0.0.3\"", "\"2001:db8::3\"", "old", 0, NULL},
	{"pl", "PL", "\"10.0.0.4\"", NULL, "removed", 0, NULL},
	{"us", "US", "\"10.0.0.5\"", NULL, NULL, 0, NULL},
	{"off.us", "US", "\"10.0.0.6\"", "\"2001:db8::6\"", "disabled", 0, NULL},
	{"ca", "CA", NULL, "\"2001:db8::7\"", NULL, 0, NULL},
	{"jp", "JP", "\"10.0.0.8\"", "\"2001:db8::8\"", "removed", 0, NULL},
	{"cn", "CN", "\"10.0.0.9\"", NULL, "disabled", 0, NULL},
	{"uk", "uk", "\"10.0.0.10\"", "\"2001:db8::a\"", NULL, 0, NULL},
	{0},
};

struct row {
	const char *place; /* "client", "client:DE", "label:DE", or a fixed one as in fallback */
	const char *fallback; /* "continent", "world", "+EU", "FR" */
	uint32_t min_members, answers;
	bool together, fail_open;
	const char *families; /* "46" */
	const char *ipv4, *ipv6; /* last octets, '+' before those that top up; "-": NODATA */
};

static struct pool_place place_parse(const char *text, size_t size)
{
	if (strncmp(text, "world", size) == 0)
		return (struct pool_place){PLACE_WORLD, 0};
	if (strncmp(text, "continent", size) == 0)
		return (struct pool_place){PLACE_CONTINENT, CONTINENT_NONE};
	if (text[0] == '+')
		return (struct pool_place){
			PLACE_CONTINENT, (uint16_t)continent_find(text + 1, size - 1)};
	assert_int_not_equal(country_find(text, size), COUNTRY_NONE);
	return (struct pool_place){PLACE_COUNTRY, (uint16_t)country_find(text, size)};
}

/* The rule of a row and the country that is asked for. */
static unsigned row_rule(const struct row *row, struct pool_rule *rule)
{
	const char *colon = strchr(row->place, ':');
	*rule = (struct pool_rule){.from = POOL_FROM_FIXED,
		.families = {strchr(row->families, '4') != NULL,
			strchr(row->families, '6') != NULL},
		.together = row->together,
		.fail_open = row->fail_open,
		.ttl = 300,
		.answers = row->answers,
		.min_members = row->min_members};
	for (const char *at = row->fallback; *at;) {
		size_t size = strcspn(at, " ");
		rule->fallback[rule->fallback_count++] = place_parse(at, size);
		at += size + (at[size] == ' ');
	}
	if (strncmp(row->place, "client", 6) == 0)
		rule->from = POOL_FROM_CLIENT;
	else if (strncmp(row->place, "label", 5) == 0)
		rule->from = POOL_FROM_LABEL;
	else
		rule->fixed = place_parse(row->place, strlen(row->place));
	return colon ? country_find(colon + 1, strlen(colon + 1)) : COUNTRY_NONE;
}

static void set_write(const struct pool_set *set, unsigned last, char *text)
{
	struct pool_member member;
	text[0] = '\0';
	if (!set)
		strcpy(text, "-");
	for (uint32_t i = 0; set && i < set->members; i++) {
		assert_true(pool_member(set, i, &member));
		text += sprintf(
			text, "%s%s%u", i ? " " : "", member.own ? "" : "+", member.octets[last]);
	}
	if (set)
		assert_false(pool_member(set, set->members, &member));
}

static void row_check(
	const struct row *row, const struct pool_set *set, const char *expected, unsigned last)
{
	char text[256];
	set_write(set, last, text);
	if (strcmp(text, expected) != 0)
		fail_msg("%s [%s] min-members %u answers %u: members %s, expected %s", row->place,
			row->fallback, row->min_members, row->answers, text, expected);
}

static const struct row rows[] = {
	/* Levels. */
	{"label:DE", "continent world", 1, 8, false, true, "46", "1 2", "1"},
	{"client:DE", "", 1, 8, false, true, "46", "1 2", "1"},
	{"label:FR", "continent world", 1, 8, false, true, "46", "3", "3"},
	{"label:GB", "continent world", 1, 8, false, true, "46", "10", "10"},
	{"label:PL", "continent world", 1, 8, false, true, "46", "1 2 3 10", "1 3 10"},
	{"label:CA", "continent world", 1, 8, false, true, "46", "5", "7"},
	{"label:US", "continent world", 1, 8, false, true, "46", "5", "7"},
	{"label:CN", "continent world", 1, 8, false, true, "46", "1 2 3 5 10", "1 3 7 10"},
	{"client", "continent world", 1, 8, false, true, "46", "1 2 3 5 10", "1 3 7 10"},
	{"client", "", 1, 8, false, true, "46", "1 2 3 5 10", "1 3 7 10"},
	{"world", "continent", 1, 8, false, true, "46", "1 2 3 5 10", "1 3 7 10"},
	{"+EU", "continent world", 1, 8, false, true, "46", "1 2 3 10", "1 3 10"},
	{"+AS", "continent world", 1, 8, false, true, "46", "1 2 3 5 10", "1 3 7 10"},
	{"FR", "world", 1, 8, false, true, "46", "3", "3"},
	{"label:PL", "DE FR world", 1, 8, false, true, "46", "1 2", "1"},
	{"label:PL", "+NA world", 1, 8, false, true, "46", "5", "7"},
	{"label:AU", "", 1, 8, false, true, "46", "-", "-"},
	{"label:DE", "world", 1, 8, false, true, "6", "-", "1"},
	{"label:DE", "world", 1, 8, false, true, "4", "1 2", "-"},
	/* Together: the first level where either has somebody decides both. */
	{"label:US", "continent world", 1, 8, true, true, "46", "5", "-"},
	{"label:CA", "continent world", 1, 8, true, true, "46", "-", "7"},
	{"label:CA", "continent world", 1, 8, true, true, "4", "5", "-"},
	{"label:PL", "continent world", 1, 8, true, true, "46", "1 2 3 10", "1 3 10"},
	{"label:US", "continent world", 3, 8, true, true, "46", "5 +1 +2 +3 +10", "-"},
	/* Independent: a family without members is NODATA as long as the other one has some. */
	{"label:US", "", 1, 8, false, true, "46", "5", "-"},
	/* Fail open: only those removed, never those disabled, and only when both families are
	 * empty. */
	{"label:PL", "", 1, 8, false, true, "46", "4", "-"},
	{"label:PL", "", 1, 8, false, false, "46", "-", "-"},
	{"label:JP", "", 1, 8, false, true, "46", "8", "8"},
	{"label:JP", "continent", 1, 8, false, true, "46", "8", "8"},
	{"label:CN", "continent", 1, 8, false, true, "46", "8", "8"},
	{"label:CN", "", 1, 8, false, true, "46", "-", "-"},
	{"label:PL", "JP", 1, 8, false, true, "46", "4", "8"},
	{"label:PL", "JP", 1, 8, true, true, "46", "4", "-"},
	{"label:PL", "JP", 2, 8, false, true, "46", "4 +8", "8"},
	{"label:PL", "US", 1, 8, false, true, "6", "-", "-"},
	/* Top-up: whole levels, until there are enough; nobody twice. */
	{"label:DE", "continent world", 2, 8, false, true, "46", "1 2", "1 +3 +10"},
	{"label:DE", "continent world", 3, 8, false, true, "46", "1 2 +3 +10", "1 +3 +10"},
	{"label:DE", "continent world", 5, 8, false, true, "46", "1 2 +3 +10 +5", "1 +3 +10 +7"},
	{"label:DE", "continent world", 99, 8, false, true, "46", "1 2 +3 +10 +5", "1 +3 +10 +7"},
	{"label:DE", "world continent", 3, 8, false, true, "46", "1 2 +3 +5 +10", "1 +3 +7 +10"},
	{"label:DE", "DE continent DE", 3, 8, false, true, "46", "1 2 +3 +10", "1 +3 +10"},
	{"label:DE", "US FR", 4, 8, false, true, "46", "1 2 +5 +3", "1 +3"},
	{"label:PL", "DE world", 3, 8, false, true, "46", "1 2 +3 +5 +10", "1 +3 +7 +10"},
	{"label:FR", "continent world", 9, 0, false, true, "46", "3 +1 +2 +10 +5", "3 +1 +10 +7"},
	/* Whoever cannot get a place is no candidate. */
	{"label:DE", "continent world", 5, 2, false, true, "46", "1 2", "1 +3 +10"},
	{"label:DE", "continent world", 5, 3, false, true, "46", "1 2 +3 +10", "1 +3 +10"},
};

/* What is decided is what the sets are made of. */
static void decision_check(
	const struct row *row, const struct walk *walk, const struct pool_outcome *outcome)
{
	const struct pool_set *set;
	struct pool_member member;
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		int level = walk->own[f];
		set = outcome->set[f];
		assert_int_equal(walk->last[f] == WALK_NONE, !strchr(row->families, "46"[f]));
		assert_int_equal(level == WALK_NONE, !set);
		assert_int_equal(walk->members[f], set ? set->members : 0);
		for (uint32_t i = 0, of = 0; set && i < set->members; i++, of++) {
			for (; of == walk->levels[level].candidates[f]; of = 0)
				level++;
			assert_true(pool_member(set, i, &member));
			assert_int_equal(member.own, level == walk->own[f]);
			assert_true(level <= walk->last[f]);
			unsigned country =
				country_find(network[member.mirror].country, strlen("DE"));
			assert_true(walk_place_has(&walk->levels[level].place, country));
		}
	}
}

/* The last level asked: of all that are there, when there are still too few. */
static void test_last(void **state)
{
	static const struct {
		struct row row;
		int last[POOL_FAMILIES];
		bool open;
	} cases[] = {
		{{"label:DE", "continent world", 1, 8, false, true, "46", "", ""}, {0, 0}, false},
		{{"label:DE", "continent world", 3, 8, false, true, "4", "", ""}, {1, -1}, false},
		{{"label:DE", "continent world", 99, 8, false, true, "46", "", ""}, {2, 2}, false},
		{{"label:DE", "continent world", 99, 3, false, true, "46", "", ""}, {1, 1}, false},
		{{"label:DE", "world continent", 99, 8, false, true, "46", "", ""}, {2, 2}, false},
		{{"label:CA", "continent world", 1, 8, true, true, "46", "", ""}, {2, 0}, false},
		{{"label:JP", "continent", 1, 8, false, true, "46", "", ""}, {0, 0}, true},
		{{"label:CN", "", 1, 8, false, true, "46", "", ""}, {0, 0}, false},
	};
	struct mirrors *mirrors = mirror_cases(network);
	struct pools *pools = pools_new(mirrors);
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pool_rule rule;
		struct walk walk;
		unsigned country = row_rule(&cases[i].row, &rule);
		pools_decide(pools, &rule, country, &walk);
		for (unsigned f = 0; f < POOL_FAMILIES; f++)
			assert_int_equal(walk.last[f], cases[i].last[f]);
		assert_int_equal(walk.open, cases[i].open);
	}
	pools_free(pools);
	mirrors_free(mirrors);
}

static void test_levels(void **state)
{
	(void)state;
	struct mirrors *mirrors = mirror_cases(network);
	struct pools *pools = pools_new(mirrors);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pool_rule rule;
		struct pool_outcome outcome, again;
		struct walk walk;
		unsigned country = row_rule(&rows[i], &rule);
		assert_true(pools_resolve(pools, &rule, country, &outcome));
		row_check(&rows[i], outcome.set[POOL_IPV4], rows[i].ipv4, 3);
		row_check(&rows[i], outcome.set[POOL_IPV6], rows[i].ipv6, 15);
		pools_decide(pools, &rule, country, &walk);
		decision_check(&rows[i], &walk, &outcome);
		assert_true(pools_resolve(pools, &rule, country, &again));
		assert_ptr_equal(outcome.set[0], again.set[0]);
		assert_ptr_equal(outcome.set[1], again.set[1]);
	}
	pools_free(pools);
	mirrors_free(mirrors);
}

static const struct pool_set *resolve(
	struct pools *pools, const struct row *row, enum pool_family family)
{
	struct pool_rule rule;
	struct pool_outcome outcome;
	unsigned country = row_rule(row, &rule);
	assert_true(pools_resolve(pools, &rule, country, &outcome));
	return outcome.set[family];
}

static void test_one_object(void **state)
{
	(void)state;
	struct mirrors *mirrors = mirror_cases(network);
	struct pools *pools = pools_new(mirrors);
	struct row row = {"label:DE", "world", 1, 8, false, true, "46", NULL, NULL};
	const struct pool_set *germany = resolve(pools, &row, POOL_IPV4);
	row.answers = 0; /* two of two either way */
	assert_ptr_equal(resolve(pools, &row, POOL_IPV4), germany);
	row.answers = 1;
	const struct pool_set *one = resolve(pools, &row, POOL_IPV4);
	assert_ptr_not_equal(one, germany);
	assert_true(one->key != germany->key);
	row.answers = 8;
	row.place = "client:DE";
	assert_ptr_equal(resolve(pools, &row, POOL_IPV4), germany);
	row.place = "DE";
	assert_ptr_equal(resolve(pools, &row, POOL_IPV4), germany);
	/* China and Japan both end up with the world. */
	row.place = "label:CN";
	const struct pool_set *world = resolve(pools, &row, POOL_IPV4);
	row.place = "label:JP";
	assert_ptr_equal(resolve(pools, &row, POOL_IPV4), world);
	row.place = "world";
	assert_ptr_equal(resolve(pools, &row, POOL_IPV4), world);
	assert_ptr_not_equal(resolve(pools, &row, POOL_IPV6), world);
	/* US and NA have the same IPv4 members. */
	row.place = "US";
	const struct pool_set *us = resolve(pools, &row, POOL_IPV4);
	row.place = "+NA";
	assert_ptr_equal(resolve(pools, &row, POOL_IPV4), us);
	/* The same members in another order of levels. */
	struct row thin = {"FR", "US GB", 3, 8, false, true, "4", NULL, NULL};
	const struct pool_set *order = resolve(pools, &thin, POOL_IPV4);
	thin.fallback = "GB US";
	assert_ptr_not_equal(resolve(pools, &thin, POOL_IPV4), order);
	assert_true(resolve(pools, &thin, POOL_IPV4)->key != order->key);
	/* Germany's two weights: what is in an answer of one or of all does not depend on
	 * places. */
	assert_ptr_equal(one->groups[0].layout, germany->groups[0].layout);
	/* The world's are in answers of three and of four by different tables. */
	row = (struct row){"world", "", 1, 3, false, true, "46", NULL, NULL};
	const struct pool_set *three = resolve(pools, &row, POOL_IPV4);
	const struct pool_set *equal_three = resolve(pools, &row, POOL_IPV6);
	assert_ptr_equal(resolve(pools, &row, POOL_IPV4), three);
	row.answers = 4;
	assert_ptr_not_equal(
		resolve(pools, &row, POOL_IPV4)->groups[0].layout, three->groups[0].layout);
	row.answers = 2;
	assert_ptr_equal(
		resolve(pools, &row, POOL_IPV6)->groups[0].layout, equal_three->groups[0].layout);
	pools_free(pools);
	mirrors_free(mirrors);
}

static uint64_t key_of(const struct mirror_case *rows_of, uint32_t ttl)
{
	struct mirrors *mirrors = mirror_cases(rows_of);
	struct pools *pools = pools_new(mirrors);
	struct pool_rule rule = {.from = POOL_FROM_FIXED,
		.fixed = {PLACE_WORLD, 0},
		.families = {true, true},
		.ttl = ttl,
		.answers = 8};
	struct pool_outcome outcome;
	assert_true(pools_resolve(pools, &rule, COUNTRY_NONE, &outcome));
	uint64_t key = outcome.set[POOL_IPV4]->key;
	pools_free(pools);
	mirrors_free(mirrors);
	return key;
}

static void test_key(void **state)
{
	(void)state;
	/* Order in the export, hosts and `old` do not matter; addresses, weights and TTL do. */
	const struct mirror_case a = {"a", "DE", "\"10.0.0.1\"", NULL, "ok", 1, NULL};
	const struct mirror_case b = {"b", "DE", "\"10.0.0.2\"", NULL, "ok", 2, NULL};
	const struct mirror_case other_b = {"c", "FR", "\"10.0.0.2\"", NULL, "old", 2, NULL};
	const struct mirror_case heavy_b = {"b", "DE", "\"10.0.0.2\"", NULL, "ok", 3, NULL};
	const struct mirror_case moved_b = {"b", "DE", "\"10.0.0.3\"", NULL, "ok", 2, NULL};
	uint64_t key = key_of((struct mirror_case[]){a, b, {0}}, 300);
	assert_true(key_of((struct mirror_case[]){b, a, {0}}, 300) == key);
	assert_true(key_of((struct mirror_case[]){a, other_b, {0}}, 300) == key);
	assert_true(key_of((struct mirror_case[]){a, heavy_b, {0}}, 300) != key);
	assert_true(key_of((struct mirror_case[]){a, moved_b, {0}}, 300) != key);
	assert_true(key_of((struct mirror_case[]){a, b, {0}}, 301) != key);
	assert_true(key_of((struct mirror_case[]){a, {0}}, 300) != key);
}

static void test_level_counts(void **state)
{
	(void)state;
	struct mirrors *mirrors = mirror_cases(network);
	struct pools *pools = pools_new(mirrors);
	struct row row = {"label:US", "continent JP US world", 1, 8, false, true, "46", "", ""};
	static const struct {
		uint8_t kind;
		uint32_t in_service[2], listed[2];
	} expected[] = {
		{PLACE_COUNTRY, {1, 0}, {2, 1}},
		{PLACE_CONTINENT, {1, 1}, {2, 2}},
		{PLACE_COUNTRY, {0, 0}, {1, 1}},
		{PLACE_WORLD, {5, 4}, {9, 6}},
	};
	struct pool_rule rule;
	struct walk walk;
	unsigned country = row_rule(&row, &rule);
	pools_decide(pools, &rule, country, &walk);
	assert_int_equal(walk.count, 4);
	const struct walk_level *levels = walk.levels;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(levels[i].place.kind, expected[i].kind);
		for (size_t f = 0; f < POOL_FAMILIES; f++) {
			assert_int_equal(levels[i].in_service[f], expected[i].in_service[f]);
			assert_int_equal(levels[i].listed[f], expected[i].listed[f]);
		}
	}
	assert_int_equal(levels[1].place.code, CONTINENT_NA);
	pools_free(pools);
	mirrors_free(mirrors);
}

/* `n` members in each of DE, FR and US, as 10.0.COUNTRY.x. */
static struct mirrors *three_countries(unsigned n, bool ipv6)
{
	static const char *const codes[] = {"DE", "FR", "US"};
	struct mirror_text text;
	mirror_text_begin(&text, 1, "2026-11-20T18:00:00Z");
	for (unsigned i = 0; i < 3 * n; i++) {
		char address[64];
		snprintf(address, sizeof address, ipv6 ? "\"2001:db8:%x::%x\"" : "\"10.%u.%u.%u\"",
			i / n, ipv6 ? i % n + 1 : i % n / 250, i % n % 250);
		struct mirror_case row = {"m", codes[i / n], ipv6 ? NULL : address,
			ipv6 ? address : NULL, NULL, i % n == 0 ? 500 : 0, NULL};
		fprintf(text.file, i ? "," : "");
		mirror_case_print(text.file, &row);
	}
	return mirror_text_end(&text);
}

static void test_top_up_rotation(void **state)
{
	(void)state;
	/* Three own members, then five places over the 3 of the continent and 3 of the world. */
	struct mirrors *mirrors = three_countries(3, false);
	struct pools *pools = pools_new(mirrors);
	struct row row = {"label:DE", "continent world", 7, 5, false, true, "4", NULL, NULL};
	const struct pool_set *set = resolve(pools, &row, POOL_IPV4);
	assert_int_equal(set->group_count, 2);
	assert_int_equal(set->answer_count, 5);
	unsigned count[3][3] = {{0}};
	for (uint32_t turn = 0; turn < set->period; turn++) {
		uint8_t answer[5 * 16];
		pool_pick(set, turn, answer);
		for (unsigned i = 0; i < 5; i++) {
			const uint8_t *address = answer + i * 16 + 12;
			assert_int_equal(address[1], i < 3 ? 0 : 1);
			count[address[1]][address[3]]++;
		}
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(count[0][i], set->period);
		assert_int_equal(count[1][i], set->period * 2 / 3);
	}
	row.answers = 8;
	set = resolve(pools, &row, POOL_IPV4);
	assert_int_equal(set->group_count, 3);
	assert_int_equal(set->groups[2].count, 2);
	/* Weights do not count among those who top up: any n k turns hold them equally often. */
	for (uint32_t start = 0; start < 50; start++) {
		unsigned in[3] = {0};
		for (uint32_t turn = start; turn < start + 6; turn++) {
			uint8_t answer[8 * 16];
			pool_pick(set, turn, answer);
			in[answer[6 * 16 + 15]]++;
			in[answer[7 * 16 + 15]]++;
			assert_int_equal(answer[7 * 16 + 13], 2);
		}
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(in[i], 4);
	}
	/* Where there is less room the last ones are left out, of whatever group. */
	for (size_t room = 0; room < 8 * 16; room += 5) {
		uint8_t whole[8 * 16], cut[8 * 16];
		pool_pick(set, 7, whole);
		assert_int_equal(pool_pick_within(set, 7, room, cut), room / 16);
		assert_memory_equal(cut, whole, room / 16 * 16);
	}
	pools_free(pools);
	mirrors_free(mirrors);
}

static void test_size_limit(void **state)
{
	(void)state;
	static const uint32_t sizes[] = {16, 28}, limits[] = {4027, 2301};
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		struct mirrors *mirrors = three_countries(2000, f == POOL_IPV6);
		struct pools *pools = pools_new(mirrors);
		struct row row = {"world", "", 1, 0, false, true, "46", NULL, NULL};
		const struct pool_set *set = resolve(pools, &row, f);
		assert_int_equal(set->answer_count, limits[f]);
		assert_int_equal(set->answer_size, limits[f] * sizes[f]);
		assert_int_equal(set->members, 6000);
		uint8_t *answer = malloc(set->answer_size);
		for (uint32_t turn = 0; turn < 100; turn++)
			pool_pick(set, turn * 977 % set->period, answer);
		free(answer);
		row.answers = 60000;
		assert_ptr_equal(resolve(pools, &row, f), set);
		pools_free(pools);
		mirrors_free(mirrors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_one_object),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_level_counts),
		cmocka_unit_test(test_top_up_rotation),
		cmocka_unit_test(test_size_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
