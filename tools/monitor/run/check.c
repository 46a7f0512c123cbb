#include "tools/monitor/run/monitor.h"

#include "dns/base/exit.h"
#include "dns/base/log.h"
#include "tools/monitor/config/list.h"
#include "tools/monitor/run/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static bool txt_check(const struct settings *settings, char *why, size_t size)
{
	struct version_string record;
	if (!settings->txt)
		return true;
	char *text = monitor_txt_read(settings, &record, why, size);
	if (!text)
		return false;
	log_line(LOG_LEVEL_INFO, "txt %s: main=%u daily=%u bytecode=%u", settings->txt,
		record.versions[CVD_MAIN], record.versions[CVD_DAILY],
		record.versions[CVD_BYTECODE]);
	free(text);
	return true;
}

static void list_say(const struct settings *settings, const struct mirror_list *mirror_list)
{
	size_t addresses = 0, named = 0, away = 0;
	char why[TARGET_REASON_MAX];
	for (size_t i = 0; i < mirror_list->count; i++) {
		addresses += mirror_list->list[i].address_count;
		named += mirror_list->list[i].address_count == 0;
		away += list_away(&mirror_list->list[i], time(NULL), why, sizeof(why));
	}
	log_line(LOG_LEVEL_INFO, "mirrors %s: hosts=%zu addresses=%zu by-name=%zu disabled=%zu",
		settings->mirrors, mirror_list->count, addresses, named, away);
}

static void warned(const char *sentence)
{
	log_line(LOG_LEVEL_WARNING, "%s", sentence);
}

int monitor_check(const char *path)
{
	char why[MONITOR_WHY_MAX];
	struct settings *settings = settings_load(path, why, sizeof(why));
	struct mirror_list *mirror_list = monitor_list_check(settings, warned, why, sizeof(why));
	if (mirror_list)
		list_say(settings, mirror_list);
	bool good = mirror_list && txt_check(settings, why, sizeof(why)) &&
		    state_check(settings->state, why, sizeof(why));
	log_line(good ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "%s", why);
	if (good)
		log_line(LOG_LEVEL_INFO, "%s is valid", path);
	list_free(mirror_list);
	settings_free(settings);
	return good ? STATUS_GOOD : STATUS_WRONG;
}
