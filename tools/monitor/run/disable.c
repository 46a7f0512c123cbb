#include "tools/monitor/run/disable.h"

#include "dns/base/exit.h"
#include "dns/base/log.h"
#include "geo/stamp.h"
#include "tools/monitor/config/by_hand.h"
#include "tools/monitor/config/hostname.h"
#include "tools/monitor/config/list.h"
#include "tools/monitor/run/loop.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SPAN_MAX = 366 * 86400 /* seconds */ };

static bool is_line(const char *text)
{
	size_t size = strlen(text);
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7F)
			return false;
	json_t *string = json_string(text); /* NULL: it is no UTF-8 */
	json_decref(string);
	return string && size <= BY_HAND_WHY_MAX;
}

/* The mirror's first entry. NULL: it has none. */
static const struct list_mirror *mirror_find(const struct mirror_list *list, const char *host)
{
	for (size_t i = 0; i < list->count; i++)
		if (host_equal(list->list[i].host, host))
			return &list->list[i];
	return NULL;
}

static void done_print(const struct disable_wish *wish, const struct list_mirror *mirror,
	const struct by_hand_entry *before, const struct by_hand_entry *entry)
{
	char until[STAMP_TEXT_MAX];
	if (wish->back && !before)
		printf("%s was not disabled by hand\n", mirror->host);
	else if (wish->back)
		printf("%s is enabled: the next check decides; a running monitor sees it within 10 "
		       "seconds\n",
			mirror->host);
	else
		printf("%s is disabled until %s; a running monitor sees it within 10 seconds\n",
			mirror->host,
			entry->until ? stamp_write(entry->until, until)
				     : "mirrorns-monitor --enable");
}

/* False: refused, and said. */
static bool wish_check(const struct disable_wish *wish, uint64_t *span)
{
	if (wish->span && (!config_duration_parse(wish->span, SPAN_MAX, span) || !*span)) {
		log_line(LOG_LEVEL_ERROR,
			"found --for %s, expected a duration like 30m, 2h or 1d, at most 366d",
			wish->span);
		return false;
	}
	if (wish->why && !is_line(wish->why)) {
		log_line(LOG_LEVEL_ERROR,
			"found a --why that is none, expected one line of at most %d octets",
			BY_HAND_WHY_MAX);
		return false;
	}
	return true;
}

static int wish_do(const struct settings *settings, const struct mirror_list *list,
	const struct disable_wish *wish)
{
	char why[MONITOR_WHY_MAX], path[BY_HAND_PATH_MAX];
	const struct list_mirror *mirror = mirror_find(list, wish->host);
	uint64_t span = 0;
	if (!mirror) {
		log_line(LOG_LEVEL_ERROR, "%s: no mirror has the host %s", settings->mirrors,
			wish->host);
		return STATUS_WRONG;
	}
	if (!wish_check(wish, &span))
		return STATUS_WRONG;
	if (wish->back && mirror->disabled) {
		log_line(LOG_LEVEL_ERROR, "%s:%u: host %s is disabled in the list: enable it there",
			settings->mirrors, mirror->line, mirror->host);
		return STATUS_FAILED;
	}
	int64_t now = time(NULL);
	const struct by_hand_entry entry = {mirror->host,
		wish->back ? now
		: span     ? now + (int64_t)span
			   : 0,
		wish->why ? wish->why : ""};
	if (!by_hand_save(by_hand_path(settings->state, path), &entry, now, why, sizeof(why))) {
		log_line(LOG_LEVEL_ERROR, "%s", why);
		return STATUS_FAILED;
	}
	done_print(wish, mirror, by_hand_find(list->by_hand, mirror->host, now), &entry);
	return STATUS_GOOD;
}

int disable_run(const char *config, const struct disable_wish *wish)
{
	char why[MONITOR_WHY_MAX];
	int status = STATUS_WRONG;
	struct settings *settings = settings_load(config, why, sizeof(why));
	struct mirror_list *list = monitor_list_read(settings, why, sizeof(why));
	if (list)
		status = wish_do(settings, list, wish);
	else
		log_line(LOG_LEVEL_ERROR, "%s", why);
	list_free(list);
	settings_free(settings);
	return status;
}
