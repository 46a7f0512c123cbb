#include "tools/monitor/config/config.h"

#include "dns/config/table.h"
#include "tools/monitor/config/hostname.h"
#include "tools/monitor/config/mailbox.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	TEXT_MAX = 1000, /* octets */
	ZONE_MAX = 240, /* so that db.XY.ZONE is a name (RFC 1035 2.3.4) */
	WEEK = 7 * 86400,
	YEAR = 366 * 86400,
	PARALLEL_MAX = 4096,
};

#define IN(member) CONFIG_FIELD(struct settings, member)
#define WEB        "http://", "https://"

static config_read read_zone, read_url, read_mail, read_program, read_request_path;

static const struct config_option options[] = {
	{"zone", read_zone, IN(zone), 1, ZONE_MAX, .required = true},
	{"mirrors", config_read_path, IN(mirrors), .usual = {"mirrors.list.json"}},
	{"export", config_read_path, IN(export), .usual = {"mirrors.json"}},
	{"state", config_read_path, IN(state), .usual = {"monitor.sqlite"}},
	{"page", config_read_path, IN(page), .usual = {"html"}, .empty = true},
	{"txt", config_read_path, IN(txt), .usual = {""}, .empty = true},
	{"scheme", config_read_choice, IN(scheme), .usual = {"http"}, .words = {"http", "https"}},
	{"path", read_request_path, IN(request_path), 1, TEXT_MAX, .usual = {"/timestamp"}},
	{"host", config_read_text, IN(host), 1, ZONE_MAX, .usual = {"db.%c.%z"}},
	{"fresh", config_read_choice, IN(fresh), .usual = {"timestamp"},
		.words = {"timestamp", "http"}},
	{"signatures", config_read_choice, IN(signatures), .usual = {"warn"},
		.words = {"off", "warn", "require"}},
	{"interval", config_read_duration, IN(interval), 1, WEEK, .usual = {"10m"}},
	{"timeout", config_read_duration, IN(timeout), 1, 3600, .usual = {"10s"}},
	{"parallel", config_read_number, IN(parallel), 1, PARALLEL_MAX, .usual = {"64"}},
	{"old-after", config_read_duration, IN(old_after), 1, YEAR, .usual = {"1d"}},
	{"remove-after", config_read_duration, IN(remove_after), 1, YEAR, .usual = {"2d"}},
	{"recover-after", config_read_number, IN(recover_after), 1, 1000, .usual = {"1"}},
	{"ramp", config_read_duration, IN(ramp), 0, WEEK, .usual = {"1h"}},
	{"policy", config_read_choice, IN(policy), .usual = {"each"}, .words = {"each", "random"}},
	{"local-test", config_read_bool, IN(local_test), .usual = {"false"}},
	{"references", read_url, IN(references), 0, TEXT_MAX, .words = {WEB}, .list = true,
		.count = offsetof(struct settings, reference_count)},
	{"alert", read_program, IN(alert), 0, TEXT_MAX, .usual = {""}},
	{"smtp", read_url, IN(smtp), 0, TEXT_MAX, .usual = {""}, .words = {"smtp://", "smtps://"}},
	{"mail-from", read_mail, IN(mail_from), 0, TEXT_MAX, .usual = {""}},
	{"mail-to", read_mail, IN(mail_to), 0, TEXT_MAX, .usual = {""}},
	{"digest", config_read_duration, IN(digest), 0, YEAR, .usual = {"1d"}},
	{"pings", read_url, IN(pings), 0, TEXT_MAX, .usual = {""}, .words = {WEB}},
	{"log-level", config_read_choice, IN(log_level), .usual = {"info"},
		.words = {"error", "warning", "info", "debug"}},
	{"allow-private", config_read_bool, IN(allow_private), .usual = {"false"}},
	{"metrics", config_read_address, IN(metrics), .usual = {"127.0.0.1:9354"},
		.named = offsetof(struct settings, metrics_named)},
	{.name = NULL},
};

/* A dot at its end says no more than none; it would only confuse web servers. */
static bool read_zone(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct settings *settings = record;
	if (!config_read_text(reader, option, given, record))
		return false;
	if (!host_fits(given->texts[0], strlen(given->texts[0]), true))
		return config_refuse(reader->why, given->lines[0],
			"found zone = \"%.64s\", expected a name like \"clamav.net\"",
			given->texts[0]);
	char *text = config_arena_text(reader->arena, settings->zone);
	if (!text)
		return config_refuse(reader->why, 0, "out of memory");
	size_t size = strlen(text);
	if (size > 1 && text[size - 1] == '.')
		text[size - 1] = '\0';
	settings->zone = text;
	return true;
}

static bool url_good(const char *text, const struct config_option *option)
{
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at >= 0x7F)
			return false;
	for (const char *const *scheme = option->words; *scheme; scheme++) {
		size_t size = strlen(*scheme);
		if (strncasecmp(text, *scheme, size) == 0 && text[size] && text[size] != '/')
			return true;
	}
	return false;
}

/* Of the schemes that are the option's words. "" is off, but none of a list. */
static bool read_url(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	if (option->list && given->count > SETTINGS_REFERENCES_MAX)
		return config_refuse(reader->why, given->line, "found %zu %s, expected at most %d",
			given->count, given->name, SETTINGS_REFERENCES_MAX);
	for (size_t i = 0; i < given->count; i++)
		if ((option->list || given->texts[i][0]) && !url_good(given->texts[i], option))
			return config_refuse(reader->why, given->lines[i],
				"found %s = \"%.200s\", expected %sHOST%s", given->name,
				given->texts[i], option->words[0],
				option->words[0][0] == 's' ? ":PORT" : "/PATH");
	return (option->list ? config_read_texts : config_read_text)(reader, option, given, record);
}

static bool read_mail(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct mailbox address;
	if (given->count == 1 && given->texts[0][0] && !mailbox_parse(given->texts[0], &address))
		return config_refuse(reader->why, given->lines[0],
			"found %s = \"%.200s\", expected a mail address like \"noc@example.net\"",
			given->name, given->texts[0]);
	return config_read_text(reader, option, given, record);
}

static bool read_request_path(const struct config_reader *reader,
	const struct config_option *option, const struct config_given *given, void *record)
{
	const char *text = given->texts[0];
	bool good = text[0] == '/';
	for (const char *at = text; *at; at++)
		good = good && *at > ' ' && *at < 0x7F && *at != '#' && *at != '\'';
	if (!good)
		return config_refuse(reader->why, given->lines[0],
			"found path = \"%.200s\", expected one like \"/timestamp\"", text);
	return config_read_text(reader, option, given, record);
}

/* A name without a slash is looked for in PATH. */
static bool read_program(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	bool path = given->count == 1 && strchr(given->texts[0], '/');
	return (path ? config_read_path : config_read_text)(reader, option, given, record);
}

const char *settings_host_write(const struct settings *settings, const char *label,
	const char *host, char text[SETTINGS_HOST_MAX])
{
	size_t size = 0;
	for (const char *at = settings->host; *at; at++) {
		const char one[2] = {*at, '\0'}, *part = one;
		bool country = at[0] == '%' && at[1] == 'c';
		if (country)
			part = label;
		else if (at[0] == '%' && at[1] == 'z')
			part = settings->zone;
		else if (at[0] == '%' && at[1] == 'h')
			part = host;
		at += part != one;
		for (; *part && size < SETTINGS_HOST_MAX - 1; part++)
			text[size++] = (char)(country ? tolower((unsigned char)*part) : *part);
	}
	text[size] = '\0';
	return text;
}

bool settings_host_shared(const struct settings *settings)
{
	return !strstr(settings->host, "%h");
}

/* What one option alone cannot tell. */
static bool settings_check(const struct settings *settings, const struct config_why *why)
{
	char name[SETTINGS_HOST_MAX];
	settings_host_write(settings, "xx", "h", name);
	if (!host_fits(name, strlen(name), true))
		return config_refuse(why, 0,
			"found host = \"%.200s\", expected a host name like \"db.%%c.%%z\", where "
			"%%c is the country, %%z the zone and %%h the mirror's own name",
			settings->host);
	if (settings->smtp[0] && !settings->mail_from[0])
		return config_refuse(why, 0,
			"found smtp without a mail-from, expected mail-from = \"NAME@HOST\" too");
	if (strcmp(settings->mirrors, settings->export) == 0)
		return config_refuse(why, 0,
			"found one file for mirrors and export, %.200s, expected two",
			settings->export);
	return true;
}

struct settings *settings_load(const char *path, char *why, size_t size)
{
	struct settings *settings = calloc(1, sizeof(*settings));
	if (!settings) {
		snprintf(why, size, "%s: out of memory", path);
		return NULL;
	}
	const struct config_why place = {path, &settings->arena, why, size};
	if (config_table_load(path, options, settings, &settings->arena, why, size) &&
		settings_check(settings, &place)) {
		settings->path = config_arena_text(&settings->arena, path);
		if (settings->path)
			return settings;
		snprintf(why, size, "%s: out of memory", path);
	}
	settings_free(settings);
	return NULL;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	config_arena_free(&settings->arena);
	free(settings);
}
