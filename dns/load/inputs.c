#include "dns/base/log.h"
#include "dns/base/log_text.h"
#include "dns/load/loader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NEWS_MAX = 8192 }; /* octets of a log line */

size_t inputs_files(const struct config *config)
{
	size_t count = INPUTS_ZONES;
	for (size_t i = 0; i < config->zone_count; i++)
		count += 1 + config->zones[i].txt_count;
	return count;
}

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

bool inputs_due(const struct loading *loading, size_t number)
{
	return !loading->request->changed || loading->request->changed[number];
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

bool inputs_read(
	const struct loading *loading, size_t number, struct file *file, char *why, size_t size)
{
	const struct config *config = loading->config;
	const char *path = inputs_file(config, number);
	bool good = number == INPUTS_DATABASE ? file_read(file, path, UINT32_MAX, why, size)
					      : inputs_file_read(config, file, path, why, size);
	loading->inputs->verdicts[number].passing = !good && file->passing;
	return good;
}

/* A file that cannot be read for a while is tried every few seconds. */
static bool is_said(const struct loading *loading, size_t number, const char *sentence)
{
	const struct inputs *before = loading->request->before;
	const struct inputs_verdict *said =
		before && !loading->request->config_path ? &before->verdicts[number] : NULL;
	return said && said->passing && said->why && strcmp(said->why, sentence) == 0;
}

void inputs_refuse(
	const struct loading *loading, size_t number, const char *sentence, const char *instead)
{
	struct inputs_verdict *verdict = &loading->inputs->verdicts[number];
	free(verdict->why);
	verdict->why = strdup(sentence);
	verdict->fresh = !is_said(loading, number, sentence);
	if (!verdict->fresh)
		return;
	if ((*loading->refused)++ == 0)
		snprintf(loading->why, loading->size, "%s", sentence);
	log_line(LOG_LEVEL_WARNING, "%s; %-s", sentence, instead);
}

static void release_config(void *object)
{
	config_free(object);
}

void inputs_news_add(const struct loading *loading, const char *format, ...)
{
	struct inputs *inputs = loading->inputs;
	char **grown = realloc(inputs->news, (inputs->news_count + 1) * sizeof(*inputs->news));
	char line[NEWS_MAX];
	va_list arguments;
	if (!grown)
		return;
	inputs->news = grown;
	va_start(arguments, format);
	log_text_write(line, sizeof(line), format, arguments);
	va_end(arguments);
	grown[inputs->news_count] = strdup(line);
	inputs->news_count += grown[inputs->news_count] != NULL;
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

void inputs_save_add(struct inputs *inputs, const char *path, struct file *file,
	const struct keep_history *history)
{
	struct inputs_save *grown =
		realloc(inputs->saves, (inputs->save_count + 1) * sizeof(*inputs->saves));
	if (!grown) { /* served all the same; the next export is saved again */
		free(file->bytes);
		return;
	}
	inputs->saves = grown;
	struct inputs_save *save = &grown[inputs->save_count++];
	snprintf(save->path, sizeof(save->path), "%s", path);
	save->file = *file;
	save->history = history;
}

void inputs_keep(struct inputs *inputs)
{
	char why[INPUTS_WHY_MAX + KEEP_PATH_MAX];
	for (size_t i = 0; i < inputs->save_count; i++) {
		struct inputs_save *save = &inputs->saves[i];
		bool good = keep_write(save->path, &save->file, why, sizeof(why));
		if (good && save->history)
			good = keep_history_write(save->history, save->path, why, sizeof(why));
		if (!good)
			log_line(LOG_LEVEL_WARNING,
				"%s; a restart would not find the last good copy of it", why);
		free(save->file.bytes);
	}
	free(inputs->saves);
	inputs->saves = NULL;
	inputs->save_count = 0;
}

/* What is not read again keeps the verdict that it has. */
static bool verdicts_take(const struct loading *loading)
{
	size_t count = inputs_files(loading->config);
	struct inputs_verdict *verdicts = calloc(count, sizeof(*verdicts));
	loading->inputs->verdicts = verdicts;
	for (size_t i = 0; verdicts && i < count; i++) {
		verdicts[i].fresh = inputs_due(loading, i);
		if (verdicts[i].fresh)
			continue;
		const char *why = loading->request->before->verdicts[i].why;
		verdicts[i].passing = loading->request->before->verdicts[i].passing;
		if (why && !(verdicts[i].why = strdup(why)))
			return false;
	}
	return verdicts;
}

static void verdicts_free(struct inputs *inputs)
{
	for (size_t i = 0; inputs->verdicts && i < inputs_files(inputs_config(inputs)); i++)
		free(inputs->verdicts[i].why);
	free(inputs->verdicts);
}

/* Before anything is read: what changes from here on is noticed as a change. */
static bool stamps_take(const struct loading *loading)
{
	size_t count = inputs_files(loading->config);
	loading->inputs->stamps = calloc(count, sizeof(*loading->inputs->stamps));
	for (size_t i = 0; loading->inputs->stamps && i < count; i++) {
		const char *path = inputs_file(loading->config, i);
		if (path)
			loading->inputs->stamps[i] = file_stamp(path);
	}
	return loading->inputs->stamps;
}

static bool drains_take(const struct loading *loading)
{
	const struct inputs_request *request = loading->request;
	struct shared **drains = &loading->inputs->drains;
	if (request->drains)
		*drains = shared_hold(request->drains);
	else if (request->before)
		*drains = shared_hold(request->before->drains);
	else
		*drains = drains_load(loading->config);
	return *drains;
}

/* Nothing but the configuration is read with the rights of root. */
static bool rights_take(
	const struct inputs_request *request, const struct config *config, char *why, size_t size)
{
	char sentence[512];
	struct account *account = request->account;
	if (!account || (account_find(config->user, account, sentence, sizeof(sentence)) &&
				account_borrow(account, sentence, sizeof(sentence))))
		return true;
	snprintf(why, size, "%s: %s", request->config_path, sentence);
	return false;
}

static bool everything_load(struct loading *loading)
{
	struct inputs *inputs = loading->inputs;
	const struct inputs_request *request = loading->request;
	char why[INPUTS_WHY_MAX] = "no memory";
	inputs->config = request->config_path
				 ? shared_new(config_load(request->config_path, why, sizeof(why)),
					   release_config)
				 : shared_hold(request->before->config);
	bool good = inputs->config && rights_take(request, inputs_config(inputs), why, sizeof(why));
	if (good) {
		loading->config = inputs_config(inputs);
		if (!request->before)
			log_detail_set(loading->config->log_level);
		inputs->zone_count = loading->config->zone_count;
		inputs->zones = calloc(inputs->zone_count, sizeof(*inputs->zones));
		good = inputs->zones && stamps_take(loading) && verdicts_take(loading) &&
		       drains_take(loading) && inputs_geo_load(loading, why, sizeof(why));
	}
	size_t number = INPUTS_ZONES;
	for (size_t z = 0; good && z < inputs->zone_count; z++) {
		good = inputs_zone_load(loading, z, number, why, sizeof(why));
		number += 1 + loading->config->zones[z].txt_count;
	}
	if (request->account && !account_return(request->account, why, sizeof(why)))
		good = false;
	if (!good)
		snprintf(loading->why, loading->size, "%s", why);
	return good;
}

struct inputs *inputs_load(
	const struct inputs_request *request, unsigned *refused, char *why, size_t size)
{
	struct loading loading = {.request = request, .refused = refused, .why = why, .size = size};
	*refused = 0;
	loading.inputs = calloc(1, sizeof(*loading.inputs));
	if (!loading.inputs) {
		snprintf(why, size, "no memory");
		return NULL;
	}
	loading.inputs->now = time(NULL);
	if (everything_load(&loading))
		return loading.inputs;
	inputs_free(loading.inputs);
	return NULL;
}

void inputs_free(struct inputs *inputs)
{
	if (!inputs)
		return;
	for (size_t z = 0; inputs->zones && z < inputs->zone_count; z++) {
		struct inputs_zone *zone = &inputs->zones[z];
		const struct config_zone *config = &inputs_config(inputs)->zones[z];
		for (size_t t = 0; zone->txts && t < config->txt_count; t++)
			shared_release(zone->txts[t]);
		free(zone->txts);
		shared_release(zone->file);
		shared_release(zone->mirrors);
		shared_release(zone->exported);
	}
	for (size_t i = 0; i < inputs->save_count; i++)
		free(inputs->saves[i].file.bytes);
	free(inputs->saves);
	news_free(inputs);
	verdicts_free(inputs);
	free(inputs->stamps);
	free(inputs->zones);
	shared_release(inputs->database);
	shared_release(inputs->drains);
	shared_release(inputs->overrides);
	shared_release(inputs->places);
	shared_release(inputs->config);
	free(inputs);
}
