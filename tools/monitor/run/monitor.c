#include "tools/monitor/run/monitor.h"

#include "dns/base/exit.h"
#include "dns/base/log.h"
#include "dns/base/log_out.h"
#include "dns/base/systemd.h"
#include "geo/mirror.h"
#include "tools/monitor/config/list.h"
#include "tools/monitor/run/loop.h"
#include "tools/monitor/state/transition.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	TICK_MS = 1000,
	NAMES_MS = 30000, /* the first export waits no longer for names */
	END_MS = 10000, /* an end waits no longer for alerts that are under way */
	END_ONCE_MS = 60000,
	END_LOOK_MS = 50,
	LAST_MS = 1000, /* then the system is still asking for names, and nobody waits for that */
};

static const int signal_numbers[3] = {SIGHUP, SIGTERM, SIGINT};

static const char ending[] = "saving state and export";

/* An end that was asked for between two turns, or while one ends. */
static volatile sig_atomic_t told;

static void told_end(int number)
{
	(void)number;
	told = 1;
}

static void last_look(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void monitor_close(struct monitor *monitor)
{
	uv_timer_start(&monitor->last, last_look, LAST_MS, 0);
	uv_unref((uv_handle_t *)&monitor->last);
	uv_close((uv_handle_t *)&monitor->tick, NULL);
	uv_close((uv_handle_t *)&monitor->flush, NULL);
	uv_close((uv_handle_t *)&monitor->end, NULL);
	for (size_t i = 0; i < 3; i++) {
		uv_close((uv_handle_t *)&monitor->signals[i], NULL);
		signal(signal_numbers[i], signal_numbers[i] == SIGHUP ? SIG_IGN : told_end);
	}
	if (monitor->watch.loop)
		watch_stop(&monitor->watch);
	alert_free(monitor->alert);
	monitor->alert = NULL;
}

/* Waits for alerts, but not for ever. */
static void end_look(uv_timer_t *timer)
{
	struct monitor *monitor = timer->data;
	int64_t limit = monitor->once ? END_ONCE_MS : END_MS;
	uv_update_time(monitor->loop);
	if (alert_busy(monitor->alert) && (int64_t)uv_now(monitor->loop) - monitor->started < limit)
		return;
	monitor_close(monitor);
}

/* No more checks; what is known is written. */
static void monitor_end(struct monitor *monitor)
{
	if (monitor->ending)
		return;
	monitor->ending = true;
	uv_timer_stop(&monitor->tick);
	uv_timer_stop(&monitor->flush);
	monitor->named = monitor->named || monitor->once;
	monitor_write(monitor, true);
	scheduler_free(monitor->scheduler);
	monitor->scheduler = NULL;
	resolve_free(monitor->resolve);
	monitor->resolve = NULL;
	monitor->started = (int64_t)uv_now(monitor->loop);
	uv_timer_start(&monitor->end, end_look, 0, END_LOOK_MS);
}

/* --- once --- */

static void once_done(void *owner)
{
	struct monitor *monitor = owner;
	monitor->rounded = true;
	monitor_look(monitor);
	if (!monitor->asking)
		monitor_end(monitor);
}

/* Begins when the names are known; ends when the references have answered, or not. */
static void once_tick(struct monitor *monitor)
{
	if (monitor->rounded && !monitor->asking)
		monitor_end(monitor);
	if (!monitor->named || monitor->begun)
		return;
	monitor->begun = true;
	scheduler_cycle(monitor->scheduler, once_done);
}

/* --- the clock --- */

static void ticked(uv_timer_t *timer)
{
	struct monitor *monitor = timer->data;
	int64_t waited = (int64_t)uv_now(monitor->loop) - monitor->started;
	if (!monitor->named && waited >= NAMES_MS) {
		log_line(LOG_LEVEL_WARNING,
			"Some host names are not resolved yet, starting without their addresses");
		monitor_named(monitor);
	}
	if (monitor->once) {
		once_tick(monitor);
		return;
	}
	monitor_look(monitor);
	monitor_idle(monitor);
}

/* --- signals --- */

/* May the next one have this state? What it would do with the file is done here, before this one
 * has let go of its own. */
static bool state_try(const struct monitor *monitor, const char *path, char *why, size_t size)
{
	struct file_stamp ours = file_stamp(monitor->settings->state), next = file_stamp(path);
	if (next.inode && next.inode == ours.inode && next.device == ours.device)
		return true;
	struct state *state = state_open(path, why, size);
	state_close(state);
	return state;
}

/* Another configuration that is good, with a list that is? */
static bool config_changed(struct monitor *monitor)
{
	char why[MONITOR_WHY_MAX];
	char *text = monitor_config_read(monitor->settings->path);
	bool same = text && monitor->config && strcmp(text, monitor->config) == 0;
	free(text);
	if (same)
		return false;
	struct settings *settings = settings_load(monitor->settings->path, why, sizeof(why));
	struct mirror_list *mirror_list = monitor_list_read(settings, why, sizeof(why));
	bool good = mirror_list && state_try(monitor, settings->state, why, sizeof(why));
	if (!good)
		log_line(LOG_LEVEL_ERROR, "%s; the previous configuration stays in effect", why);
	list_free(mirror_list);
	settings_free(settings);
	return good;
}

static void reload(struct monitor *monitor)
{
	systemd_reloading();
	if (config_changed(monitor)) {
		log_line(LOG_LEVEL_INFO, "The configuration has changed, restarting the monitor");
		monitor->again = true;
		monitor_end(monitor);
		return;
	}
	/* Whoever asks is told again. */
	monitor_trouble(monitor->list_trouble, "");
	monitor_trouble(monitor->txt_trouble, "");
	monitor_list_reload(monitor);
	monitor_txt_reload(monitor);
	systemd_ready();
}

static void signalled(uv_signal_t *handle, int number)
{
	struct monitor *monitor = handle->data;
	if (monitor->ending) {
		if (number != SIGHUP && !told) {
			told = 1;
			systemd_stopping(ending);
		}
		return;
	}
	if (number != SIGHUP) {
		log_line(LOG_LEVEL_INFO, "Shutting down, saving state and export signal=%s",
			number == SIGTERM ? "TERM" : "INT");
		systemd_stopping(ending);
		monitor_end(monitor);
	} else if (!monitor->once) {
		reload(monitor);
	}
}

/* --- the start --- */

static bool handles_init(struct monitor *monitor)
{
	uv_timer_t *timers[] = {&monitor->tick, &monitor->flush, &monitor->end, &monitor->last};
	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
		uv_timer_init(monitor->loop, timers[i]);
		timers[i]->data = monitor;
	}
	bool good = true;
	for (size_t i = 0; i < 3; i++) {
		uv_signal_init(monitor->loop, &monitor->signals[i]);
		monitor->signals[i].data = monitor;
		good &= uv_signal_start(&monitor->signals[i], signalled, signal_numbers[i]) == 0;
	}
	return good;
}

/* Somebody else may sit where metrics usually are; where they were told to be, nobody may. */
static bool board_open(struct monitor *monitor, char *why)
{
	const struct settings *settings = monitor->settings;
	if (monitor->once || !settings->metrics.text[0])
		return true;
	monitor->board = board_new(&settings->metrics, why, MONITOR_WHY_MAX);
	if (monitor->board || (settings->metrics_named && !monitor->anew))
		return monitor->board;
	log_line(LOG_LEVEL_WARNING,
		"%s; metrics are not served (set another address with `metrics`)", why);
	return true;
}

static bool parts_new(struct monitor *monitor, char *why)
{
	snprintf(why, MONITOR_WHY_MAX, "out of memory for the monitor");
	monitor->scheduler =
		scheduler_new(monitor->loop, monitor->settings, monitor_checked, monitor);
	monitor->resolve = resolve_new(
		monitor->loop, monitor->settings->allow_private, monitor_named, monitor);
	monitor->alert = alert_new(monitor->loop, &monitor->inventory, monitor->hour);
	return monitor->scheduler && monitor->resolve && monitor->alert && handles_init(monitor);
}

static bool state_take(struct monitor *monitor, char *why)
{
	struct inventory *inventory = &monitor->inventory;
	monitor->state = state_open(monitor->settings->state, why, MONITOR_WHY_MAX);
	if (!monitor->state)
		return false;
	snprintf(why, MONITOR_WHY_MAX, "out of memory for the state");
	if (!state_load(monitor->state, inventory, &inventory->targets, &inventory->count))
		return false;
	outage_why(&inventory->outage, inventory->suspect_why, sizeof(inventory->suspect_why));
	monitor->disk.path = monitor->settings->export;
	export_file_refresh(&monitor->disk);
	if (monitor->disk.text) /* it was good a moment ago */
		monitor->exported = mirrors_parse(monitor->disk.text, strlen(monitor->disk.text),
			monitor->disk.path, why, MONITOR_WHY_MAX);
	return true;
}

/* Everything before the first check. False: one sentence. */
static bool monitor_start(struct monitor *monitor, struct mirror_list *mirror_list, char *why)
{
	if (!parts_new(monitor, why) || !state_take(monitor, why) || !board_open(monitor, why))
		return false;
	snprintf(why, MONITOR_WHY_MAX, "out of memory for the list");
	if (!monitor_watch(monitor) || !monitor_list_take(monitor, mirror_list))
		return false;
	monitor_txt_reload(monitor);
	monitor_gap(monitor, time(NULL));
	monitor->named = monitor->named || !resolve_busy(monitor->resolve) ||
			 (!monitor->once && monitor_names_known(monitor));
	monitor->started = (int64_t)uv_now(monitor->loop) + 1;
	return uv_timer_start(&monitor->tick, ticked, monitor->once ? 0 : 10,
		       monitor->once ? END_LOOK_MS : TICK_MS) == 0;
}

static void monitor_free(struct monitor *monitor)
{
	board_free(monitor->board);
	state_close(monitor->state);
	for (size_t i = 0; i < monitor->inventory.count; i++)
		free(monitor->inventory.targets[i]);
	free(monitor->inventory.targets);
	export_file_free(&monitor->disk);
	mirrors_free(monitor->exported);
	list_free(monitor->mirror_list);
	settings_free(monitor->settings);
	free(monitor->config);
}

/* What was begun ends, however far the start came. */
static void start_undo(struct monitor *monitor, struct mirror_list *mirror_list)
{
	if (monitor->mirror_list != mirror_list)
		list_free(mirror_list);
	monitor->ending = true;
	scheduler_free(monitor->scheduler);
	resolve_free(monitor->resolve);
	if (monitor->alert && monitor->tick.data)
		monitor_close(monitor);
	uv_run(monitor->loop, UV_RUN_DEFAULT);
}

static void start_refuse(const struct monitor *monitor, const char *why)
{
	if (monitor->anew)
		log_line(LOG_LEVEL_ERROR, "%s", why);
	else
		log_refuse(why);
}

static int monitor_turn(struct monitor *monitor, const char *path)
{
	char why[MONITOR_WHY_MAX];
	monitor->config = monitor_config_read(path);
	monitor->settings = settings_load(path, why, sizeof(why));
	if (monitor->settings) {
		log_detail_set(monitor->settings->log_level);
		monitor_stamp(monitor);
	}
	struct mirror_list *mirror_list = monitor_list_read(monitor->settings, why, sizeof(why));
	monitor->inventory.settings = monitor->settings;
	if (!mirror_list) {
		start_refuse(monitor, why);
		return STATUS_WRONG;
	}
	if (!monitor_start(monitor, mirror_list, why)) {
		start_refuse(monitor, why);
		start_undo(monitor, mirror_list);
		return STATUS_FAILED;
	}
	if (!monitor->once) {
		scheduler_start(monitor->scheduler);
		log_line(LOG_LEVEL_INFO,
			"mirrorns-monitor " MIRRORNS_VERSION
			" is ready zone=%s addresses=%zu interval=%u",
			monitor->settings->zone, monitor->inventory.count,
			monitor->settings->interval);
		systemd_ready();
	}
	if (told)
		monitor_end(monitor);
	uv_run(monitor->loop, UV_RUN_DEFAULT);
	bool lost =
		monitor->export_trouble[0] || monitor->state_trouble[0] || monitor->page_trouble[0];
	return monitor->once && lost ? STATUS_FAILED : STATUS_GOOD;
}

/* A loop that still waits for the system's resolver stays behind; libuv would wait for it at an
 * exit, too: where it is `last`, the program ends here. */
static void loop_free(struct monitor *monitor, bool last, int status)
{
	if (monitor->last.data)
		uv_close((uv_handle_t *)&monitor->last, NULL);
	uv_run(monitor->loop, UV_RUN_NOWAIT);
	if (uv_loop_close(monitor->loop) == 0)
		free(monitor->loop);
	else if (last) {
		log_out_flush();
		_exit(status);
	}
}

int monitor_run(const char *path, bool once)
{
	static struct monitor monitor; /* large */
	static struct alert_hour hour;
	bool again = false;
	int status;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN); /* what it would read is being read */
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	if (!once)
		log_serve();
	do {
		memset(&monitor, 0, sizeof(monitor));
		monitor.once = once;
		monitor.anew = again;
		monitor.hour = &hour;
		monitor.loop = malloc(sizeof(*monitor.loop));
		if (!monitor.loop || uv_loop_init(monitor.loop) != 0) {
			log_line(LOG_LEVEL_ERROR, "cannot set up the event loop");
			return STATUS_FAILED;
		}
		status = monitor_turn(&monitor, path);
		again = status == STATUS_GOOD && monitor.again && !told;
		monitor_free(&monitor);
		loop_free(&monitor, !again, status);
	} while (again);
	return status;
}
