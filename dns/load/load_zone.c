#include "dns/load/load_zone.h"

#include "dns/base/log.h"
#include "geo/special.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SERIAL_MAX = 24 };

static const struct inputs_zone *zone_before(const struct loading *loading, size_t z)
{
	const struct inputs *before = loading->request->before;
	for (size_t i = 0; before && i < before->zone_count; i++)
		if (name_equal(
			    inputs_config(before)->zones[i].apex, loading->config->zones[z].apex))
			return &before->zones[i];
	return NULL;
}

/* The kept export of a zone, which a start measures the new one by, and serves in its stead. */
static void export_restore(const struct loading *loading, size_t z)
{
	struct inputs_zone *zone = &loading->inputs->zones[z];
	char path[STATE_DIR_PATH_MAX], why[INPUTS_WHY_MAX + STATE_DIR_PATH_MAX];
	struct file file;
	state_dir_export_path(path, loading->config, &loading->config->zones[z]);
	if (!state_dir_read(loading->config, &file, path, loading->config->max_file_size))
		return;
	zone->exported = inputs_export_parse(&file, path, why, sizeof(why));
	free(file.bytes);
	if (!zone->exported) {
		log_line(LOG_LEVEL_WARNING, "%s; this state-dir copy is not used", why);
		return;
	}
	zone->accepted = file.modified;
	history_read(loading->config, &zone->history, path);
}

static const char *serial_write(const struct mirrors *mirrors, char text[SERIAL_MAX])
{
	if (mirrors->serial < 0)
		return "none";
	snprintf(text, SERIAL_MAX, "%lld", (long long)mirrors->serial);
	return text;
}

static void export_note(const struct loading *loading, const struct config_zone *config,
	const struct mirrors *before, const struct mirrors *after)
{
	char change[4096], serial[SERIAL_MAX];
	if (!mirrors_diff(before, after, change, sizeof(change)) && before)
		return;
	inputs_news_add(loading,
		"The export of zone %s %s: "
		"%s serial=%s mirrors=%zu addresses_in_service=%zu file=%s",
		config->name, before ? "changed" : "was loaded", change,
		serial_write(after, serial), after->hosts, after->in_service, config->export);
}

/* Said whenever everything is read on request, else when it has changed. */
static void members_warn(const struct loading *loading, const struct config_zone *config,
	const struct mirrors *before, const struct mirrors *after)
{
	char text[2048], said[2048] = "";
	size_t count = special_members(after, text, sizeof(text));
	if (before && !loading->request->config_path)
		special_members(before, said, sizeof(said));
	if (count && strcmp(text, said) != 0)
		log_line(LOG_LEVEL_WARNING,
			"Zone %s has %zu mirror address%s in service that the Internet cannot reach: %s file=%s",
			config->name, count, count == 1 ? "" : "es", text, config->export);
}

/* Reads, parses and judges the configured export against what is in zone->exported. */
static bool export_take(const struct loading *loading, size_t z, char *why, size_t size)
{
	const struct config_zone *config = &loading->config->zones[z];
	struct inputs_zone *zone = &loading->inputs->zones[z];
	const struct mirrors *before = refcount_get(zone->exported);
	struct file file;
	if (!inputs_read(loading, inputs_export(loading->config, z), &file, why, size))
		return false;
	struct refcount *exported = inputs_export_parse(&file, config->export, why, size);
	const struct mirrors *mirrors = refcount_get(exported);
	struct mirror_limits limits = inputs_limits(loading->inputs, z, loading->inputs->now);
	limits.force = loading->request->force;
	if (!mirrors || !mirrors_follow(mirrors, &limits, config->export, why, size)) {
		refcount_release(exported);
		free(file.bytes);
		return false;
	}
	if (loading->request->before || z < INPUTS_SAY_ZONES)
		export_note(loading, config, before, mirrors);
	members_warn(loading, config, before, mirrors);
	if (loading->request->force) /* what follows is measured by this one */
		zone->history.count = 0;
	else if (before) /* it was in service until now, whenever it was accepted */
		history_add(&zone->history, before->in_service, limits.now);
	history_add(&zone->history, mirrors->in_service, limits.now);
	zone->accepted = limits.now;
	refcount_release(zone->exported);
	zone->exported = exported;
	char path[STATE_DIR_PATH_MAX];
	state_dir_export_path(path, loading->config, config);
	file.modified = 0;
	inputs_save_add(loading->inputs, path, &file, &zone->history);
	return true;
}

static bool export_load(const struct loading *loading, size_t z, char *why, size_t size)
{
	const struct config_zone *config = &loading->config->zones[z];
	struct inputs_zone *zone = &loading->inputs->zones[z];
	const struct inputs_zone *before = zone_before(loading, z);
	size_t number = inputs_export(loading->config, z);
	if (!config->export)
		return true;
	if (before && before->exported) {
		zone->exported = refcount_hold(before->exported);
		zone->history = before->history;
		zone->accepted = before->accepted;
	} else {
		export_restore(loading, z);
	}
	if (!inputs_due(loading, number) || export_take(loading, z, why, size))
		return true;
	if (zone->exported) {
		char instead[128], serial[SERIAL_MAX];
		snprintf(instead, sizeof(instead),
			"the last good export stays in service serial=%s",
			serial_write(refcount_get(zone->exported), serial));
		inputs_refuse(loading, number, why, instead);
		return true;
	}
	size_t used = strlen(why);
	snprintf(why + used, size - used,
		"; and there is no earlier copy in state-dir, "
		"so nothing can be served: correct this file");
	return false;
}

/* Takes over the file's octets unless it returns a string. */
static struct refcount *txt_take(
	const char *path, const struct config_txt *config, struct file *file, char *why)
{
	struct txt *txt;
	if (txt_parse(&txt, file, path, config, why, INPUTS_WHY_MAX))
		return refcount_new(txt, free);
	free(file->bytes);
	return NULL;
}

/* The string that was kept of this name; NULL: none, or it is of no use. */
static struct refcount *txt_restore(
	const struct loading *loading, const char *path, const struct config_txt *config)
{
	char ignored[INPUTS_WHY_MAX];
	struct file file;
	if (!state_dir_read(loading->config, &file, path, loading->config->max_file_size))
		return NULL;
	struct refcount *txt = txt_take(path, config, &file, ignored);
	if (txt)
		free(file.bytes);
	return txt;
}

/* A TXT file that is refused leaves the last good string, or none: then the name is SERVFAIL. */
static void txt_load(const struct loading *loading, size_t z, size_t t)
{
	size_t number = inputs_export(loading->config, z) + 1 + t;
	const struct config_zone *zone_config = &loading->config->zones[z];
	const struct config_txt *config = &zone_config->txts[t];
	const struct inputs_zone *before = zone_before(loading, z);
	struct refcount **txt = &loading->inputs->zones[z].txts[t];
	char path[STATE_DIR_PATH_MAX], why[INPUTS_WHY_MAX];
	struct file file;
	const struct config_zone *old =
		before ? &inputs_config(loading->request->before)
				  ->zones[before - loading->request->before->zones]
		       : NULL;
	for (size_t i = 0; old && i < old->txt_count; i++)
		if (name_equal(old->txts[i].wire, config->wire))
			*txt = refcount_hold(before->txts[i]);
	if (!inputs_due(loading, number))
		return;
	state_dir_txt_path(path, loading->config, zone_config, config);
	struct refcount *taken = NULL;
	if (inputs_read(loading, number, &file, why, sizeof(why)))
		taken = txt_take(config->file, config, &file, why);
	if (taken) {
		refcount_release(*txt);
		*txt = taken;
		inputs_save_add(loading->inputs, path, &file, NULL);
		return;
	}
	if (!*txt)
		*txt = txt_restore(loading, path, config);
	inputs_refuse(loading, number, why,
		*txt ? "the last good string stays in service"
		     : "there is no earlier string, the name gets SERVFAIL");
}

bool inputs_zone_load(const struct loading *loading, size_t z, char *why, size_t size)
{
	const struct config_zone *config = &loading->config->zones[z];
	struct inputs_zone *zone = &loading->inputs->zones[z];
	if (loading->request->config_path) {
		struct zone_file *file = zone_file_load(config->file, config->apex, why, size);
		for (size_t i = 0; file && i < file->warning_count; i++)
			log_line(LOG_LEVEL_WARNING, "%s", file->warnings[i]);
		if (!file && access(config->file, R_OK) != 0)
			inputs_name(loading, config->file, why, size);
		zone->file = refcount_new(file, zone_file_free);
	} else {
		zone->file = refcount_hold(zone_before(loading, z)->file);
	}
	zone->txts = calloc(config->txt_count + 1, sizeof(struct refcount *));
	if (!zone->file || !zone->txts || !export_load(loading, z, why, size))
		return false;
	for (size_t t = 0; t < config->txt_count; t++)
		txt_load(loading, z, t);
	zone->mirrors = drains_mark(
		zone->exported, refcount_get(loading->inputs->drains), loading->inputs->now);
	if (zone->exported && !zone->mirrors)
		snprintf(why, size, "out of memory for the drains of zone %s", config->name);
	return zone->mirrors || !zone->exported;
}
