#include "dns/load/load_geo.h"

#include "dns/base/log.h"

#include <stdio.h>
#include <time.h>

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

static bool database_load(const struct loading *loading, char *why, size_t size)
{
	const char *path = loading->config->geo_database;
	const struct inputs *before = loading->request->before;
	struct file file;
	if (!path)
		return true;
	if (!inputs_due(loading, INPUTS_DATABASE)) {
		loading->inputs->database = shared_hold(before->database);
		return true;
	}
	struct place_database *database = NULL;
	if (inputs_read(loading, INPUTS_DATABASE, &file, why, size)) {
		database = place_database_parse(
			(const uint8_t *)file.bytes, file.size, path, why, size);
		free(file.bytes);
	}
	if (database) {
		inputs_news_add(loading,
			"The country database %s was read networks=%zu build=%llu type=%s", path,
			database->networks, (unsigned long long)database->build, database->type);
		loading->inputs->database = shared_new(database, release_database);
		return loading->inputs->database;
	}
	if (!before || !before->database)
		return false;
	inputs_refuse(loading, INPUTS_DATABASE, why, "the database read before stays in service");
	loading->inputs->database = shared_hold(before->database);
	return true;
}

static bool overrides_load(const struct loading *loading, char *why, size_t size)
{
	const char *path = loading->config->geo_overrides;
	const struct inputs *before = loading->request->before;
	struct file file;
	if (!path)
		return true;
	if (!inputs_due(loading, INPUTS_OVERRIDES)) {
		loading->inputs->overrides = shared_hold(before->overrides);
		return true;
	}
	struct place_overrides *overrides = NULL;
	if (inputs_read(loading, INPUTS_OVERRIDES, &file, why, size)) {
		overrides = place_overrides_parse(file.bytes, file.size, path, why, size);
		free(file.bytes);
	}
	if (overrides) {
		inputs_news_add(
			loading, "The overrides %s were read networks=%zu", path, overrides->count);
		loading->inputs->overrides = shared_new(overrides, release_overrides);
		return loading->inputs->overrides;
	}
	if (!before || !before->overrides)
		return false;
	inputs_refuse(loading, INPUTS_OVERRIDES, why, "the overrides read before stay in service");
	loading->inputs->overrides = shared_hold(before->overrides);
	return true;
}

static uint64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool inputs_geo_load(const struct loading *loading, char *why, size_t size)
{
	struct inputs *inputs = loading->inputs;
	const struct inputs *before = loading->request->before;
	uint64_t begin = clock_ms();
	if (!database_load(loading, why, size) || !overrides_load(loading, why, size))
		return false;
	if (before && inputs->database == before->database &&
		inputs->overrides == before->overrides) {
		inputs->places = shared_hold(before->places);
		return true;
	}
	if (!inputs->database && !before)
		log_line(LOG_LEVEL_NOTICE,
			"No country database is configured: whoever is not in the "
			"overrides is at the level world");
	inputs->places = shared_new(
		places_build(shared_get(inputs->database), shared_get(inputs->overrides)),
		release_places);
	inputs->geo_ms = (uint32_t)(clock_ms() - begin);
	if (!inputs->places)
		snprintf(why, size, "no memory for the country table");
	return inputs->places;
}
