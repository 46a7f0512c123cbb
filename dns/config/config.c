#include "dns/config/config.h"

#include "dns/config/names.h"
#include "dns/config/pool.h"
#include "dns/config/table.h"

#include <stdlib.h>

enum { TEXT_MAX = 255, TTL_MAX = 2147483647 /* RFC 2181 8 */ };

#define IN_CONFIG(member) CONFIG_FIELD(struct config, member)
#define IN_ZONE(member)   CONFIG_FIELD(struct config_zone, member)
#define IN_TXT(member)    CONFIG_FIELD(struct config_txt, member)
#define IN_POOL(member)   CONFIG_FIELD(struct config_pool, member)
#define IN_PING(member)   CONFIG_FIELD(struct config_ping, member)

/* Name, reader, field; least and most; what it usually is; the words of a choice. */
static const struct config_option global_options[] = {
	{"listen", config_read_listens, IN_CONFIG(listens), .usual = {"0.0.0.0:53", "[::]:53"},
		.list = true, .count = offsetof(struct config, listen_count)},
	{"workers", config_read_number, IN_CONFIG(workers), 0, 1024, .usual = {"0"}},
	{"user", config_read_text, IN_CONFIG(user), 0, TEXT_MAX, .usual = {"mirrorns"}},
	{"state-dir", config_read_path, IN_CONFIG(state_dir), .usual = {"/var/lib/mirrorns"}},
	{"control", config_read_path, IN_CONFIG(control), .usual = {"/run/mirrorns/control.sock"},
		.empty = true, .named = offsetof(struct config, control_given)},
	{"control-group", config_read_text, IN_CONFIG(control_group), 0, TEXT_MAX, .usual = {""}},
	{"metrics", config_read_address, IN_CONFIG(metrics), .usual = {"127.0.0.1:9353"},
		.named = offsetof(struct config, metrics_named)},
	{"log-level", config_read_choice, IN_CONFIG(log_level), .usual = {"info"},
		.words = {"error", "warning", "info", "debug"}},
	{"identity", config_read_text, IN_CONFIG(identity), 0, TEXT_MAX, .usual = {""}},
	{"version-reply", config_read_text, IN_CONFIG(version_reply), 0, TEXT_MAX,
		.usual = {"mirrorns " MIRRORNS_VERSION}},
	{"explain-to", config_read_networks, IN_CONFIG(explain_to),
		.usual = {"127.0.0.0/8", "::1/128"}, .list = true,
		.count = offsetof(struct config, explain_to_count)},
	{"max-udp-size", config_read_number, IN_CONFIG(max_udp_size), 512, 65535,
		.usual = {"1232"}},
	{"tcp-connections", config_read_number, IN_CONFIG(tcp_connections), 1, 1000000,
		.usual = {"1000"}},
	{"tcp-idle", config_read_duration, IN_CONFIG(tcp_idle), 1, 86400, .usual = {"10s"}},
	{"socket-affinity", config_read_bool, IN_CONFIG(socket_affinity), .usual = {"false"}},
	{"max-file-size", config_read_size, IN_CONFIG(max_file_size), 1, 1ULL << 40,
		.usual = {"64M"}},
	{.name = NULL},
};

static const struct config_option geo_options[] = {
	{"database", config_read_path, IN_CONFIG(geo_database), .usual = {""}, .empty = true},
	{"overrides", config_read_path, IN_CONFIG(geo_overrides), .usual = {""}, .empty = true},
	{"max-shrink", config_read_number, IN_CONFIG(geo_max_shrink), 0, 100, .usual = {"50"}},
	{"max-age", config_read_duration, IN_CONFIG(geo_max_age), 1, TTL_MAX, .usual = {""},
		.empty = true},
	{.name = NULL},
};

static const struct config_option zone_options[] = {
	{"file", config_read_path, IN_ZONE(file), .required = true},
	{"export", config_read_path, IN_ZONE(export), .usual = {""}, .empty = true},
	{"max-shrink", config_read_number, IN_ZONE(max_shrink), 0, 100, .usual = {"50"}},
	{"export-max-age", config_read_duration, IN_ZONE(export_max_age), 1, TTL_MAX,
		.usual = {"1d"}, .empty = true},
	{.name = NULL},
};

static const struct config_option txt_options[] = {
	{"file", config_read_path, IN_TXT(file), .required = true},
	{"ttl", config_read_duration, IN_TXT(ttl), 0, TTL_MAX, .usual = {"1800"}},
	{"max-age", config_read_duration, IN_TXT(max_age), 1, TTL_MAX, .usual = {""},
		.empty = true},
	{"stale", config_read_choice, IN_TXT(stale), .usual = {"serve"},
		.words = {"serve", "withdraw"}},
	{"format", config_read_choice, IN_TXT(cvd), .usual = {"any"}, .words = {"any", "cvd"}},
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

/* An answer that a resolver still has is a ping that is not counted: so none is kept. */
static const struct config_option ping_options[] = {
	{"address", config_read_ipv4, IN_PING(address), .required = true},
	{"ttl", config_read_duration, IN_PING(ttl), 0, TTL_MAX, .usual = {"0"}},
	{.name = NULL},
};

static const struct config_table zone_sections[] = {
	{"txt", txt_options, .titled = true},
	{"pool", pool_options, .titled = true},
	{"ping", ping_options, .titled = true},
	{.name = NULL},
};

static const struct config_table file_sections[] = {
	{"geo", geo_options, .titled = false},
	{"zone", zone_options, .titled = true, .sections = zone_sections},
	{.name = NULL},
};

static const struct config_table file_table = {"", global_options, .sections = file_sections};

/* An array in the arena, one record for each section of that name; NULL: no memory, *why
 * written. */
static void *records_take(
	const struct config_section *parent, const char *name, size_t width, size_t *count)
{
	const struct config_reader *reader = parent->reader;
	void *records;
	*count = config_table_count(parent, name);
	records = config_arena_take(reader->arena, *count * width);
	if (!records)
		config_refuse(reader->why, 0, "out of memory");
	return records;
}

static bool title_take(const struct config_section *section, const char **name, unsigned *line)
{
	const struct config_reader *reader = section->reader;
	*line = section->line;
	*name = config_arena_text(reader->arena, section->title);
	return *name || config_refuse(reader->why, 0, "out of memory");
}

static bool txts_read(const struct config_section *parent, struct config_zone *zone)
{
	const struct config_why *why = parent->reader->why;
	const struct config_section *section = NULL;
	struct config_txt *txt;
	txt = zone->txts = records_take(parent, "txt", sizeof(*txt), &zone->txt_count);
	for (; txt && (section = config_section_next(parent, section, "txt")); txt++) {
		if (!title_take(section, &txt->name, &txt->line) ||
			!config_table_read(section, txt) || !config_name_txt(why, zone, txt))
			return false;
		if (txt->stale == STALE_WITHDRAW && txt->max_age == 0)
			return config_refuse(why, config_table_line(section, "stale"),
				"found stale = \"withdraw\" without max-age, expected both");
	}
	return txt != NULL;
}

static bool pools_read(const struct config_section *parent, struct config_zone *zone)
{
	const struct config_why *why = parent->reader->why;
	const struct config_section *section = NULL;
	struct config_pool *pool;
	pool = zone->pools = records_take(parent, "pool", sizeof(*pool), &zone->pool_count);
	for (; pool && (section = config_section_next(parent, section, "pool")); pool++) {
		if (!title_take(section, &pool->name, &pool->line) ||
			!config_table_read(section, pool) || !config_name_pool(why, zone, pool))
			return false;
		if (pool->rule.from == POOL_FROM_LABEL && !pool->pattern)
			return config_refuse(why, config_table_line(section, "from"),
				"found from = \"label\" in pool \"%.64s\", expected a label * in its name",
				pool->name);
	}
	return pool != NULL;
}

static bool pings_read(const struct config_section *parent, struct config_zone *zone)
{
	const struct config_why *why = parent->reader->why;
	const struct config_section *section = NULL;
	struct config_ping *ping;
	ping = zone->pings = records_take(parent, "ping", sizeof(*ping), &zone->ping_count);
	for (; ping && (section = config_section_next(parent, section, "ping")); ping++)
		if (!title_take(section, &ping->name, &ping->line) ||
			!config_table_read(section, ping) || !config_name_ping(why, zone, ping))
			return false;
	return ping != NULL;
}

static bool zone_read(const struct config_section *section, struct config_zone *zone)
{
	const struct config_why *why = section->reader->why;
	if (!title_take(section, &zone->name, &zone->line) || !config_name_zone(why, zone) ||
		!config_table_read(section, zone) || !txts_read(section, zone) ||
		!pools_read(section, zone) || !pings_read(section, zone))
		return false;
	if (zone->pool_count > 0 && !zone->export)
		return config_refuse(why, zone->pools[0].line,
			"found pool \"%.64s\" in a zone without export, "
			"expected export = \"...\" in zone \"%.64s\"",
			zone->pools[0].name, zone->name);
	return config_name_owners_once(why, zone);
}

static bool zones_read(const struct config_section *file, struct config *config)
{
	const struct config_why *why = file->reader->why;
	const struct config_section *section = NULL;
	struct config_zone *zone;
	zone = config->zones = records_take(file, "zone", sizeof(*zone), &config->zone_count);
	if (zone && config->zone_count == 0)
		return config_refuse(why, 0,
			"found no zone, expected at least one: zone \"NAME\" { file = \"...\" }");
	for (; zone && (section = config_section_next(file, section, "zone")); zone++)
		if (!zone_read(section, zone))
			return false;
	return zone && config_name_zones_once(why, config->zones, config->zone_count);
}

static bool whole_read(const struct config_section *file, void *record)
{
	struct config *config = record;
	config->path = config->arena.path;
	return config_table_read(file, record) &&
	       config_table_read(config_section_next(file, NULL, "geo"), record) &&
	       zones_read(file, record);
}

struct config *config_load(const char *path, char *why, size_t size)
{
	struct config *config = calloc(1, sizeof(*config));
	const struct config_why place = {path, config ? &config->arena : NULL, why, size};
	if (!config) {
		config_refuse(&place, 0, "out of memory");
		return NULL;
	}
	config->control = "";
	if (config_table_parse(&(struct config_reader){&place, &config->arena}, &file_table,
		    whole_read, config))
		return config;
	config_free(config);
	return NULL;
}

void config_free(void *object)
{
	struct config *config = object;
	if (!config)
		return;
	config_arena_free(&config->arena);
	free(config);
}
