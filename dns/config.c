#include "dns/config.h"

#include "dns/config_name.h"
#include "dns/config_text.h"
#include "dns/config_value.h"

#include <confuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 20, TEXT_MAX = 255, TTL_MAX = 2147483647 /* RFC 2181 8 */ };

#define FIELD(type, member) offsetof(type, member), sizeof(((type *)0)->member)
#define COUNT(rows)         (sizeof(rows) / sizeof((rows)[0]))
#define IN_CONFIG(member)   FIELD(struct config, member)
#define IN_ZONE(member)     FIELD(struct config_zone, member)
#define IN_TXT(member)      FIELD(struct config_txt, member)
#define IN_POOL(member)     FIELD(struct config_pool, member)

/* Name, reader, field; least and most; what it usually is; the words of a choice. */
static const struct config_option global_options[] = {
	{"listen", config_read_listen, .list = true, .usual = {"0.0.0.0:53", "[::]:53"}},
	{"workers", config_read_number, IN_CONFIG(workers), 0, 1024, .usual = {"0"}},
	{"user", config_read_text, IN_CONFIG(user), 0, TEXT_MAX, .usual = {"mirrorns"}},
	{"state-dir", config_read_path, IN_CONFIG(state_dir), .usual = {"/var/lib/mirrorns"}},
	{"control", config_read_path, IN_CONFIG(control), .usual = {"/run/mirrorns/control.sock"},
		.empty = true},
	{"control-group", config_read_text, IN_CONFIG(control_group), 0, TEXT_MAX, .usual = {""}},
	{"metrics", config_read_metrics, .usual = {"127.0.0.1:9353"}},
	{"identity", config_read_text, IN_CONFIG(identity), 0, TEXT_MAX, .usual = {""}},
	{"version-reply", config_read_text, IN_CONFIG(version_reply), 0, TEXT_MAX,
		.usual = {"mirrorns " MIRRORNS_VERSION}},
	{"explain-to", config_read_networks, .usual = {"127.0.0.0/8", "::1/128"}, .list = true},
	{"max-udp-size", config_read_number, IN_CONFIG(max_udp_size), 512, 65535,
		.usual = {"1232"}},
	{"tcp-connections", config_read_number, IN_CONFIG(tcp_connections), 1, 1000000,
		.usual = {"1000"}},
	{"tcp-idle", config_read_duration, IN_CONFIG(tcp_idle), 1, 86400, .usual = {"10s"}},
	{"socket-affinity", config_read_bool, IN_CONFIG(socket_affinity), .usual = {"false"}},
	{"max-file-size", config_read_size, IN_CONFIG(max_file_size), 1, 1ULL << 40,
		.usual = {"256M"}},
	{.name = NULL},
};

static const struct config_option geo_options[] = {
	{"database", config_read_path, IN_CONFIG(geo_database), .usual = {""}, .empty = true},
	{"overrides", config_read_path, IN_CONFIG(geo_overrides), .usual = {""}, .empty = true},
	{.name = NULL},
};

static const struct config_option zone_options[] = {
	{"file", config_read_path, IN_ZONE(file), .required = true},
	{"export", config_read_path, IN_ZONE(export), .usual = {""}, .empty = true},
	{"max-shrink", config_read_number, IN_ZONE(max_shrink), 0, 100, .usual = {"50"}},
	{.name = NULL},
};

static const struct config_option txt_options[] = {
	{"file", config_read_path, IN_TXT(file), .required = true},
	{"ttl", config_read_duration, IN_TXT(ttl), 0, TTL_MAX, .usual = {"1800"}},
	{"max-age", config_read_duration, IN_TXT(max_age), 1, TTL_MAX, .usual = {""},
		.empty = true},
	{"stale", config_read_choice, IN_TXT(stale), .usual = {"serve"},
		.words = {"serve", "withdraw"}},
	{.name = NULL},
};

static const struct config_option pool_options[] = {
	{"from", config_read_from, IN_POOL(rule), .required = true},
	{"ttl", config_read_duration, IN_POOL(rule.ttl), 0, TTL_MAX, .usual = {"300"}},
	{"answers", config_read_number, IN_POOL(rule.answers), 0, 65535, .usual = {"8"}},
	{"min-members", config_read_number, IN_POOL(rule.min_members), 0, 65535, .usual = {"1"}},
	{"fallback", config_read_fallback, IN_POOL(rule), .usual = {"continent", "world"},
		.list = true},
	{"families", config_read_families, IN_POOL(rule), .usual = {"ipv4", "ipv6"}, .list = true},
	{"family-fallback", config_read_choice, IN_POOL(rule.together), .usual = {"independent"},
		.words = {"independent", "together"}},
	{"fail", config_read_choice, IN_POOL(rule.fail_open), .usual = {"open"},
		.words = {"closed", "open"}},
	{"ecs", config_read_bool, IN_POOL(rule.ecs), .usual = {"true"}},
	{.name = NULL},
};

/* libconfuse's sentences, in our form; every one has the same single argument. */
static const struct {
	const char *theirs, *ours;
} sentences[] = {
	{"no such option '%s'", "found %.64s, expected an option or a section that is known here"},
	{"missing equal sign after option '%s'", "found %.64s without =, expected = and a value"},
	{"missing opening brace for section '%s'", "found section %.64s without {, expected one"},
	{"missing title for section '%s'", "found %.64s without a name, expected one before {"},
	{"unexpected token '%s'", "found %.64s, expected one value"},
	{"found duplicate title '%s'", "found \"%.64s\" a second time, expected each name once"},
};

/* libconfuse has one lexer for the process, and callbacks that do not know their caller. */
static pthread_mutex_t parse_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct config_why *parse_why;
static bool parse_refused;

/* A value as it stands in the file. */
struct value {
	unsigned line;
	char text[];
};

struct loading {
	struct config *config;
	struct config_text text;
	struct config_reader reader;
};

/* The first sentence counts; what libconfuse says after it follows from it. */
static void parse_refuse(cfg_t *cfg, const char *format, va_list arguments)
{
	char sentence[256];

	if (parse_refused)
		return;
	parse_refused = true;
	for (size_t i = 0; i < COUNT(sentences); i++)
		if (strcmp(format, sentences[i].theirs) == 0)
			format = sentences[i].ours;
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	config_refuse(parse_why, (unsigned)cfg->line, "%s", sentence);
}

/* Values are kept as text with their line: libconfuse's own numbers read 010 as 8. */
static int value_keep(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	size_t size = strlen(text) + 1;
	struct value *value = malloc(sizeof(*value) + size);

	(void)opt;
	if (!value)
		return -1;
	value->line = (unsigned)cfg->line;
	memcpy(value->text, text, size);
	*(void **)result = value;
	return 0;
}

/* The options as libconfuse's rows, ended; returns how many. */
static size_t rows_write(cfg_opt_t *rows, const struct config_option *options)
{
	size_t count = 0;

	for (; options[count].name; count++)
		rows[count] = (cfg_opt_t)CFG_PTR_CB(options[count].name, NULL,
			options[count].list ? CFGF_LIST : CFGF_NONE, value_keep, free);
	rows[count] = (cfg_opt_t)CFG_END();
	return count;
}

/* NULL: refused, and *why written. */
static cfg_t *file_parse(const struct loading *loading)
{
	enum { NAMED = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES };
	cfg_opt_t global[OPTIONS_MAX], geo[OPTIONS_MAX], zone[OPTIONS_MAX], txt[OPTIONS_MAX],
		pool[OPTIONS_MAX];
	size_t count;
	cfg_t *cfg;

	rows_write(geo, geo_options);
	rows_write(txt, txt_options);
	rows_write(pool, pool_options);
	count = rows_write(zone, zone_options);
	zone[count++] = (cfg_opt_t)CFG_SEC("txt", txt, NAMED);
	zone[count++] = (cfg_opt_t)CFG_SEC("pool", pool, NAMED);
	zone[count] = (cfg_opt_t)CFG_END();
	count = rows_write(global, global_options);
	global[count++] = (cfg_opt_t)CFG_SEC("geo", geo, CFGF_NONE);
	global[count++] = (cfg_opt_t)CFG_SEC("zone", zone, NAMED);
	global[count] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(global, CFGF_NONE);
	if (!cfg)
		return NULL;
	pthread_mutex_lock(&parse_lock);
	parse_why = loading->reader.why;
	parse_refused = false;
	cfg_set_error_function(cfg, parse_refuse);
	if (cfg_parse_buf(cfg, loading->text.clean) != CFG_SUCCESS) {
		if (!parse_refused)
			config_refuse(parse_why, 0, "out of memory");
		cfg_free(cfg);
		cfg = NULL;
	}
	pthread_mutex_unlock(&parse_lock);
	return cfg;
}

static bool given_read(const struct loading *loading, cfg_opt_t *opt, struct config_given *given)
{
	given->count = cfg_opt_size(opt);
	if (given->count > CONFIG_LIST_MAX)
		return config_refuse(loading->reader.why, given->line,
			"found %s with %zu values, expected at most %d", given->name, given->count,
			CONFIG_LIST_MAX);
	for (size_t i = 0; i < given->count; i++) {
		const struct value *value = cfg_opt_getnptr(opt, (unsigned)i);

		given->texts[i] = value->text;
		given->lines[i] = value->line;
	}
	return true;
}

/* Fills one option's field from the file, or with what it usually is. */
static bool option_read(struct loading *loading, cfg_t *cfg, const struct config_mark *mark,
	const struct config_option *option, void *record)
{
	cfg_opt_t *opt = cfg_getopt(cfg, option->name);
	struct config_given given = {.name = option->name};

	given.line = config_text_line(&loading->text, mark, option->name);
	given.named = opt->flags & CFGF_MODIFIED;
	if (given.named) {
		if (!given_read(loading, opt, &given))
			return false;
	} else if (option->required) {
		return config_refuse(loading->reader.why, given.line,
			"found %s \"%.64s\" without %s, expected %s = \"...\" in it", cfg_name(cfg),
			cfg_title(cfg), option->name, option->name);
	} else {
		for (size_t i = 0; i < COUNT(option->usual) && option->usual[i]; i++) {
			given.texts[i] = option->usual[i];
			given.lines[i] = given.line;
			given.count++;
		}
	}
	return option->read(&loading->reader, option, &given, record);
}

static bool section_read(struct loading *loading, cfg_t *cfg, const struct config_mark *mark,
	const struct config_option *options, void *record)
{
	for (; options->name; options++)
		if (!option_read(loading, cfg, mark, options, record))
			return false;
	return true;
}

/* An array of `count` records in the arena; NULL: no memory, *why written. */
static void *records_take(struct loading *loading, size_t count, size_t width)
{
	void *records = config_take(loading->config, count * width);

	if (!records)
		config_refuse(loading->reader.why, 0, "out of memory");
	return records;
}

/* libconfuse forgets where a section began; it keeps their order, which is that of the marks. */
static bool txts_read(struct loading *loading, cfg_t *cfg, const struct config_mark *mark,
	struct config_zone *zone)
{
	const struct config_why *why = loading->reader.why;
	size_t count = cfg_size(cfg, "txt");

	zone->txts = records_take(loading, count, sizeof(*zone->txts));
	for (size_t i = 0; zone->txts && i < count; i++) {
		struct config_txt *txt = &zone->txts[zone->txt_count++];
		cfg_t *section = cfg_getnsec(cfg, "txt", (unsigned)i);

		mark = config_text_section(&loading->text, mark, "txt");
		txt->line = mark->line;
		txt->name = config_take_text(loading->config, cfg_title(section));
		if (!txt->name)
			return config_refuse(why, 0, "out of memory");
		if (!section_read(loading, section, mark, txt_options, txt) ||
			!config_name_txt(why, zone, txt))
			return false;
		if (txt->stale == STALE_WITHDRAW && txt->max_age == 0)
			return config_refuse(why, config_text_line(&loading->text, mark, "stale"),
				"found stale = \"withdraw\" without max-age, expected both");
	}
	return zone->txts != NULL;
}

static bool pools_read(struct loading *loading, cfg_t *cfg, const struct config_mark *mark,
	struct config_zone *zone)
{
	const struct config_why *why = loading->reader.why;
	size_t count = cfg_size(cfg, "pool");

	zone->pools = records_take(loading, count, sizeof(*zone->pools));
	for (size_t i = 0; zone->pools && i < count; i++) {
		struct config_pool *pool = &zone->pools[zone->pool_count++];
		cfg_t *section = cfg_getnsec(cfg, "pool", (unsigned)i);

		mark = config_text_section(&loading->text, mark, "pool");
		pool->line = mark->line;
		pool->name = config_take_text(loading->config, cfg_title(section));
		if (!pool->name)
			return config_refuse(why, 0, "out of memory");
		if (!section_read(loading, section, mark, pool_options, pool) ||
			!config_name_pool(why, zone, pool))
			return false;
		if (pool->rule.from == POOL_FROM_LABEL && !pool->pattern)
			return config_refuse(why, config_text_line(&loading->text, mark, "from"),
				"found from = \"label\" in pool \"%.64s\", expected a label that "
				"is * "
				"in its name",
				pool->name);
	}
	return zone->pools != NULL;
}

static bool zone_read(struct loading *loading, cfg_t *cfg, const struct config_mark *mark,
	struct config_zone *zone)
{
	const struct config_why *why = loading->reader.why;

	zone->line = mark->line;
	zone->name = config_take_text(loading->config, cfg_title(cfg));
	if (!zone->name)
		return config_refuse(why, 0, "out of memory");
	if (!config_name_zone(why, zone) || !section_read(loading, cfg, mark, zone_options, zone) ||
		!txts_read(loading, cfg, mark, zone) || !pools_read(loading, cfg, mark, zone))
		return false;
	if (zone->pool_count > 0 && !zone->export)
		return config_refuse(why, zone->pools[0].line,
			"found pool \"%.64s\" in a zone without export, expected export = \"...\" "
			"in zone \"%.64s\"",
			zone->pools[0].name, zone->name);
	return config_name_owners_once(why, zone);
}

static bool zones_read(struct loading *loading, cfg_t *cfg)
{
	struct config *config = loading->config;
	const struct config_mark *mark = NULL;
	size_t count = cfg_size(cfg, "zone");

	if (count == 0)
		return config_refuse(loading->reader.why, 0,
			"found no zone, expected at least one: zone \"NAME\" { file = \"...\" }");
	config->zones = records_take(loading, count, sizeof(*config->zones));
	for (size_t i = 0; config->zones && i < count; i++) {
		mark = config_text_section(&loading->text, mark, "zone");
		if (!zone_read(loading, cfg_getnsec(cfg, "zone", (unsigned)i), mark,
			    &config->zones[config->zone_count++]))
			return false;
	}
	return config->zones && config_name_zones_once(loading->reader.why, config);
}

/* A missing } is told last: a pool inside a pool says better where it was forgotten. */
static bool tree_read(struct loading *loading)
{
	struct config *config = loading->config;
	const struct config_mark *open = loading->text.open;
	cfg_t *cfg = file_parse(loading);
	bool read = false;

	if (!cfg)
		return false;
	config->control_given = cfg_getopt(cfg, "control")->flags & CFGF_MODIFIED;
	if (open)
		config_refuse(loading->reader.why, open->line,
			"found section %.*s without its end, expected } before the end of the file",
			(int)open->size, open->name);
	else
		read = section_read(loading, cfg, NULL, global_options, config) &&
		       section_read(loading, cfg_getsec(cfg, "geo"),
			       config_text_section(&loading->text, NULL, "geo"), geo_options,
			       config) &&
		       zones_read(loading, cfg);
	cfg_free(cfg);
	return read;
}

struct config *config_load(const char *path, char *why, size_t size)
{
	const struct config_why place = {path, why, size};
	struct config *config = calloc(1, sizeof(*config));
	struct loading loading = {.config = config, .reader = {&place, config}};
	bool loaded = false;

	if (config) {
		config->path = config_take_text(config, path);
		config->control = "";
	}
	if (!config || !config->path)
		config_refuse(&place, 0, "out of memory");
	else if (config_text_load(&loading.text, &place)) {
		loaded = tree_read(&loading);
		config_text_free(&loading.text);
	}
	if (loaded)
		return config;
	config_free(config);
	return NULL;
}
