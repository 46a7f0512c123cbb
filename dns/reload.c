#include "dns/reload.h"

#include "dns/link.h"
#include "dns/log.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK_MS = 1000, STALE_SAY_SECONDS = 3600, NICE = 10 };

static void build_begin(struct reload *reload);

/* Whoever asks comes first: where all CPUs are busy a build gets a tenth of one. */
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
		.config_path = reload->build_all ? reload->config_path : NULL,
		.before = reload->current->inputs,
		.changed = reload->build_all ? NULL : reload->build_changed,
	};
	struct inputs *inputs =
		inputs_load(&request, &reload->refused, reload->why, sizeof(reload->why));
	reload->built =
		inputs ? link_snapshot(inputs, reload->current, reload->why, sizeof(reload->why))
		       : NULL;
}

/* Thread pool: what nobody waits for. jansson and ldns leave much behind that glibc would keep. */
static void tidy(uv_work_t *work)
{
	struct reload *reload = work->data;
	thread_step_back();
	char why[sizeof(reload->why)];
	if (reload->build_all && !keep_folder(inputs_config(reload->current->inputs), (unsigned)-1,
					 (unsigned)-1, why, sizeof(why)))
		log_line(LOG_LEVEL_WARNING, "%s", why);
	ledger_close(reload->ledger);
	snapshot_free(reload->retired);
	reload->retired = NULL;
	inputs_keep(reload->current->inputs);
	malloc_trim(0);
}

static void idle(struct reload *reload)
{
	reload->busy = false;
	build_begin(reload);
}

static void tidied(uv_work_t *work, int status)
{
	(void)status;
	idle(work->data);
}

static bool listens_differ(const struct config *a, const struct config *b)
{
	if (a->listen_count != b->listen_count)
		return true;
	for (size_t i = 0; i < a->listen_count; i++)
		if (a->listens[i].size != b->listens[i].size ||
			memcmp(&a->listens[i].address, &b->listens[i].address,
				a->listens[i].size) != 0)
			return true;
	return false;
}

/* Options that were acted on once, at the start. */
static void restart_say(const struct reload *reload)
{
	const struct config *started = shared_get(reload->started);
	const struct config *now = inputs_config(reload->current->inputs);
	const struct {
		bool differs;
		const char *name;
	} options[] = {
		{listens_differ(started, now), " listen"},
		{started->workers != now->workers, " workers"},
		{strcmp(started->user, now->user) != 0, " user"},
		{started->socket_affinity != now->socket_affinity, " socket-affinity"},
		{strcmp(started->metrics.text, now->metrics.text) != 0, " metrics"},
	};
	char names[128] = "";
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i].differs)
			strncat(names, options[i].name, sizeof(names) - strlen(names) - 1);
	if (names[0])
		log_line(LOG_LEVEL_WARNING,
			"The configuration changes%s: that needs a restart, the rest is served",
			names);
}

static void watch_current(struct reload *reload)
{
	const struct inputs *inputs = reload->current->inputs;
	const struct config *config = inputs_config(inputs);
	size_t count = inputs_files(config);
	const char **paths = calloc(count, sizeof(*paths));
	free(reload->want);
	reload->want = calloc(count, sizeof(*reload->want));
	reload->want_count = reload->want ? count : 0;
	for (size_t i = 0; paths && i < count; i++)
		paths[i] = inputs_file(config, i);
	if (!paths || !reload->want || !watch_set(&reload->watch, paths, inputs->stamps, count))
		log_line(LOG_LEVEL_ERROR, "No memory to watch files: SIGHUP reloads them");
	free(paths);
}

/* The hand-over is complete when the last worker serves the new snapshot. */
static void taken(uv_async_t *async)
{
	struct reload *reload = async->data;
	if (!reload->handing) /* each worker sends, the last two may send after both have taken it */
		return;
	for (unsigned i = 0; i < reload->workers->count; i++)
		if (atomic_load_explicit(&reload->workers->workers[i].served,
			    memory_order_acquire) != reload->current)
			return;
	reload->handing = false;
	if (reload->build_asked)
		ledger_reload(reload->ledger, reload->refused ? RELOAD_PARTLY : RELOAD_OK);
	inputs_say(reload->current->inputs);
	if (reload->build_all) {
		watch_current(reload);
		restart_say(reload);
		if (reload->refused)
			log_line(LOG_LEVEL_WARNING,
				"The reload is served, but for %u file%s refused", reload->refused,
				reload->refused == 1 ? "" : "s");
		else
			log_line(LOG_LEVEL_INFO, "The reload is served");
	}
	if (uv_queue_work(reload->loop, &reload->work, tidy, tidied) != 0)
		idle(reload);
}

static void publish(struct reload *reload)
{
	struct worker_shared *shared = reload->workers;
	struct worker_handover **handovers = worker_handovers_new(reload->built, shared->count);
	if (handovers && ledger_open(reload->ledger, reload->built, handovers)) {
		reload->retired = reload->current;
		reload->current = reload->built;
		reload->handing = true;
		for (unsigned i = 0; i < shared->count; i++)
			worker_hand(&shared->workers[i], handovers[i]);
		free(handovers);
	} else {
		log_line(LOG_LEVEL_ERROR, "No memory to serve a new snapshot: the old one stays");
		worker_handovers_free(handovers, shared->count);
		snapshot_free(reload->built);
	}
	reload->built = NULL;
}

/* A file that had changed is still to be read when a reload of everything was refused for something else. */
static void want_again(struct reload *reload)
{
	for (size_t i = 0; reload->build_all && i < reload->want_count; i++)
		reload->want[i] |= reload->build_changed[i];
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
		log_line(LOG_LEVEL_ERROR, "%s; what was served goes on being served", reload->why);
		ledger_reload(reload->ledger, RELOAD_FAILED);
		want_again(reload);
	}
	free(reload->build_changed);
	reload->build_changed = NULL;
	if (status == 0 && !reload->handing)
		idle(reload);
}

static bool any_wanted(const struct reload *reload)
{
	bool any = reload->want_all || reload->want_relink;
	for (size_t i = 0; !any && i < reload->want_count; i++)
		any = reload->want[i];
	return any;
}

static void build_begin(struct reload *reload)
{
	if (reload->busy || reload->stopping || !any_wanted(reload))
		return;
	reload->build_changed = malloc(reload->want_count * sizeof(*reload->want) + 1);
	if (!reload->build_changed)
		return; /* the next look at the clock tries again */
	reload->build_all = reload->want_all;
	reload->want_relink = false;
	reload->build_asked = any_wanted(reload);
	memcpy(reload->build_changed, reload->want, reload->want_count * sizeof(*reload->want));
	memset(reload->want, 0, reload->want_count * sizeof(*reload->want));
	reload->want_all = false;
	reload->busy = true;
	if (uv_queue_work(reload->loop, &reload->work, build, build_done) != 0)
		reload->busy = false;
}

static void files_changed(void *owner, const bool *changed)
{
	struct reload *reload = owner;
	for (size_t i = 0; i < reload->want_count; i++)
		reload->want[i] |= changed[i];
	build_begin(reload);
}

static void stale_say(const struct config_zone *zone, const struct config_txt *config,
	const struct txt *txt, int64_t now)
{
	log_line(LOG_LEVEL_WARNING,
		"The string of %s in zone %s is older than its max-age and is %s age=%lld "
		"max_age=%u "
		"file=%s",
		config->name, zone->name,
		config->stale == STALE_WITHDRAW ? "withdrawn" : "still served",
		(long long)(now - txt->since), config->max_age, config->file);
}

/* Counts the stale strings. One to be withdrawn, or to come back after the clock was set, asks for a snapshot
 * without or with it. */
static unsigned stale_look(struct reload *reload, int64_t now, bool say)
{
	const struct inputs *inputs = reload->current->inputs;
	const struct config *config = inputs_config(inputs);
	unsigned count = 0;
	for (size_t z = 0; z < config->zone_count; z++)
		for (size_t t = 0; t < config->zones[z].txt_count; t++) {
			const struct config_txt *txt_config = &config->zones[z].txts[t];
			const struct txt *txt = shared_get(inputs->zones[z].txts[t]);
			bool stale = txt && txt_is_stale(txt, txt_config, now);
			bool linked_stale = txt && txt_is_stale(txt, txt_config, inputs->now);
			reload->want_relink |=
				txt_config->stale == STALE_WITHDRAW && stale != linked_stale;
			if (stale && say)
				stale_say(&config->zones[z], txt_config, txt, now);
			count += stale;
		}
	return count;
}

/* A string that has become too old is said at once, and all such every hour. */
static void clock_look(uv_timer_t *timer)
{
	struct reload *reload = timer->data;
	int64_t now = time(NULL);
	unsigned count = stale_look(reload, now, false);
	if (count > reload->stale_count ||
		(count && now - reload->stale_said >= STALE_SAY_SECONDS)) {
		stale_look(reload, now, true);
		reload->stale_said = now;
	}
	reload->stale_count = count;
	ledger_beat(reload->ledger);
	build_begin(reload);
}

void reload_all(struct reload *reload)
{
	reload->want_all = true;
	build_begin(reload);
}

bool reload_init(struct reload *reload, uv_loop_t *loop, struct worker_shared *workers,
	struct ledger *ledger)
{
	memset(reload, 0, sizeof(*reload));
	reload->loop = loop;
	reload->workers = workers;
	reload->ledger = ledger;
	workers->taken = &reload->taken;
	reload->taken.data = reload->clock.data = reload->work.data = reload;
	return uv_async_init(loop, &reload->taken, taken) == 0 &&
	       uv_timer_init(loop, &reload->clock) == 0 &&
	       watch_init(&reload->watch, loop, files_changed, reload);
}

bool reload_start(struct reload *reload, const char *config_path, struct snapshot *first)
{
	reload->config_path = config_path;
	reload->current = first;
	reload->started = shared_hold(first->inputs->config);
	watch_current(reload);
	inputs_say(first->inputs);
	inputs_keep(first->inputs);
	malloc_trim(0);
	return uv_timer_start(&reload->clock, clock_look, 0, CLOCK_MS) == 0;
}

void reload_stop(struct reload *reload)
{
	reload->stopping = true;
	watch_stop(&reload->watch);
	uv_close((uv_handle_t *)&reload->clock, NULL);
	uv_close((uv_handle_t *)&reload->taken, NULL);
}

void reload_free(struct reload *reload)
{
	if (reload->current) /* an end right after a hand-over keeps what was taken, too */
		inputs_keep(reload->current->inputs);
	snapshot_free(reload->retired);
	snapshot_free(reload->current);
	shared_release(reload->started);
	free(reload->want);
}
