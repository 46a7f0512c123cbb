#include "tests/unit/config_case.h"

static void test_defaults(void **state)
{
	struct config *config = good_load(IN("txt t { file = f }\npool p { from = client }"));
	const struct config_zone *zone = config->zones;
	const struct pool_rule *rule = &zone->pools[0].rule;

	(void)state;
	assert_string_equal(config->path, file);
	assert_int_equal(config->listen_count, 2);
	assert_string_equal(config->listens[0].text, "0.0.0.0:53");
	assert_string_equal(config->listens[1].text, "[::]:53");
	assert_int_equal(config->workers, 0);
	assert_string_equal(config->user, "mirrorns");
	assert_string_equal(config->state_dir, "/var/lib/mirrorns");
	assert_string_equal(config->control, "/run/mirrorns/control.sock");
	assert_string_equal(config->control_group, "");
	assert_string_equal(config->metrics.text, "127.0.0.1:9353");
	assert_int_equal(config->metrics.size, sizeof(struct sockaddr_in));
	assert_false(config->metrics_named);
	assert_string_equal(config->identity, "");
	assert_string_equal(config->version_reply, "mirrorns " MIRRORNS_VERSION);
	assert_int_equal(config->explain_to_count, 2);
	assert_int_equal(config->explain_to[0].at.octets[0], 127);
	assert_int_equal(config->explain_to[0].length, 8);
	assert_true(config->explain_to[1].at.ipv6 && config->explain_to[1].at.octets[15] == 1);
	assert_int_equal(config->explain_to[1].length, 128);
	assert_int_equal(config->max_udp_size, 1232);
	assert_int_equal(config->tcp_connections, 1000);
	assert_int_equal(config->tcp_idle, 10);
	assert_false(config->socket_affinity);
	assert_int_equal(config->max_file_size, 64 << 20);
	assert_true(!config->geo_database && !config->geo_overrides);
	assert_int_equal(zone->max_shrink, 50);
	assert_int_equal(zone->txts[0].ttl, 1800);
	assert_int_equal(zone->txts[0].max_age, 0);
	assert_int_equal(zone->txts[0].stale, STALE_SERVE);
	assert_int_equal(rule->ttl, 300);
	assert_int_equal(rule->answers, 8);
	assert_int_equal(rule->min_members, 1);
	assert_int_equal(rule->fallback_count, 2);
	assert_int_equal(rule->fallback[0].kind, PLACE_CONTINENT);
	assert_int_equal(rule->fallback[0].code, 0);
	assert_int_equal(rule->fallback[1].kind, PLACE_WORLD);
	assert_true(rule->families[POOL_IPV4] && rule->families[POOL_IPV6]);
	assert_true(!rule->together && rule->fail_open && rule->ecs);
	config_free(config);
}

/* Every option, with another value than its default. */
static const char whole[] =
	"listen = {\"127.0.0.1:5300\", '[::1]:5300'}\n"
	"geo {\n\tdatabase = \"geo/a.mmdb\"\n\toverrides = /etc/o.csv\n}\n"
	"workers = 4 user = '' state-dir = \"state\" control = '' control-group = \"adm\"\n"
	"metrics = \"[::1]:9353\" identity = \"ns1\" version-reply = ''\n"
	"explain-to = {10.0.0.0/8} max-udp-size = 4096 /* usual */ tcp-connections = 7 "
	"socket-affinity = true log-level = debug\n"
	"tcp-idle = 2m // seconds: 120\nmax-file-size = \"1G\"\n"
	"zone \"example.org\" {\n\tfile = \"z\"\n\texport = \"e.json\"\n\tmax-shrink = 0\n"
	"\ttxt \"v\" { file = \"/v\" ttl = 010 max-age = \"1d\" stale = \"withdraw\" }\n"
	"\tpool \"Db.*.Big\" { from = \"label\" ttl = 1m answers = 0 min-members = 3\n"
	"\t\tfallback = {\"country:uk\", 'continent:eu', continent, \"world\"}\n"
	"\t\tfamilies = {\"ipv6\"} family-fallback = \"together\" fail = \"closed\" ecs = no }\n"
	"}\nzone 'sub.example.org' { file = s }\n";

static const char *inside(const char *path)
{
	static char joined[128];

	snprintf(joined, sizeof(joined), "%s/%s", folder, path);
	return joined;
}

static void test_globals(void **state)
{
	struct config *config = good_load(whole);

	(void)state;
	assert_int_equal(config->listen_count, 2);
	assert_string_equal(config->geo_database, inside("geo/a.mmdb"));
	assert_string_equal(config->geo_overrides, "/etc/o.csv");
	assert_int_equal(config->workers, 4);
	assert_string_equal(config->user, "");
	assert_string_equal(config->state_dir, inside("state"));
	assert_string_equal(config->control, "");
	assert_string_equal(config->control_group, "adm");
	assert_string_equal(config->metrics.text, "[::1]:9353");
	assert_int_equal(config->metrics.address.ss_family, AF_INET6);
	assert_true(config->metrics_named);
	assert_string_equal(config->identity, "ns1");
	assert_string_equal(config->version_reply, "");
	assert_int_equal(config->explain_to_count, 1);
	assert_int_equal(config->max_udp_size, 4096);
	assert_int_equal(config->tcp_connections, 7);
	assert_int_equal(config->tcp_idle, 120);
	assert_true(config->socket_affinity);
	assert_int_equal(config->log_level, 3);
	assert_true(config->max_file_size == 1 << 30);
	config_free(config);
}

static void test_zone(void **state)
{
	struct config *config = good_load(whole);
	const struct config_zone *zone = &config->zones[0];
	const struct config_txt *txt = &zone->txts[0];
	const struct config_pool *pool = &zone->pools[0];
	const struct pool_rule *rule = &pool->rule;

	(void)state;
	assert_int_equal(config->zone_count, 2);
	assert_string_equal(zone->name, "example.org");
	assert_memory_equal(zone->apex, "\7example\3org", 13);
	assert_string_equal(zone->file, inside("z"));
	assert_string_equal(zone->export, inside("e.json"));
	assert_int_equal(zone->max_shrink, 0);
	assert_int_equal(zone->line, 11);
	assert_int_equal(config->zones[1].line, 20);
	assert_null(config->zones[1].export);
	assert_int_equal(zone->txt_count, 1);
	assert_memory_equal(txt->wire, "\1v\7example\3org", 15);
	assert_string_equal(txt->file, "/v");
	assert_int_equal(txt->ttl, 10);
	assert_int_equal(txt->max_age, 86400);
	assert_int_equal(txt->stale, STALE_WITHDRAW);
	assert_int_equal(txt->line, 15);
	assert_int_equal(zone->pool_count, 1);
	assert_string_equal(pool->name, "Db.*.Big");
	assert_memory_equal(pool->wire, "\2db\1*\3big\7example\3org", 22);
	assert_true(pool->pattern && pool->star == 1 && pool->line == 16);
	assert_int_equal(rule->from, POOL_FROM_LABEL);
	assert_true(rule->ttl == 60 && rule->answers == 0 && rule->min_members == 3);
	assert_int_equal(rule->fallback_count, 4);
	assert_int_equal(rule->fallback[0].kind, PLACE_COUNTRY);
	assert_int_equal(rule->fallback[0].code, country_find("GB", 2));
	assert_int_equal(rule->fallback[1].code, CONTINENT_EU);
	assert_int_equal(rule->fallback[2].kind, PLACE_CONTINENT);
	assert_int_equal(rule->fallback[3].kind, PLACE_WORLD);
	assert_true(!rule->families[POOL_IPV4] && rule->families[POOL_IPV6]);
	assert_true(rule->together && !rule->fail_open && !rule->ecs);
	config_free(config);
}

/* Empty is off. */
static void test_off(void **state)
{
	struct config *config =
		good_load("control = '' control-group = '' metrics = '' explain-to = {}\n" ZONE);

	(void)state;
	assert_int_equal(config->explain_to_count, 0);
	assert_string_equal(config->metrics.text, "");
	assert_string_equal(config->control, "");
	config_free(config);
}

static void test_names(void **state)
{
	static const struct {
		const char *name, *wire;
		int star;
	} rows[] = {
		{"@", "\1z", -1},
		{"*", "\1*\1z", 0},
		{"A.b", "\1a\1b\1z", -1},
		{"a.b.*", "\1a\1b\1*\1z", 2},
		{"*.x", "\1*\1x\1z", 0},
		{"x.Z.", "\1x\1z", -1},
		{"a\\046b", "\3a.b\1z", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128];
		struct config *config;
		const struct config_pool *pool;

		snprintf(text, sizeof(text),
			"zone Z { file = f export = e pool '%s' { from = country:de } }",
			rows[i].name);
		config = good_load(text);
		pool = config->zones[0].pools;
		assert_memory_equal(pool->wire, rows[i].wire, strlen(rows[i].wire) + 1);
		assert_int_equal(pool->pattern, rows[i].star >= 0);
		assert_int_equal(pool->star, rows[i].star < 0 ? 0 : rows[i].star);
		assert_int_equal(pool->rule.from, POOL_FROM_FIXED);
		assert_int_equal(pool->rule.fixed.kind, PLACE_COUNTRY);
		assert_int_equal(pool->rule.fixed.code, country_find("DE", 2));
		config_free(config);
	}
}

/* A file named without a folder leaves relative paths as they are. */
static void test_paths(void **state)
{
	char before[4096];
	struct config *config;

	(void)state;
	octets_write(whole, strlen(whole));
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(folder), 0);
	config = config_load("a.conf", why, sizeof(why));
	assert_int_equal(chdir(before), 0);
	assert_non_null(config);
	assert_string_equal(config->geo_database, "geo/a.mmdb");
	assert_string_equal(config->state_dir, "state");
	assert_string_equal(config->zones[0].txts[0].file, "/v");
	config_free(config);
}

static uint32_t random_next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* An octet or two are changed, cut out or doubled with what follows them; returns the size. */
static size_t text_mutate(char *text, size_t size, uint32_t *seed)
{
	static const char signs[] = "{}=,\"'\\$#/*\n\r\t @.:%0\0z-";

	for (uint32_t turns = random_next(seed) % 2 + 1; turns > 0; turns--) {
		size_t at = random_next(seed) % size, run = random_next(seed) % 40;

		run = run < size - at - 1 ? run : size - at - 1;
		switch (random_next(seed) % 5) {
		case 0:
			text[at] = (char)('0' + random_next(seed) % 10);
			break;
		case 1:
			text[at] = (char)random_next(seed);
			break;
		case 2:
			text[at] = signs[random_next(seed) % (sizeof(signs) - 1)];
			break;
		case 3:
			memmove(text + at, text + at + run, size - at - run);
			size -= run;
			break;
		default:
			memmove(text + at + run, text + at, size - at);
			size += run;
		}
	}
	return size;
}

/* Whatever the text, it is a configuration within its limits or a sentence with the file's name. */
static void test_mutations(void **state)
{
	uint32_t seed = 20261120;
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		char text[sizeof(whole) + 2 * 40];
		struct config *config;
		size_t size;

		memcpy(text, whole, sizeof(whole));
		size = text_mutate(text, sizeof(whole) - 1, &seed);
		octets_write(text, size);
		memset(why, 0, sizeof(why));
		config = config_load(file, why, sizeof(why));
		if (!config && strncmp(why, file, strlen(file)) != 0)
			fail_msg("mutation %u: no sentence but: %s", i, why);
		if (config) {
			taken++;
			assert_true(config->zone_count > 0 && config->listen_count > 0);
			assert_true(config->workers <= 1024 && config->max_udp_size >= 512);
			assert_true(config->tcp_idle >= 1 && config->tcp_idle <= 86400);
			assert_non_null(config->zones[0].file);
		}
		config_free(config);
	}
	/* Both ways are gone often enough to mean something. */
	assert_in_range(taken, 100, 2900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_globals),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
