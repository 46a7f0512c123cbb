#include "dns/control/reload.h"

#include "dns/base/log.h"
#include "dns/base/systemd.h"
#include "dns/base/threads.h"
#include "dns/control/reload_say.h"
#include "dns/load/load.h"
#include "dns/snapshot/build.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK_MS = 1000, NICE = 10 };

/* A caller that is told when a build has ended. */
struct reload_waiter {
	struct reload_waiter *next;
	reload_done *done;
	void *owner;
};

/* They may ask again while they are told. */
static void waiters_call(struct reload_waiter **list, const struct reload_outcome *outcome)
{
	struct reload_waiter *next, *waiter = *list;
	*list = NULL;
	for (; waiter; waiter = next) {
		next = waiter->next;
		waiter->done(waiter->owner, outcome);
		free(waiter);
	}
}

/* The build is served, or was refused. */
static void outcome_report(struct reload *reload, bool served)
{
	reload->outcome.when = time(NULL);
	reload->outcome.served = served;
	const struct reload_outcome outcome = reload->outcome;
	if (reload->build.all)
		reload->last = outcome;
	waiters_call(&reload->build.waiting, &outcome);
}

/* Queries come first: where all CPUs are busy a build gets a tenth of one. */
static void thread_step_back(void)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
}

/* Thread pool: inputs, then everything linked. */
static void build(uv_work_t *work)
{
	struct reload *reload = work->data;
	thread_step_back();
	struct inputs_request request = {
		.config_path = reload->build.all ? reload->config_path : NULL,
		.before = reload->current->inputs,
		.changed = reload->build.all ? NULL : reload->build.changed,
		.drains = reload->build_drains,
		.force = reload->build.force,
	};
	struct reload_outcome *outcome = &reload->outcome;
	struct inputs *inputs =
		inputs_load(&request, &outcome->refused, outcome->why, sizeof(outcome->why));
	if (!inputs)
		return;
	char why[RELOAD_WHY_MAX]; /* that of a refused file stays, if this goes well */
	reload->built = snapshot_new(inputs, reload->current, why, sizeof(why));
	if (!reload->built)
		memcpy(outcome->why, why, sizeof(why));
}

/* Thread pool, no caller waits. jansson and ldns leave much behind that glibc would keep. */
static void tidy(uv_work_t *work)
{
	struct reload *reload = work->data;
	thread_step_back();
	char why[RELOAD_WHY_MAX];
	if (reload->build.all && !state_dir_make(inputs_config(reload->current->inputs),
					 (unsigned)-1, (unsigned)-1, why, sizeof(why)))
		log_line(LOG_LEVEL_WARNING, "%s", why);
	totals_detach(reload->totals);
	snapshot_free(reload->retired);
	reload->retired = NULL;
	inputs_save_all(reload->current->inputs);
	malloc_trim(0);
}

static void reload_begin(struct reload *reload);

static void next_build(struct reload *reload)
{
	reload->busy = false;
	reload_begin(reload);
}

static void tidied(uv_work_t *work, int status)
{
	struct reload *reload = work->data;
	(void)status;
	reload->tidying = false;
	next_build(reload);
}

static void watch_current(struct reload *reload)
{
	const struct inputs *inputs = reload->current->inputs;
	const struct config *config = inputs_config(inputs);
	size_t count = inputs_files(config);
	const char **paths = calloc(count, sizeof(*paths));
	free(reload->want.changed);
	reload->want.changed = calloc(count, sizeof(*reload->want.changed));
	reload->file_count = reload->want.changed ? count : 0;
	for (size_t i = 0; paths && i < count; i++)
		paths[i] = inputs_file(config, i);
	if (!paths || !reload->want.changed ||
		!watch_set(&reload->watch, paths, inputs->stamps, count))
		log_line(LOG_LEVEL_ERROR,
			"Out of memory: files are not watched, use SIGHUP or `mirrornsctl reload`");
	free(paths);
}

/* The hand-over is complete when the last worker serves the new snapshot. */
static void on_snapshot_taken(uv_async_t *async)
{
	struct reload *reload = async->data;
	if (!reload->handing) /* the last two workers may both send after both took it */
		return;
	for (unsigned i = 0; i < reload->workers->count; i++)
		if (atomic_load_explicit(&reload->workers->workers[i].served,
			    memory_order_acquire) != reload->current)
			return;
	const struct config *config = inputs_config(reload->current->inputs);
	unsigned refused = reload->outcome.refused;
	reload->handing = false;
	reload->forced += reload->build.force;
	log_detail_set(config->log_level);
	if (inputs_are_fresh(reload->current->inputs)) {
		totals_reload(reload->totals, refused ? RELOAD_PARTLY : RELOAD_OK);
		reload_say_status(reload->current->inputs, reload->outcome.why);
	}
	inputs_say(reload->current->inputs);
	if (reload->build.all) {
		watch_current(reload);
		reload_say_restart(refcount_get(reload->started), config);
		tcp_room_say(&reload->workers->tcp, config);
		if (refused)
			log_line(LOG_LEVEL_WARNING,
				"Reload complete, %u file%s refused (last good copies in service)",
				refused, refused == 1 ? "" : "s");
		else
			log_line(LOG_LEVEL_INFO, "Reload complete");
		systemd_ready();
	}
	outcome_report(reload, true);
	reload->tidying = uv_queue_work(reload->loop, &reload->work, tidy, tidied) == 0;
	if (!reload->tidying)
		next_build(reload);
}

static void publish(struct reload *reload)
{
	struct worker_shared *shared = reload->workers;
	struct worker_handover **handovers = worker_handovers_new(reload->built, shared->count);
	if (handovers && totals_attach(reload->totals, reload->built, handovers)) {
		reload->retired = reload->current;
		reload->current = reload->built;
		reload->handing = true;
		for (unsigned i = 0; i < shared->count; i++)
			worker_hand(&shared->workers[i], handovers[i]);
		free(handovers);
	} else {
		log_line(LOG_LEVEL_ERROR,
			"Out of memory for the new snapshot: the previous one stays in service");
		snprintf(reload->outcome.why, RELOAD_WHY_MAX, "out of memory for the new snapshot");
		outcome_report(reload, false);
		worker_handovers_free(handovers, shared->count);
		snapshot_free(reload->built);
	}
	reload->built = NULL;
}

/* A file that had changed, and a drain, are still to be taken when a reload of everything was
 * refused for something else. */
static void wants_restore(struct reload *reload)
{
	if (!reload->build.all)
		return;
	reload->want.relink |= reload->build_drains != reload->current->inputs->drains;
	for (size_t i = 0; i < reload->file_count; i++)
		reload->want.changed[i] |= reload->build.changed[i];
}

/* Of the build: what was served goes on being served. */
static void build_refused(struct reload *reload)
{
	log_line(LOG_LEVEL_ERROR, "%s; reload failed, previous data stays in service",
		reload->outcome.why);
	reload_say_status(reload->current->inputs, reload->outcome.why);
	totals_reload(reload->totals, RELOAD_FAILED);
	outcome_report(reload, false);
}

static void build_done(uv_work_t *work, int status)
{
	struct reload *reload = work->data;
	if (reload->stopping || status != 0) {
		snapshot_free(reload->built);
		reload->built = NULL;
		reload->busy = false;
	} else if (reload->built) {
		publish(reload);
	} else {
		wants_restore(reload);
		build_refused(reload);
	}
	refcount_release(reload->build_drains);
	reload->build_drains = NULL;
	free(reload->build.changed);
	reload->build.changed = NULL;
	if (status != 0 || reload->handing)
		return;
	if (reload->build.all)
		systemd_ready();
	next_build(reload);
}

static bool any_wanted(const struct reload *reload)
{
	bool any = reload->want.all || reload->want.relink;
	for (size_t i = 0; !any && i < reload->file_count; i++)
		any = reload->want.changed[i];
	return any;
}

/* A reload that was asked for is refused. What was changed stays wanted, and the clock asks again:
 * that is said once. */
static void threads_missed(struct reload *reload)
{
	struct reload_job *want = &reload->want;
	bool asked = want->all || want->waiting;
	if (!asked && reload->missed)
		return;
	reload->missed = true;
	reload->build = (struct reload_job){.all = want->all, .waiting = want->waiting};
	want->all = want->force = false;
	want->waiting = NULL;
	build_refused(reload);
}

/* A build, if something is asked for and none is under way. */
static void reload_begin(struct reload *reload)
{
	if (reload->busy || reload->stopping || !any_wanted(reload))
		return;
	reload->outcome = (struct reload_outcome){.refused = 0};
	if (!threads_ready(reload->outcome.why, RELOAD_WHY_MAX)) {
		threads_missed(reload);
		return;
	}
	reload->missed = false;
	bool *changed = calloc(reload->file_count + 1, sizeof(*changed));
	if (!changed)
		return; /* the next look at the clock tries again */
	reload->build = reload->want;
	reload->want = (struct reload_job){.changed = changed};
	reload->build_drains = refcount_hold(reload->drains);
	reload->built = NULL;
	reload->busy = true;
	/* It fails for no work alone. */
	uv_queue_work(reload->loop, &reload->work, build, build_done);
	if (reload->build.all)
		systemd_reloading();
}

static void files_changed(void *owner, const bool *changed)
{
	struct reload *reload = owner;
	for (size_t i = 0; i < reload->file_count; i++)
		reload->want.changed[i] |= changed[i];
	reload_begin(reload);
}

bool reload_ask(struct reload *reload, const struct reload_wish *wish)
{
	if (wish->done) {
		struct reload_waiter *waiter = malloc(sizeof(*waiter));
		if (!waiter)
			return false;
		*waiter = (struct reload_waiter){reload->want.waiting, wish->done, wish->owner};
		reload->want.waiting = waiter;
	}
	*(wish->all ? &reload->want.all : &reload->want.relink) = true;
	reload->want.force |= wish->force;
	reload_begin(reload);
	return true;
}

void reload_drains_set(struct reload *reload, struct refcount *drains)
{
	refcount_release(reload->drains);
	reload->drains = drains;
	reload->want.relink = true;
}

static void reload_check(uv_timer_t *timer)
{
	struct reload *reload = timer->data;
	const struct inputs *inputs = reload->current->inputs;
	int64_t now = time(NULL);
	struct refcount *left = drains_check(inputs, refcount_get(reload->drains), now);
	reload->want.relink |= stale_check(&reload->stale, inputs, now);
	reload->want.relink |= drains_end(refcount_get(inputs->drains), inputs->now, now);
	if (left)
		reload_drains_set(reload, left);
	if (!reload->busy) /* else what is wanted may be of the inputs before */
		transient_check(inputs, now, reload->want.changed, reload->file_count);
	totals_heartbeat(reload->totals);
	reload_begin(reload);
}

bool reload_init(struct reload *reload, uv_loop_t *loop, struct worker_shared *workers,
	struct totals *totals)
{
	*reload = (struct reload){.loop = loop, .workers = workers, .totals = totals};
	workers->taken = &reload->taken;
	reload->taken.data = reload->clock.data = reload->work.data = reload;
	return uv_async_init(loop, &reload->taken, on_snapshot_taken) == 0 &&
	       uv_timer_init(loop, &reload->clock) == 0 &&
	       watch_init(&reload->watch, loop, files_changed, reload);
}

/* What the start could not take. */
static void start_refusals_note(struct reload *reload)
{
	const struct inputs *inputs = reload->current->inputs;
	for (size_t i = 0; i < inputs_files(inputs_config(inputs)); i++)
		if (inputs->verdicts[i].why && reload->last.refused++ == 0)
			snprintf(reload->last.why, RELOAD_WHY_MAX, "%s", inputs->verdicts[i].why);
}

bool reload_start(struct reload *reload, const char *config_path, struct snapshot *first)
{
	reload->config_path = config_path;
	reload->current = first;
	reload->started = refcount_hold(first->inputs->config);
	reload->drains = refcount_hold(first->inputs->drains);
	reload->last.when = first->inputs->now;
	reload->last.served = true;
	start_refusals_note(reload);
	watch_current(reload);
	inputs_say(first->inputs);
	reload_say_status(reload->current->inputs, reload->outcome.why);
	inputs_save_all(first->inputs);
	malloc_trim(0);
	return uv_timer_start(&reload->clock, reload_check, 0, CLOCK_MS) == 0;
}

void reload_stop(struct reload *reload)
{
	reload->stopping = true;
	watch_stop(&reload->watch);
	uv_close((uv_handle_t *)&reload->clock, NULL);
	uv_close((uv_handle_t *)&reload->taken, NULL);
	static const struct reload_outcome outcome = {.why = "the server is shutting down"};
	waiters_call(&reload->want.waiting, &outcome);
	waiters_call(&reload->build.waiting, &outcome);
}

void reload_save(struct reload *reload)
{
	if (reload->current)
		inputs_save_all(reload->current->inputs);
}

void reload_free(struct reload *reload)
{
	snapshot_free(reload->retired);
	snapshot_free(reload->current);
	refcount_release(reload->started);
	refcount_release(reload->drains);
	free(reload->want.changed);
}
