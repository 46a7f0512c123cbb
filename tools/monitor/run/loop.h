/* tools/monitor/run/loop.h - between the files of the monitor. */
#ifndef TOOLS_MONITOR_RUN_LOOP_H
#define TOOLS_MONITOR_RUN_LOOP_H

#include "dns/base/watch.h"
#include "tools/cvd/version_string.h"
#include "tools/monitor/alert/alert.h"
#include "tools/monitor/config/list.h"
#include "tools/monitor/export/export_file.h"
#include "tools/monitor/http/server.h"
#include "tools/monitor/probe/scheduler.h"
#include "tools/monitor/state/store.h"
#include "tools/monitor/targets/target.h"
#include "tools/monitor/targets/targets.h"

enum {
	MONITOR_WHY_MAX = 1024,
	MONITOR_CONFIG_MAX = 1 << 20, /* octets */
	MONITOR_LIST_MAX = 64 << 20 /* octets of the list */,
	MONITOR_TXT_MAX = 4096 /* octets of the TXT's file */,
	MONITOR_WATCHED = 3
};

struct monitor {
	uv_loop_t *loop;
	struct settings *settings;
	char *config; /* the configuration's text, as it was read */
	struct mirror_list *mirror_list;
	struct mirrors *exported; /* the export that was on disk at the start; NULL: none */
	struct inventory inventory;
	struct state *state;
	struct scheduler *scheduler;
	struct resolve *resolve;
	struct alert *alert;
	struct alert_hour *hour; /* outlives this monitor */
	struct board *board; /* NULL: off */
	struct export_file disk;
	struct watch watch;
	struct file_stamp stamps
		[MONITOR_WATCHED]; /* of the list, the TXT and what is disabled by hand, from before they were read */
	uv_timer_t tick, flush, end, last;
	uv_signal_t signals[3];
	bool once;
	bool named; /* the names have been asked for once, or it took too long */
	bool begun, rounded; /* once: to check, and with every address */
	bool asking; /* the references */
	bool ending; /* nothing is checked any more */
	bool anew; /* not the program's first: metrics that are not to be had do not end it */
	bool again; /* when this one has ended, the next begins with another configuration */
	bool facts, news; /* checks, and changes of what is published, since the last flush */
	int64_t started, flushed, reported, paged, asked, resolved; /* milliseconds of the loop */
	/* what was said last of something that goes on being wrong: it is said once; "": all is
	 * well */
	char export_trouble[MONITOR_WHY_MAX], state_trouble[MONITOR_WHY_MAX],
		page_trouble[MONITOR_WHY_MAX], list_trouble[MONITOR_WHY_MAX],
		txt_trouble[MONITOR_WHY_MAX];
};

/* --- reload.c --- */

/* The configuration's text; the caller's. NULL: it cannot be read. */
char *monitor_config_read(const char *path);
/* Reads and parses the list. NULL: the sentence; without settings there is one already. */
struct mirror_list *monitor_list_read(const struct settings *settings, char *why, size_t size);
/* The same; `warn` is told what is ignored in it. */
struct mirror_list *monitor_list_check(
	const struct settings *settings, list_warn *warn, char *why, size_t size);
/* Takes a list that was read, and whom it has to be watched; its names are asked for. False: no
 * memory. */
bool monitor_list_take(struct monitor *monitor, struct mirror_list *mirror_list);
/* Reads it again; a bad one is refused, the old one goes on. */
void monitor_list_reload(struct monitor *monitor);
/* Is an address known for each name, from before the start? */
bool monitor_names_known(const struct monitor *monitor);
/* All names have been answered. */
void monitor_named(void *monitor);
/* The version string's line; the caller's. NULL: the sentence. */
char *monitor_txt_read(
	const struct settings *settings, struct version_string *record, char *why, size_t size);
/* Takes it, where there is one. */
void monitor_txt_reload(struct monitor *monitor);
/* How both files are, before they are read. */
void monitor_stamp(struct monitor *monitor);
/* Watches them from then on. */
bool monitor_watch(struct monitor *monitor);

/* --- results.c --- */

void monitor_checked(void *monitor, struct target *target, const struct observation *seen);
/* Once a second: downtimes, outages, clocks. */
void monitor_look(struct monitor *monitor);
void monitor_ask_references(struct monitor *monitor);
/* The time when nobody watched, from the last sign of life to now. */
void monitor_gap(struct monitor *monitor, int64_t now);

/* --- output.c --- */

/* Something is to be written; `news`: soon, else within a second or so. */
void monitor_mark(struct monitor *monitor, bool news);
/* Writes state, export, page and board, as far as they are due; `all`: whether they are or not. */
void monitor_write(struct monitor *monitor, bool all);
/* Once a second: what is due by the clock alone. */
void monitor_idle(struct monitor *monitor);
/* Says a sentence unless it was said; "": all is well again. */
void monitor_trouble(char trouble[MONITOR_WHY_MAX], const char *why);

#endif
