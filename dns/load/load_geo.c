#include "dns/load/load_geo.h"

#include "dns/base/clock.h"
#include "dns/base/log.h"

#include <stdio.h>
#include <stdlib.h>

static void release_database(void *object)
{
	place_database_free(object);
}

static void release_overrides(void *object)
{
	place_overrides_free(object);
}

static void release_places(void *object)
{
	places_free(object);
}

static struct refcount *database_parse(
	const struct loading *loading, const struct file *file, char *why, size_t size)
{
	const char *path = loading->config->geo_database;
	struct place_database *database =
		place_database_parse((const uint8_t *)file->bytes, file->size, path, why, size);
	if (database)
		inputs_news_add(loading,
			"Country database loaded from %s networks=%zu build=%llu type=%s", path,
			database->networks, (unsigned long long)database->build, database->type);
	return refcount_new(database, release_database);
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
	return refcount_new(overrides, release_overrides);
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
		release_places);
	inputs->geo_ms = (uint32_t)(clock_ms() - begin);
	if (!inputs->places)
		snprintf(why, size, "out of memory for the country table");
	return inputs->places;
}
