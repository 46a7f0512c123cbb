#include "dns/load/inputs.h"

#include "dns/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *inputs_file(const struct config *config, size_t number)
{
	if (number == INPUTS_DATABASE)
		return config->geo_database;
	if (number == INPUTS_OVERRIDES)
		return config->geo_overrides;
	number -= INPUTS_ZONES;
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct config_zone *zone = &config->zones[i];
		if (number == 0)
			return zone->export;
		if (number <= zone->txt_count)
			return zone->txts[number - 1].file;
		number -= 1 + zone->txt_count;
	}
	return NULL;
}

size_t inputs_export(const struct config *config, size_t z)
{
	size_t number = INPUTS_ZONES;
	for (size_t i = 0; i < z; i++)
		number += 1 + config->zones[i].txt_count;
	return number;
}

bool inputs_file_read(
	const struct config *config, struct file *file, const char *path, char *why, size_t size)
{
	if (file_read(file, path, config->max_file_size, why, size))
		return true;
	size_t length = strlen(why);
	if (file->large)
		snprintf(why + length, size - length, " (max-file-size)");
	return false;
}

struct refcount *inputs_export_parse(
	const struct file *file, const char *path, char *why, size_t size)
{
	struct mirrors *mirrors = mirrors_parse(file->bytes, file->size, path, why, size);
	struct refcount *exported = refcount_new(mirrors, mirrors_free);
	if (mirrors && !exported)
		snprintf(why, size, "%s: out of memory", path);
	return exported;
}

static void news_free(struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->news_count; i++)
		free(inputs->news[i]);
	free(inputs->news);
	inputs->news = NULL;
	inputs->news_count = 0;
}

bool inputs_are_fresh(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs_files(inputs_config(inputs)); i++)
		if (inputs->verdicts[i].fresh)
			return true;
	return false;
}

void inputs_say(struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->news_count; i++)
		log_line(LOG_LEVEL_INFO, "%-s", inputs->news[i]);
	news_free(inputs);
}

void inputs_save_all(struct inputs *inputs)
{
	char why[INPUTS_WHY_MAX + STATE_DIR_PATH_MAX];
	for (size_t i = 0; i < inputs->save_count; i++) {
		struct inputs_save *save = &inputs->saves[i];
		bool good = state_dir_write(save->path, &save->file, why, sizeof(why));
		if (good && save->history)
			good = history_write(save->history, save->path, why, sizeof(why));
		if (!good)
			log_line(LOG_LEVEL_WARNING,
				"%s; the last good copy is not saved for a restart", why);
		free(save->file.bytes);
	}
	free(inputs->saves);
	inputs->saves = NULL;
	inputs->save_count = 0;
}

static void verdicts_free(struct inputs *inputs)
{
	for (size_t i = 0; inputs->verdicts && i < inputs_files(inputs_config(inputs)); i++)
		free(inputs->verdicts[i].why);
	free(inputs->verdicts);
}

void inputs_free(struct inputs *inputs)
{
	if (!inputs)
		return;
	for (size_t z = 0; inputs->zones && z < inputs->zone_count; z++) {
		struct inputs_zone *zone = &inputs->zones[z];
		const struct config_zone *config = &inputs_config(inputs)->zones[z];
		for (size_t t = 0; zone->txts && t < config->txt_count; t++)
			refcount_release(zone->txts[t]);
		free(zone->txts);
		refcount_release(zone->file);
		refcount_release(zone->mirrors);
		refcount_release(zone->exported);
	}
	for (size_t i = 0; i < inputs->save_count; i++)
		free(inputs->saves[i].file.bytes);
	free(inputs->saves);
	news_free(inputs);
	verdicts_free(inputs);
	free(inputs->stamps);
	free(inputs->zones);
	refcount_release(inputs->database);
	refcount_release(inputs->drains);
	refcount_release(inputs->overrides);
	refcount_release(inputs->places);
	refcount_release(inputs->config);
	free(inputs);
}

struct mirror_limits inputs_limits(const struct inputs *inputs, size_t z, int64_t now)
{
	const struct inputs_zone *zone = &inputs->zones[z];
	const struct mirrors *before = refcount_get(zone->exported);
	struct mirror_limits limits = {.known = before != NULL,
		.max_shrink = inputs_config(inputs)->zones[z].max_shrink,
		.now = now};
	if (before) {
		limits.serial = before->serial;
		limits.generated = before->generated;
		limits.in_service = before->in_service;
		limits.largest = history_largest(&zone->history, now);
	}
	return limits;
}
