/* What turns tell: by pool, level and address; over snapshots that come and go. */
#include "dns/load/load.h"
#include "tests/unit/folder_case.h"

#include "dns/snapshot/build.h"
#include "dns/stats/pool_counts.h"

#include <fcntl.h>
#include <sys/resource.h>

static const char zone_text[] =
	"$ORIGIN example.org.\n$TTL 60\n"
	"@ SOA ns1 hostmaster 1 3600 900 604800 600\n NS ns1\nns1 A 192.0.2.1\n";

static const char pools_text[] =
	"pool \"db.local\" { from = \"client\" }\n"
	"pool \"db.*\" { from = \"label\" }\n"
	"pool \"near.*\" { from = \"label\" fallback = {\"country:FR\", \"continent:AS\"} }\n"
	"pool \"all\" { from = \"world\" answers = 0 }\n"
	"pool \"asia\" { from = \"continent:AS\" fallback = {} }\n"
	"ping \"ping\" { address = \"192.0.2.5\" }\n";

struct entry {
	const char *host, *country, *address, *state;
	int weight;
};

static const struct entry network[] = {
	{"a", "DE", "10.0.0.1", "ok", 100},
	{"b", "DE", "10.0.0.2", "ok", 200},
	{"c", "FR", "10.0.0.3", "old", 100},
	{"d", "US", "10.0.0.4", "ok", 100},
	{"e", "US", "2001:db8::4", "ok", 100},
	{"f", "JP", "10.0.0.5", "removed", 100},
	{"g", "ZA", "10.0.0.6", "disabled", 100},
	{0},
};

static void export_write(const struct entry *rows)
{
	char text[8192];
	size_t used = (size_t)snprintf(
		text, sizeof(text), "{\"format\":\"mirror-export/1\",\"mirrors\":[\n");
	for (size_t i = 0; rows[i].host; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s{\"host\":\"%s\",\"country\":\"%s\",\"state\":\"%s\",\"weight\":%d,"
			"\"%s\":[\"%s\"]}\n",
			i ? "," : "", rows[i].host, rows[i].country, rows[i].state, rows[i].weight,
			strchr(rows[i].address, ':') ? "ipv6" : "ipv4", rows[i].address);
	used += (size_t)snprintf(text + used, sizeof(text) - used, "]}\n");
	folder_write("mirrors.json", text, used);
}

static void config_write(const char *pools)
{
	char text[4096];
	int size = snprintf(text, sizeof(text),
		"listen = {\"127.0.0.1:5300\"}\nstate-dir = \"state\"\nmetrics = \"\"\n"
		"control = \"\"\nuser = \"\"\n"
		"zone \"example.org\" {\nfile = \"zone\"\nexport = \"mirrors.json\"\n"
		"max-shrink = 100\n%s}\n",
		pools);
	folder_write("conf", text, (size_t)size);
	folder_write("zone", zone_text, strlen(zone_text));
}

/* What loading has to say would be noise. */
static struct snapshot *world_link(const struct snapshot *before)
{
	char path[FOLDER_PATH_MAX];
	unsigned refused;
	struct inputs_request request = {
		.config_path = folder_path(path, "conf"), .before = before ? before->inputs : NULL};
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC), loud = dup(STDERR_FILENO);
	dup2(quiet, STDERR_FILENO);
	struct inputs *inputs = inputs_load(&request, &refused, why, sizeof(why));
	dup2(loud, STDERR_FILENO);
	close(quiet);
	close(loud);
	struct snapshot *snapshot = inputs ? snapshot_new(inputs, before, why, sizeof(why)) : NULL;
	if (!snapshot)
		fail_msg("%s", why);
	return snapshot;
}

static struct turn *turns_new(const struct snapshot *snapshot)
{
	struct turn *turns = calloc(snapshot->turn_count + 1, sizeof(*turns));
	assert_non_null(turns);
	return turns;
}

/* Lets a turn move `count` times; who is first is counted by the last octet. */
static void turn_run(
	struct turn *turn, const struct pool_set *set, unsigned count, uint64_t *firsts)
{
	uint8_t *out = malloc(set->answer_size);
	assert_non_null(out);
	for (unsigned i = 0; i < count; i++) {
		pool_pick(set, turn->next, out);
		size_t octets = out[11]; /* RDLENGTH's lower half */
		firsts[out[11 + octets] + (octets == 16 ? 128u : 0u)]++;
		turn_advance(turn, set->period);
	}
	free(out);
}

static const struct pool_counts_member *row_find(
	const struct pool_counts *pool_counts, uint8_t last, bool ipv6)
{
	for (size_t i = 0; i < pool_counts->zones[0].member_count; i++) {
		const struct pool_counts_member *row = &pool_counts->zones[0].members[i];
		if (row->address.ipv6 == ipv6 && row->address.octets[ipv6 ? 15 : 3] == last)
			return row;
	}
	return NULL;
}

/* Every turn moves differently often; all of it is told again. */
static void test_every_turn(void **state)
{
	(void)state;
	uint64_t firsts[256] = {0}, answers[8] = {0}, sum = 0, told = 0;
	config_write(pools_text);
	export_write(network);
	struct snapshot *snapshot = world_link(NULL);
	struct turn *turns = turns_new(snapshot);
	struct pool_counts pool_counts = {0};
	assert_true(pool_counts_resize(&pool_counts, snapshot));
	unsigned count = 0;
	for (size_t p = 0; p < snapshot->pool_count; p++) {
		const struct snapshot_pool *pool = &snapshot->pools[p];
		for (uint32_t i = 0; i < pool->outcome_count; i++)
			for (unsigned f = 0; f < POOL_FAMILIES; f++) {
				const struct snapshot_outcome *outcome = &pool->outcomes[i];
				struct turn *turn = &turns[pool->turn + outcome->turn[f]];
				if (!outcome->set[f] || atomic_load(&turn->answers))
					continue;
				count = count * 7 % 13 + 1;
				turn->next = turn->first = count % outcome->set[f]->period;
				turn_run(turn, outcome->set[f], count, firsts);
				answers[pool->config - snapshot->zones[0].config->pools] += count;
				sum += count;
			}
	}
	assert_true(pool_counts_add(&pool_counts, snapshot, turns, NULL));
	for (size_t p = 0; p < pool_counts.zones[0].pool_count; p++)
		assert_int_equal(pool_counts.zones[0].pools[p].answers, answers[p]);
	for (unsigned i = 0; i < COUNTS_LEVELS; i++)
		told += pool_counts.zones[0].levels[i];
	assert_int_equal(told, sum);
	for (unsigned i = 1; i <= 6; i++)
		assert_int_equal(row_find(&pool_counts, (uint8_t)i, false)->firsts, firsts[i]);
	assert_int_equal(row_find(&pool_counts, 4, true)->firsts, firsts[128 + 4]);
	assert_true(firsts[2] && firsts[128 + 4] && firsts[5] && !firsts[6]);
	assert_int_equal(pool_counts.zones[0].others, 0);
	pool_counts_free(&pool_counts);
	free(turns);
	snapshot_free(snapshot);
}

static const struct snapshot_pool *pool_of(
	const struct snapshot *snapshot, const char *name, const char *country)
{
	unsigned code = country ? country_find(country, 2) : COUNTRY_NONE;
	for (size_t p = 0; p < snapshot->pool_count; p++)
		if (strcmp(snapshot->pools[p].config->name, name) == 0 &&
			snapshot->pools[p].country == code)
			return &snapshot->pools[p];
	fail_msg("there is no %s of %s", name, country ? country : "no country");
	return NULL;
}

/* The outcome that a client in a country gets. */
static uint32_t outcome_of(
	const struct snapshot *snapshot, const struct snapshot_pool *pool, const char *country)
{
	for (size_t i = 0; pool->map && i < snapshot->map_count; i++)
		if (refcount_get(snapshot->maps[i].map) == pool->map)
			return snapshot->maps[i]
				.outcome[country ? country_find(country, 2) : COUNTRY_NONE];
	return 0;
}

static void test_levels(void **state)
{
	static const struct {
		const char *pool, *label, *client;
		enum pool_family family;
		const char *level;
	} rows[] = {
		{"db.*", "DE", NULL, POOL_IPV4, "own"}, {"db.*", "DE", NULL, POOL_IPV6, "world"},
		{"db.*", "PL", NULL, POOL_IPV4, "continent"},
		{"db.*", "CA", NULL, POOL_IPV6, "continent"},
		{"db.*", "BR", NULL, POOL_IPV4, "world"}, {"db.*", "JP", NULL, POOL_IPV4, "world"},
		{"near.*", "FR", NULL, POOL_IPV4, "own"},
		{"near.*", "PL", NULL, POOL_IPV4, "country:FR"},
		{"near.*", "US", NULL, POOL_IPV6, "own"}, {"all", NULL, NULL, POOL_IPV6, "own"},
		{"asia", NULL, NULL, POOL_IPV4, "removed"},
		{"db.local", NULL, "DE", POOL_IPV4, "own"},
		{"db.local", NULL, "PL", POOL_IPV4, "continent"},
		{"db.local", NULL, "BR", POOL_IPV4, "world"},
		{"db.local", NULL, NULL, POOL_IPV4, "world"}, /* in no country */
	};
	(void)state;
	config_write(pools_text);
	export_write(network);
	struct snapshot *snapshot = world_link(NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[COUNTS_LEVEL_TEXT];
		const struct snapshot_pool *pool = pool_of(snapshot, rows[i].pool, rows[i].label);
		unsigned level = pool_counts_level(snapshot, snapshot->zones[0].pools, pool,
			outcome_of(snapshot, pool, rows[i].client), rows[i].family);
		const char *found = pool_counts_level_write(level, text);
		if (strcmp(found, rows[i].level) != 0)
			fail_msg("row %zu, %s: found %s, expected %s", i, rows[i].pool, found,
				rows[i].level);
	}
	snapshot_free(snapshot);
}

static void test_levels_of_a_zone(void **state)
{
	(void)state;
	bool levels[COUNTS_LEVELS];
	char text[COUNTS_LEVEL_TEXT], all[256] = "";
	config_write("pool \"a.*\" { from = \"label\" fallback = {\"continent\", \"continent:EU\", "
		     "\"country:DE\"} fail = \"closed\" }\n");
	export_write(network);
	struct snapshot *snapshot = world_link(NULL);
	pool_counts_levels(snapshot->zones[0].config, levels);
	for (unsigned i = 0; i < COUNTS_LEVELS; i++)
		if (levels[i])
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s ",
				pool_counts_level_write(i, text));
	assert_string_equal(all, "own continent continent:EU country:DE ");
	snapshot_free(snapshot);
}

/* A place that a fallback list names itself is called so, not by the kind that happens to be
 * there. */
static void test_named_continent(void **state)
{
	(void)state;
	char text[COUNTS_LEVEL_TEXT];
	config_write("pool \"a.*\" { from = \"label\" fallback = {\"continent:EU\", \"continent\", "
		     "\"world\"} }\n");
	export_write(network);
	struct snapshot *snapshot = world_link(NULL);
	static const char *const rows[][2] = {
		{"PL", "continent:EU"}, {"BR", "continent:EU"}, {"FR", "own"}};
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(
			pool_counts_level_write(
				pool_counts_level(snapshot, snapshot->zones[0].pools,
					pool_of(snapshot, "a.*", rows[i][0]), 0, POOL_IPV4),
				text),
			rows[i][1]);
	snapshot_free(snapshot);
}

/* Who stays keeps its numbers, who goes is forgotten, who comes starts at 0; so do pools. */
static void test_follow(void **state)
{
	static const struct entry next[] = {
		{"h", "DE", "10.0.0.9", "ok", 100},
		{"b", "DE", "10.0.0.2", "ok", 200},
		{"e", "US", "2001:db8::4", "ok", 100},
		{0},
	};
	(void)state;
	uint64_t firsts[256] = {0};
	config_write(pools_text);
	export_write(network);
	struct snapshot *first = world_link(NULL);
	struct turn *turns = turns_new(first);
	const struct snapshot_pool *all = pool_of(first, "all", NULL);
	struct pool_counts pool_counts = {0}, copy;
	struct ping_counts *pings = ping_counts_new(first);
	assert_non_null(pings);
	for (unsigned i = 0; i < 2; i++) /* a, b */
		atomic_store(&pings->zones[0]->listed[i][PING_FAILED], 3);
	assert_true(pool_counts_resize(&pool_counts, first));
	turn_run(&turns[all->turn], all->outcomes[0].set[POOL_IPV4], 11, firsts);
	assert_true(pool_counts_add(&pool_counts, first, turns, NULL));
	assert_true(pool_counts_copy(&copy, &pool_counts));
	export_write(next);
	config_write("pool \"new\" { from = \"world\" }\npool \"all\" { from = \"world\" }\n"
		     "ping \"ping\" { address = \"192.0.2.5\" }\n");
	struct snapshot *second = world_link(first);
	assert_true(pool_counts_resize(&pool_counts, second));
	assert_int_equal(pool_counts.zones[0].pool_count, 2);
	assert_int_equal(pool_counts.zones[0].pools[0].answers, 0);
	assert_int_equal(pool_counts.zones[0].pools[1].answers, 11);
	assert_int_equal(pool_counts.zones[0].levels[COUNTS_OWN], 11);
	assert_int_equal(pool_counts.zones[0].member_count, 3);
	assert_int_equal(row_find(&pool_counts, 2, false)->firsts, firsts[2]);
	assert_true(firsts[2] > 0 && firsts[1] > 0);
	assert_null(row_find(&pool_counts, 1, false));
	assert_int_equal(row_find(&pool_counts, 9, false)->firsts, 0);
	/* A worker that still had the old turns: what has no row is left out. */
	assert_true(pool_counts_add(&pool_counts, first, turns, pings));
	assert_int_equal(row_find(&pool_counts, 2, false)->pings[PING_FAILED], 3);
	assert_int_equal(counter_get(&pool_counts.zones[0].pings->unknown[PING_FAILED]), 0);
	assert_int_equal(row_find(&pool_counts, 2, false)->firsts, 2 * firsts[2]);
	assert_int_equal(pool_counts.zones[0].pools[1].answers, 22);
	assert_int_equal(pool_counts.zones[0].others, 0);
	assert_int_equal(row_find(&copy, 1, false)->firsts, firsts[1]);
	pool_counts_free(&copy);
	pool_counts_free(&pool_counts);
	ping_counts_free(pings);
	free(turns);
	snapshot_free(second);
	snapshot_free(first);
}

/* `count` German mirrors from number `from` on. */
static void many_write(unsigned from, unsigned count)
{
	char *text = malloc(128 * (size_t)count + 128);
	assert_non_null(text);
	size_t used = (size_t)sprintf(text, "{\"format\":\"mirror-export/1\",\"mirrors\":[\n");
	for (unsigned i = from; i < from + count; i++)
		used += (size_t)sprintf(text + used,
			"%s{\"host\":\"m%u\",\"country\":\"DE\",\"state\":\"ok\","
			"\"ipv4\":[\"10.1.%u.%u\"]}\n",
			i > from ? "," : "", i, i / 250, i % 250);
	used += (size_t)sprintf(text + used, "]}\n");
	folder_write("mirrors.json", text, used);
	free(text);
}

/* Rows are bounded; what is beyond is one number that only grows. */
static void test_many_members(void **state)
{
	(void)state;
	enum { MORE = 4, ROUNDS = 3, LEFT = 2 };
	config_write("pool \"all\" { from = \"world\" }\n");
	many_write(0, POOL_COUNTS_MEMBERS_MAX + MORE);
	struct snapshot *first = world_link(NULL);
	struct turn *turns = turns_new(first);
	struct pool_counts pool_counts = {0};
	atomic_store(
		&turns[first->pools[0].turn].answers, ROUNDS * (POOL_COUNTS_MEMBERS_MAX + MORE));
	assert_true(pool_counts_resize(&pool_counts, first));
	assert_true(pool_counts_add(&pool_counts, first, turns, NULL));
	const struct pool_counts_zone *row = &pool_counts.zones[0];
	assert_int_equal(row->member_count, POOL_COUNTS_MEMBERS_MAX);
	assert_int_equal(row->others, ROUNDS * MORE);
	for (size_t i = 0; i < row->member_count; i++)
		assert_int_equal(row->members[i].firsts, ROUNDS);
	many_write(LEFT, POOL_COUNTS_MEMBERS_MAX + MORE - LEFT);
	struct snapshot *second = world_link(first);
	assert_true(pool_counts_resize(&pool_counts, second));
	row = &pool_counts.zones[0];
	assert_int_equal(row->member_count, POOL_COUNTS_MEMBERS_MAX);
	assert_int_equal(row->others, ROUNDS * MORE);
	unsigned fresh = 0;
	for (size_t i = 0; i < row->member_count; i++)
		fresh += row->members[i].firsts == 0;
	assert_int_equal(fresh, LEFT);
	pool_counts_free(&pool_counts);
	free(turns);
	snapshot_free(second);
	snapshot_free(first);
}

/* A refused export counts when it was read, not each time that a snapshot is built over it. */
static void test_refusals(void **state)
{
	(void)state;
	char path[FOLDER_PATH_MAX];
	config_write(pools_text);
	export_write(network);
	struct snapshot *first = world_link(NULL);
	struct pool_counts pool_counts = {0};
	assert_true(pool_counts_resize(&pool_counts, first));
	pool_counts_refusals(&pool_counts, first);
	assert_int_equal(pool_counts.zones[0].refused, 0);
	folder_write("mirrors.json", "{", 1);
	struct snapshot *second = world_link(first);
	const struct config *config = inputs_config(second->inputs);
	pool_counts_refusals(&pool_counts, second);
	assert_int_equal(pool_counts.zones[0].refused, 1);
	const struct inputs_verdict *verdict = &second->inputs->verdicts[inputs_export(config, 0)];
	assert_true(verdict->fresh);
	assert_non_null(strstr(verdict->why, folder_path(path, "mirrors.json")));
	bool *changed = calloc(inputs_files(config), sizeof(*changed));
	unsigned refused;
	struct inputs_request request = {.before = second->inputs, .changed = changed};
	struct inputs *inputs = inputs_load(&request, &refused, why, sizeof(why));
	assert_non_null(inputs);
	assert_int_equal(refused, 0);
	struct snapshot *third = snapshot_new(inputs, second, why, sizeof(why));
	assert_non_null(third);
	pool_counts_refusals(&pool_counts, third);
	assert_int_equal(pool_counts.zones[0].refused, 1);
	assert_non_null(third->inputs->verdicts[inputs_export(config, 0)].why);
	free(changed);
	pool_counts_free(&pool_counts);
	snapshot_free(third);
	snapshot_free(second);
	snapshot_free(first);
}

/* Nor each time that a file cannot be read for a reason that passes. */
static void test_refusals_that_pass(void **state)
{
	(void)state;
	struct rlimit limit, none;
	unsigned refused;
	config_write(pools_text);
	export_write(network);
	struct snapshot *snapshot = world_link(NULL);
	const struct config *config = inputs_config(snapshot->inputs);
	bool *changed = calloc(inputs_files(config), sizeof(*changed));
	struct pool_counts pool_counts = {0};
	assert_true(pool_counts_resize(&pool_counts, snapshot));
	changed[inputs_export(config, 0)] = true;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (unsigned round = 0; round < 4; round++) {
		struct inputs_request request = {.before = snapshot->inputs, .changed = changed};
		none = limit;
		none.rlim_cur = round < 3 ? 0 : limit.rlim_cur;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		struct inputs *inputs = inputs_load(&request, &refused, why, sizeof(why));
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_non_null(inputs);
		assert_int_equal(refused, round == 0);
		assert_true(inputs_are_fresh(inputs) == (round == 0 || round == 3));
		struct snapshot *next = snapshot_new(inputs, snapshot, why, sizeof(why));
		assert_non_null(next);
		snapshot_free(snapshot);
		snapshot = next;
		pool_counts_refusals(&pool_counts, snapshot);
		assert_int_equal(pool_counts.zones[0].refused, 1);
	}
	free(changed);
	pool_counts_free(&pool_counts);
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_turn, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_levels, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_levels_of_a_zone, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_named_continent, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_follow, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_many_members, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_refusals, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			test_refusals_that_pass, folder_make, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
