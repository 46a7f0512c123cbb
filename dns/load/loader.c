#include "dns/load/loader.h"

#include "dns/base/log.h"
#include "dns/base/log_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEWS_MAX = 8192 }; /* octets of a log line */

bool inputs_due(const struct loading *loading, size_t number)
{
	return !loading->request->changed || loading->request->changed[number];
}

bool inputs_read(
	const struct loading *loading, size_t number, struct file *file, char *why, size_t size)
{
	const struct config *config = loading->config;
	const char *path = inputs_file(config, number);
	bool good = number == INPUTS_DATABASE ? file_read(file, path, UINT32_MAX, why, size)
					      : inputs_file_read(config, file, path, why, size);
	loading->inputs->verdicts[number].transient = !good && file->transient;
	if (good)
		log_line(LOG_LEVEL_DEBUG, "File read file=%s octets=%zu", path, file->size);
	else if (!file->transient)
		inputs_name(loading, path, why, size);
	return good;
}

void inputs_name(const struct loading *loading, const char *path, char *why, size_t size)
{
	size_t used = strlen(why);
	snprintf(why + used, size - used, " (named in %s:%u)", loading->config->path,
		config_path_line(path));
}

/* A file that cannot be read for a while is tried every few seconds. */
static bool is_said(const struct loading *loading, size_t number, const char *sentence)
{
	const struct inputs *before = loading->request->before;
	const struct inputs_verdict *said =
		before && !loading->request->config_path ? &before->verdicts[number] : NULL;
	return said && said->transient && said->why && strcmp(said->why, sentence) == 0;
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

void inputs_save_add(struct inputs *inputs, const char *path, struct file *file,
	const struct export_history *history)
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
