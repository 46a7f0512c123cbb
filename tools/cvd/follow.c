#include "tools/cvd/follow.h"

#include "dns/base/log.h"
#include "dns/base/threads.h"
#include "dns/base/watch.h"
#include "dns/base/why.h"
#include "tools/cvd/database_dir.h"
#include "tools/cvd/run.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
	SIGNALS = 3,
	FILES = CVD_DATABASES * DATABASE_FORMS,
	RETRY_SECONDS = 60, /* at most, after a run that was not good */
	REPEAT_REFRESHES = 2, /* after so many a failure that persists is logged again */
	SECOND_MS = 1000,
	STATE_MAX = RUN_WHY_MAX + VERSION_STRING_MAX,
};

static const int signal_numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

/* A run runs on a thread of libuv's pool, one at a time; everything else is the loop's. */
struct follow {
	uv_loop_t loop;
	struct watch watch;
	uv_timer_t timer; /* to the next run */
	uv_signal_t signals[SIGNALS];
	uv_work_t work;
	const struct arguments *arguments;
	struct run run; /* the thread's while `busy` */
	char why[RUN_WHY_MAX]; /* likewise */
	enum run_result result; /* likewise */
	uint64_t started; /* the run, in milliseconds of the loop */
	bool busy, rerun, due;
	atomic_bool stop;
	char logged[STATE_MAX]; /* the state that is in the log */
	uint64_t logged_at; /* milliseconds of the loop */
};

static void run_start(struct follow *follow);

/* What tells a state from another: neither the time of a string nor how many mirrors have a
 * version. */
static void state_write(const struct follow *follow, char *state, size_t size)
{
	char text[VERSION_STRING_MAX + 1];
	const uint32_t *held = follow->run.held;
	struct version_string string = follow->run.last;
	string.time = 0;
	version_string_print(&string, text);
	switch (follow->result) {
	case RUN_DONE:
		snprintf(state, size, "done %s", text);
		return;
	case RUN_HELD:
	case RUN_EMPTY:
		snprintf(state, size, "held %u %u %u %u", held[CVD_MAIN], held[CVD_DAILY],
			held[CVD_BYTECODE], held[CVD_SAFEBROWSING]);
		return;
	case RUN_FAILED:
		snprintf(state, size, "failed %s", follow->why);
		return;
	}
}

static void state_log(struct follow *follow)
{
	char state[STATE_MAX];
	uint64_t now = uv_now(&follow->loop);
	uint64_t pause = (uint64_t)follow->arguments->refresh * REPEAT_REFRESHES * SECOND_MS;
	state_write(follow, state, sizeof(state));
	bool same = strcmp(state, follow->logged) == 0;
	if (same && (follow->result != RUN_FAILED || now - follow->logged_at < pause))
		return;
	snprintf(follow->logged, sizeof(follow->logged), "%s", state);
	follow->logged_at = now;
	if (follow->result == RUN_DONE)
		log_line(LOG_LEVEL_INFO, "%s is up to date string=%s", follow->arguments->output,
			follow->run.text);
	else
		log_line(follow->result == RUN_FAILED ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%s",
			follow->why);
}

static void follow_end(struct follow *follow)
{
	watch_stop(&follow->watch);
	uv_close((uv_handle_t *)&follow->timer, NULL);
	for (size_t i = 0; i < SIGNALS; i++)
		uv_close((uv_handle_t *)&follow->signals[i], NULL);
}

/* On libuv's thread. */
static void run_work(uv_work_t *work)
{
	struct follow *follow = work->data;
	follow->result = run_execute(&follow->run, follow->why, sizeof(follow->why));
}

static void on_timer(uv_timer_t *timer)
{
	struct follow *follow = timer->data;
	follow->due = true;
	run_start(follow);
}

/* The next run comes a whole refresh after the beginning of the last one that was due, or sooner
 * after one that was not good: changes in between do not put it off. */
static void timer_set(struct follow *follow)
{
	uv_timer_t *timer = &follow->timer;
	uint64_t span = (uint64_t)follow->arguments->refresh;
	if (follow->result != RUN_DONE && span > RETRY_SECONDS)
		span = RETRY_SECONDS;
	uint64_t taken = uv_now(&follow->loop) - follow->started;
	uint64_t left = span * SECOND_MS > taken ? span * SECOND_MS - taken : 1;
	bool active = uv_is_active((uv_handle_t *)timer);
	if (follow->run.due || !active || uv_timer_get_due_in(timer) > left)
		uv_timer_start(timer, on_timer, left, 0);
}

static void run_ended(uv_work_t *work, int status)
{
	struct follow *follow = work->data;
	(void)status;
	follow->busy = false;
	if (follow->result != RUN_FAILED || *follow->why)
		state_log(follow);
	if (atomic_load(&follow->stop)) {
		follow_end(follow);
		return;
	}
	if (follow->result == RUN_DONE || follow->result == RUN_HELD)
		follow->run.force = false; /* what was forced is the floor now */
	timer_set(follow);
	if (follow->rerun)
		run_start(follow);
}

static void run_start(struct follow *follow)
{
	follow->rerun = follow->busy;
	if (follow->busy)
		return;
	follow->run.due = follow->due;
	follow->due = false;
	follow->started = uv_now(&follow->loop);
	follow->busy = true;
	if (threads_ready(follow->why, sizeof(follow->why))) {
		uv_queue_work(&follow->loop, &follow->work, run_work, run_ended);
		return;
	}
	follow->result = RUN_FAILED;
	run_ended(&follow->work, 0);
}

static void files_changed(void *owner, const bool *changed)
{
	(void)changed;
	run_start(owner);
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct follow *follow = signal->data;
	if (number == SIGHUP) {
		follow->due = true;
		run_start(follow);
		return;
	}
	if (atomic_exchange(&follow->stop, true))
		return;
	if (!follow->busy)
		follow_end(follow);
}

/* --- start --- */

static bool files_watch(struct follow *follow)
{
	static char paths[FILES][PATH_MAX];
	const char *names[FILES];
	struct file_stamp stamps[FILES];
	for (unsigned i = 0; i < FILES; i++) {
		snprintf(paths[i], PATH_MAX, "%s/%s", follow->arguments->directory,
			database_dir_file_name(
				(enum cvd_database)(i / DATABASE_FORMS), i % DATABASE_FORMS));
		names[i] = paths[i];
		stamps[i] = file_stamp(names[i]);
	}
	return watch_set(&follow->watch, names, stamps, FILES);
}

static bool signals_start(struct follow *follow)
{
	for (size_t i = 0; i < SIGNALS; i++) {
		follow->signals[i].data = follow;
		if (uv_signal_init(&follow->loop, &follow->signals[i]) != 0 ||
			uv_signal_start(&follow->signals[i], on_signal, signal_numbers[i]) != 0)
			return false;
	}
	return true;
}

bool follow_run(const struct arguments *arguments, char *why, size_t size)
{
	static struct follow follow;
	follow.arguments = arguments;
	follow.run = (struct run){
		.arguments = arguments, .stop = &follow.stop, .force = arguments->force};
	follow.work.data = follow.timer.data = &follow;
	follow.due = true;
	signal(SIGPIPE, SIG_IGN); /* the log's reader may have gone */
	if (uv_loop_init(&follow.loop) != 0 ||
		!watch_init(&follow.watch, &follow.loop, files_changed, &follow) ||
		uv_timer_init(&follow.loop, &follow.timer) != 0 || !signals_start(&follow) ||
		!files_watch(&follow))
		return why_write(why, size,
			"%s: cannot be watched: out of memory or file descriptors",
			arguments->directory);
	log_run();
	run_start(&follow);
	uv_run(&follow.loop, UV_RUN_DEFAULT);
	uv_loop_close(&follow.loop);
	return true;
}
