/* dns/base/watch.h - notices that watched files have changed: renamed over, rewritten, deleted,
 * come back, reached by another symbolic link. A burst of changes is reported once, when it has
 * calmed down. */
#ifndef DNS_BASE_WATCH_H
#define DNS_BASE_WATCH_H

#include "dns/base/file.h"

#include <uv.h>

/* changed[i] for each file; valid during the call. */
typedef void (*watch_report)(void *owner, const bool *changed);

struct watch_file {
	char *path; /* NULL: none */
	struct file_stamp seen;
};

struct watch {
	uv_loop_t *loop;
	uv_timer_t timer; /* looks every so often, sooner when the kernel has said something */
	uv_fs_event_t **folders;
	size_t folder_count;
	struct watch_file *files;
	bool *changed;
	size_t count;
	unsigned rounds; /* looks at a burst that goes on */
	watch_report report;
	void *owner;
};

bool watch_init(struct watch *watch, uv_loop_t *loop, watch_report report, void *owner);
/* Replaces the files; paths may be NULL. stamps[i] is the state that is known already. False: no
 * memory, nothing is watched. */
bool watch_set(struct watch *watch, const char *const *paths, const struct file_stamp *stamps,
	size_t count);
/* Closes its handles; the loop must run once more. */
void watch_stop(struct watch *watch);

#endif
