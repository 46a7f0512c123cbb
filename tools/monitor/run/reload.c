#include "tools/monitor/run/loop.h"

#include "dns/base/file.h"
#include "dns/base/log.h"
#include "geo/utf8.h"
#include "tools/monitor/config/by_hand.h"
#include "tools/monitor/config/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

char *monitor_config_read(const char *path)
{
	struct file file;
	char why[MONITOR_WHY_MAX];
	return file_read(&file, path, MONITOR_CONFIG_MAX, why, sizeof(why)) ? file.bytes : NULL;
}

struct mirror_list *monitor_list_read(const struct settings *settings, char *why, size_t size)
{
	return monitor_list_check(settings, NULL, why, size);
}

struct mirror_list *monitor_list_check(
	const struct settings *settings, list_warn *warn, char *why, size_t size)
{
	struct file file;
	if (!settings || !file_read(&file, settings->mirrors, MONITOR_LIST_MAX, why, size))
		return NULL;
	const struct list_source source = {file.bytes, file.size, settings->mirrors,
		settings->allow_private, settings_port(settings), warn};
	struct mirror_list *mirror_list = list_parse(&source, why, size);
	free(file.bytes);
	char path[BY_HAND_PATH_MAX];
	struct by_hand *by_hand =
		mirror_list ? by_hand_load(by_hand_path(settings->state, path), why, size) : NULL;
	if (by_hand) {
		list_by_hand(mirror_list, by_hand);
		return mirror_list;
	}
	list_free(mirror_list);
	return NULL;
}

static bool is_same(const struct targets_update *update)
{
	return update->count == update->previous_count &&
	       (update->count == 0 || memcmp(update->list, update->previous,
					      update->count * sizeof(*update->list)) == 0);
}

/* The targets of before that are no more; the scheduler has let go of them. */
static size_t targets_leave(struct monitor *monitor, struct target **previous, size_t count)
{
	size_t left = 0;
	for (size_t i = 0; i < count; i++) {
		if (previous[i]->mirror)
			continue;
		state_forget(monitor->state, previous[i]);
		free(previous[i]);
		left++;
	}
	free(previous);
	return left;
}

/* Whom to watch by this list and the names that are known. False: no memory, all is as before. */
static bool targets_take(struct monitor *monitor, const struct mirror_list *mirror_list, bool say)
{
	struct inventory *inventory = &monitor->inventory;
	struct targets_update update = {.mirror_list = mirror_list,
		.resolve = monitor->resolve,
		.exported = monitor->exported,
		.previous = inventory->targets,
		.previous_count = inventory->count,
		.now = time(NULL),
		.say = say};
	if (!targets_update(&update))
		return false;
	struct target **previous = inventory->targets;
	size_t count = inventory->count;
	if (is_same(&update) && mirror_list == inventory->mirror_list) {
		free(update.list);
		return true;
	}
	inventory->targets = update.list;
	inventory->count = update.count;
	inventory->mirror_list = mirror_list;
	if (!scheduler_set(monitor->scheduler, inventory->targets, inventory->count))
		log_line(LOG_LEVEL_ERROR,
			"Out of memory: the mirrors of the list cannot be checked");
	size_t out = targets_leave(monitor, previous, count);
	log_line(LOG_LEVEL_INFO, "Mirror list loaded hosts=%zu addresses=%zu new=%zu removed=%zu",
		mirror_list->count, inventory->count, inventory->count - (count - out), out);
	monitor_mark(monitor, true);
	return true;
}

/* Names that an earlier run has resolved have their addresses until they are asked for again. */
static void names_remember(struct monitor *monitor)
{
	for (size_t i = 0; i < monitor->inventory.count; i++)
		if (!monitor->inventory.targets[i]->mirror)
			resolve_remember(monitor->resolve, monitor->inventory.targets[i]->host,
				&monitor->inventory.targets[i]->address);
}

bool monitor_names_known(const struct monitor *monitor)
{
	const struct mirror_list *mirror_list = monitor->mirror_list;
	for (size_t i = 0; i < mirror_list->count; i++) {
		size_t count = mirror_list->list[i].address_count;
		if (!count)
			resolve_find(monitor->resolve, mirror_list->list[i].host, &count);
		if (!count)
			return false;
	}
	return true;
}

bool monitor_list_take(struct monitor *monitor, struct mirror_list *mirror_list)
{
	if (!resolve_set(monitor->resolve, mirror_list))
		return false;
	if (!monitor->mirror_list)
		names_remember(monitor);
	if (!targets_take(monitor, mirror_list, true))
		return false;
	list_free(monitor->mirror_list);
	monitor->mirror_list = mirror_list;
	monitor->resolved = (int64_t)uv_now(monitor->loop);
	resolve_ask(monitor->resolve);
	return true;
}

void monitor_list_reload(struct monitor *monitor)
{
	char why[MONITOR_WHY_MAX], sentence[MONITOR_WHY_MAX + 40];
	struct mirror_list *mirror_list = monitor_list_read(monitor->settings, why, sizeof(why));
	if (mirror_list && monitor_list_take(monitor, mirror_list)) {
		monitor_trouble(monitor->list_trouble, "");
		return;
	}
	if (mirror_list) {
		list_free(mirror_list);
		snprintf(why, sizeof(why), "%s: out of memory", monitor->settings->mirrors);
	}
	snprintf(sentence, sizeof(sentence), "%s; the previous list stays in effect", why);
	monitor_trouble(monitor->list_trouble, sentence);
}

void monitor_named(void *owner)
{
	struct monitor *monitor = owner;
	bool first = !monitor->named;
	monitor->named = true;
	if (monitor->ending || !monitor->mirror_list)
		return;
	if (!targets_take(monitor, monitor->mirror_list, first))
		log_line(LOG_LEVEL_ERROR,
			"Out of memory for the addresses resolved from host names");
	if (first)
		monitor_mark(monitor, true);
}

static void txt_take(struct monitor *monitor, const struct version_string *record, const char *text)
{
	struct inventory *inventory = &monitor->inventory;
	const uint32_t versions[TARGET_DATABASES] = {record->versions[CVD_MAIN],
		record->versions[CVD_DAILY], record->versions[CVD_BYTECODE]};
	scheduler_versions(monitor->scheduler, versions);
	if (!inventory_txt_take(inventory, time(NULL), text)) {
		if (inventory->txt_renewed)
			monitor_mark(monitor, false);
		return;
	}
	log_line(LOG_LEVEL_INFO, "Expected database versions changed txt=%s", text);
	monitor_mark(monitor, true);
}

char *monitor_txt_read(
	const struct settings *settings, struct version_string *record, char *why, size_t size)
{
	struct file file;
	char found[300];
	if (!file_read(&file, settings->txt, MONITOR_TXT_MAX, why, size))
		return NULL;
	file.bytes[strcspn(file.bytes, "\r\n")] = '\0';
	if (version_string_parse(record, file.bytes, strlen(file.bytes), found, sizeof(found)))
		return file.bytes;
	snprintf(why, size, "%.600s:1: %s", settings->txt, found);
	free(file.bytes);
	return NULL;
}

void monitor_txt_reload(struct monitor *monitor)
{
	char why[MONITOR_WHY_MAX], sentence[MONITOR_WHY_MAX + 40];
	struct version_string record;
	if (!monitor->settings->txt)
		return;
	char *text = monitor_txt_read(monitor->settings, &record, why, sizeof(why));
	if (text)
		txt_take(monitor, &record, text + utf8_mark_size(text, strlen(text)));
	else
		snprintf(sentence, sizeof(sentence), "%s; the previous versions stay in effect",
			why);
	monitor_trouble(monitor->txt_trouble, text ? "" : sentence);
	free(text);
}

static void files_changed(void *owner, const bool *changed)
{
	struct monitor *monitor = owner;
	if (changed[0] || changed[2])
		monitor_list_reload(monitor);
	if (changed[1])
		monitor_txt_reload(monitor);
}

void monitor_stamp(struct monitor *monitor)
{
	char path[BY_HAND_PATH_MAX];
	monitor->stamps[0] = file_stamp(monitor->settings->mirrors);
	monitor->stamps[2] = file_stamp(by_hand_path(monitor->settings->state, path));
	if (monitor->settings->txt)
		monitor->stamps[1] = file_stamp(monitor->settings->txt);
}

bool monitor_watch(struct monitor *monitor)
{
	char path[BY_HAND_PATH_MAX];
	const char *paths[MONITOR_WATCHED] = {monitor->settings->mirrors, monitor->settings->txt,
		by_hand_path(monitor->settings->state, path)};
	return watch_init(&monitor->watch, monitor->loop, files_changed, monitor) &&
	       watch_set(&monitor->watch, paths, monitor->stamps, MONITOR_WATCHED);
}
