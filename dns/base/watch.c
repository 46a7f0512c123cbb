#include "dns/base/watch.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Without a notification from the kernel: network file systems, links in the middle of
	 * a path. */
	LOOK_MS = 400,
	CALM_MS = 25, /* no further change for so long ends a burst */
	ROUNDS_MAX = 12, /* a file that never rests is read all the same */
};

static void look(uv_timer_t *timer);

/* Compares every file with what was last seen; true: some have changed since. */
static bool files_look(struct watch *watch)
{
	bool any = false;
	for (size_t i = 0; i < watch->count; i++) {
		if (!watch->files[i].path)
			continue;
		struct file_stamp now = file_stamp(watch->files[i].path);
		if (file_stamp_equal(&now, &watch->files[i].seen))
			continue;
		watch->files[i].seen = now;
		watch->changed[i] = any = true;
	}
	return any;
}

static bool any_changed(const struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->changed[i])
			return true;
	return false;
}

static void look(uv_timer_t *timer)
{
	struct watch *watch = timer->data;
	if (files_look(watch) && watch->rounds++ < ROUNDS_MAX) {
		uv_timer_start(timer, look, CALM_MS, 0);
		return;
	}
	watch->rounds = 0;
	uv_timer_start(timer, look, LOOK_MS, 0);
	if (!any_changed(watch))
		return;
	watch->report(watch->owner, watch->changed);
	memset(watch->changed, 0, watch->count * sizeof(*watch->changed));
}

/* Something has happened in a folder: look at once, unless a look is due soon anyhow. */
static void folder_changed(uv_fs_event_t *event, const char *name, int events, int status)
{
	struct watch *watch = event->data;
	(void)name, (void)events, (void)status;
	if (uv_timer_get_due_in(&watch->timer) >
		CALM_MS) /* else a burst would put it off for ever */
		uv_timer_start(&watch->timer, look, 1, 0);
}

static void folder_closed(uv_handle_t *handle)
{
	free(handle);
}

/* The handles are libuv's until they are closed: each frees itself then. */
static void clear(struct watch *watch)
{
	for (size_t i = 0; i < watch->folder_count; i++)
		uv_close((uv_handle_t *)watch->folders[i], folder_closed);
	for (size_t i = 0; watch->files && i < watch->count; i++)
		free(watch->files[i].path);
	free(watch->folders);
	free(watch->files);
	free(watch->changed);
	watch->folders = NULL;
	watch->files = NULL;
	watch->changed = NULL;
	watch->folder_count = watch->count = 0;
}

/* A folder that cannot be watched is looked at by the timer alone. */
static void folder_watch(struct watch *watch, const char *path)
{
	char folder[4096], known[4096];
	size_t size = sizeof(known);
	snprintf(folder, sizeof(folder), "%s", path);
	const char *name = dirname(folder);
	for (size_t i = 0; i < watch->folder_count; i++, size = sizeof(known))
		if (uv_fs_event_getpath(watch->folders[i], known, &size) == 0 &&
			strcmp(known, name) == 0)
			return;
	uv_fs_event_t *event = malloc(sizeof(*event));
	if (!event || uv_fs_event_init(watch->loop, event) != 0) {
		free(event);
		return;
	}
	event->data = watch;
	if (uv_fs_event_start(event, folder_changed, name, 0) != 0) {
		uv_close((uv_handle_t *)event, folder_closed);
		return;
	}
	watch->folders[watch->folder_count++] = event;
}

bool watch_init(struct watch *watch, uv_loop_t *loop, watch_report report, void *owner)
{
	memset(watch, 0, sizeof(*watch));
	watch->loop = loop;
	watch->report = report;
	watch->owner = owner;
	watch->timer.data = watch;
	return uv_timer_init(loop, &watch->timer) == 0 &&
	       uv_timer_start(&watch->timer, look, LOOK_MS, 0) == 0;
}

bool watch_set(struct watch *watch, const char *const *paths, const struct file_stamp *stamps,
	size_t count)
{
	clear(watch);
	watch->files = calloc(count + 1, sizeof(*watch->files));
	watch->changed = calloc(count + 1, sizeof(*watch->changed));
	watch->folders = calloc(count + 1, sizeof(struct uv_fs_event_t *));
	if (!watch->files || !watch->changed || !watch->folders) {
		clear(watch);
		return false;
	}
	watch->count = count;
	for (size_t i = 0; i < count; i++) {
		watch->files[i].seen = stamps[i];
		if (!paths[i])
			continue;
		watch->files[i].path = strdup(paths[i]);
		folder_watch(watch, paths[i]);
	}
	return true;
}

void watch_stop(struct watch *watch)
{
	clear(watch);
	uv_close((uv_handle_t *)&watch->timer, NULL);
}
