#include "dns/load/load_geo.h"

#include "dns/base/clock.h"
#include "dns/base/log.h"
#include "geo/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORKS_TEXT_MAX = 32 };

/* How many networks of the database that was in service at the last start or reload name a country;
 * 0: not known. */
static size_t networks_restore(const struct loading *loading)
{
	char path[STATE_DIR_PATH_MAX];
	struct file file;
	state_dir_networks_path(path, loading->config);
	if (!state_dir_read(loading->config, &file, path, NETWORKS_TEXT_MAX))
		return 0;
	size_t networks = strtoul(file.bytes, NULL, 10);
	free(file.bytes);
	return networks;
}

static void networks_save(const struct loading *loading, size_t networks)
{
	char path[STATE_DIR_PATH_MAX];
	struct file file = {.bytes = malloc(NETWORKS_TEXT_MAX)};
	if (!file.bytes)
		return;
	file.size = (size_t)snprintf(file.bytes, NETWORKS_TEXT_MAX, "%zu\n", networks);
	state_dir_networks_path(path, loading->config);
	inputs_save_add(loading->inputs, path, &file, NULL);
}

/* Half a database is worse than one of last month. False: refused; a start takes it, with a
 * warning. */
static bool database_follow(const struct loading *loading, const struct place_database *database,
	char *why, size_t size)
{
	const struct config *config = loading->config;
	const struct inputs *inputs = loading->request->before;
	const struct place_database *served = inputs ? refcount_get(inputs->database) : NULL;
	size_t before = served ? served->networks : inputs ? 0 : networks_restore(loading);
	size_t now = database->networks;
	if (now >= before || loading->request->force ||
		(before - now) * 100 <= config->geo_max_shrink * before)
		return true;
	snprintf(why, size,
		"%s: %zu networks of a known country, %zu in the last accepted database: %zu %% "
		"gone, expected at most max-shrink = %u %%",
		config->geo_database, now, before, ((before - now) * 100 + before - 1) / before,
		config->geo_max_shrink);
	if (!served) {
		log_line(LOG_LEVEL_WARNING, "%s; it is served all the same", why);
		return true;
	}
	size_t used = strlen(why);
	snprintf(why + used, size - used, "; use `mirrornsctl reload --force` to accept it");
	return false;
}

static struct refcount *database_parse(
	const struct loading *loading, const struct file *file, char *why, size_t size)
{
	const char *path = loading->config->geo_database;
	char build[STAMP_TEXT_MAX];
	struct place_database *database =
		place_database_parse((const uint8_t *)file->bytes, file->size, path, why, size);
	if (!database || !database_follow(loading, database, why, size)) {
		place_database_free(database);
		return NULL;
	}
	inputs_news_add(loading,
		"Country database loaded from %s networks=%zu countries=%u unknown=%zu build=%s type=%s",
		path, database->networks, database->countries, database->unknown,
		stamp_write((int64_t)database->build, build), database->type);
	networks_save(loading, database->networks);
	return refcount_new(database, place_database_free);
}

static struct refcount *overrides_parse(
	const struct loading *loading, const struct file *file, char *why, size_t size)
{
	const char *path = loading->config->geo_overrides;
	struct place_overrides *overrides =
		place_overrides_parse(file->bytes, file->size, path, why, size);
	if (overrides)
		inputs_news_add(
			loading, "Overrides loaded from %s networks=%zu", path, overrides->count);
	return refcount_new(overrides, place_overrides_free);
}

/* One of both as it is now, else as it was before. NULL: it was not there, or is not configured;
 * `why` has the sentence. */
static struct refcount *part_load(const struct loading *loading, size_t number,
	struct refcount *before, char *why, size_t size)
{
	bool is_database = number == INPUTS_DATABASE;
	struct refcount *part = NULL;
	struct file file;
	if (!inputs_file(loading->config, number))
		return NULL;
	if (!inputs_due(loading, number))
		return refcount_hold(before);
	if (inputs_read(loading, number, &file, why, size)) {
		part = (is_database ? database_parse : overrides_parse)(loading, &file, why, size);
		free(file.bytes);
	}
	if (part || !before)
		return part;
	inputs_refuse(loading, number, why,
		is_database ? "the previous database stays in service"
			    : "the previous overrides stay in service");
	return refcount_hold(before);
}

bool inputs_geo_load(const struct loading *loading, char *why, size_t size)
{
	struct inputs *inputs = loading->inputs;
	const struct inputs *before = loading->request->before;
	uint64_t begin = clock_ms();
	inputs->database =
		part_load(loading, INPUTS_DATABASE, before ? before->database : NULL, why, size);
	if (!inputs->database && loading->config->geo_database)
		return false;
	inputs->overrides =
		part_load(loading, INPUTS_OVERRIDES, before ? before->overrides : NULL, why, size);
	if (!inputs->overrides && loading->config->geo_overrides)
		return false;
	if (before && inputs->database == before->database &&
		inputs->overrides == before->overrides) {
		inputs->places = refcount_hold(before->places);
		return true;
	}
	if (!inputs->database && !before)
		log_line(LOG_LEVEL_NOTICE, "No country database configured: "
					   "clients without an override start at level world");
	inputs->places = refcount_new(
		places_build(refcount_get(inputs->database), refcount_get(inputs->overrides)),
		places_free);
	inputs->geo_ms = (uint32_t)(clock_ms() - begin);
	if (!inputs->places)
		snprintf(why, size, "out of memory for the country table");
	return inputs->places;
}
