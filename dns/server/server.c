#include "dns/server/server.h"

#include "dns/base/descriptors.h"
#include "dns/base/exit.h"
#include "dns/base/log.h"
#include "dns/base/log_out.h"
#include "dns/base/systemd.h"
#include "dns/base/why.h"
#include "dns/control/commands.h"
#include "dns/load/drain_file.h"
#include "dns/server/load.h"
#include "dns/server/open.h"
#include "dns/stats/totals_json.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	DESCRIPTORS_SPARE = 256,
	DESCRIPTORS_WORKER = 8,
	DESCRIPTORS_LOOK = 1 << 16,
	TCP_ROOM_MIN = 8,
	CHECK_MS = 100,
	TICKS_BUILD = 20,
	TICKS_SAVE = 80
};

/* Before anything is counted: descriptors_share sees what there is. */
static void descriptors_want(const struct config *config, unsigned workers)
{
	uint64_t wanted = config->tcp_connections + DESCRIPTORS_SPARE +
			  workers * (uint64_t)(2 * config->listen_count + DESCRIPTORS_WORKER);
	/* a reload may ask for more */
	descriptors_raise(wanted > DESCRIPTORS_LOOK ? wanted : DESCRIPTORS_LOOK);
}

/* Once all is open that will be: what is left, less the reserve, is there for TCP. False: one
 * sentence. */
static bool descriptors_share(struct server *server, const struct config *config, char *why)
{
	int limit = descriptors_limit(), free = limit - ACCEPT_RESERVE;
	for (int fd = 0; fd < limit && fd < DESCRIPTORS_LOOK; fd++)
		free -= fcntl(fd, F_GETFD) >= 0;
	server->shared.tcp.room = free > 0 ? (unsigned)free : 0;
	server->shared.tcp.workers = server->shared.count;
	if (free < TCP_ROOM_MIN)
		return why_write(why, SERVER_WHY_MAX,
			"the limit on open files is %d, enough for %u TCP connections, "
			"expected at least %u: raise it (LimitNOFILE= of the service, `ulimit -n`)",
			limit, server->shared.tcp.room, TCP_ROOM_MIN);
	tcp_room_say(&server->shared.tcp, config);
	return true;
}

static const int signal_numbers[3] = {SIGHUP, SIGTERM, SIGINT};

/* A reload asked for while the first load is under way waits until the reloader runs. */
static void early_signals_hold(int how)
{
	sigset_t held;
	sigemptyset(&held);
	sigaddset(&held, SIGHUP);
	sigprocmask(how, &held, NULL);
}

/* A build that no caller waits for any more is not waited for long; saving accepted files to
 * state-dir is. */
static void shutdown_tick(uv_timer_t *timer)
{
	struct server *server = timer->data;
	unsigned ticks = ++server->shutdown_ticks;
	if (ticks >= (server->reload.tidying ? TICKS_SAVE : TICKS_BUILD))
		uv_stop(&server->loop);
}

/* The loop runs out once all that is closed here has closed. */
static void server_end(struct server *server)
{
	uv_timer_start(&server->shutdown_timer, shutdown_tick, CHECK_MS, CHECK_MS);
	uv_unref((uv_handle_t *)&server->shutdown_timer);
	for (size_t i = 0; i < 3; i++) {
		uv_close((uv_handle_t *)&server->signals[i], NULL);
		signal(signal_numbers[i], SIG_IGN); /* another one while it ends must not kill */
	}
	watchdog_stop(&server->watchdog);
	control_stop(&server->control);
	takeover_server_stop(&server->give);
	reload_stop(&server->reload);
}

/* Another server serves on our sockets. TCP does not wait for what else there is to end. */
static void on_handover_done(void *owner)
{
	struct server *server = owner;
	server->handed_over = true;
	systemd_successor(server->give.successor);
	metrics_free(server->metrics); /* the page is the other one's: these counters stand still */
	server->metrics = NULL;
	for (unsigned i = 0; i < server->shared.count; i++)
		worker_tell(&server->shared.workers[i], WORKER_HAND_OVER);
	server_end(server);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct server *server = handle->data;
	if (number == SIGHUP) {
		reload_ask(&server->reload, &(struct reload_wish){.all = true});
		return;
	}
	log_line(LOG_LEVEL_INFO, "Shutting down, answering queries already received signal=%s",
		number == SIGTERM ? "TERM" : "INT");
	systemd_stopping("answering queries already received");
	server_end(server);
	for (unsigned i = 0; i < server->shared.count; i++)
		worker_tell(&server->shared.workers[i], WORKER_STOP);
}

static bool signals_watch(struct server *server)
{
	for (size_t i = 0; i < 3; i++) {
		server->signals[i].data = server;
		if (uv_signal_init(&server->loop, &server->signals[i]) != 0 ||
			uv_signal_start(&server->signals[i], on_signal, signal_numbers[i]) != 0)
			return false;
	}
	early_signals_hold(SIG_UNBLOCK);
	return true;
}

static bool workers_prepare(struct server *server, char *why)
{
	struct worker_shared *shared = &server->shared;
	shared->workers = calloc(shared->count, sizeof(*shared->workers));
	snprintf(why, SERVER_WHY_MAX, "out of memory for the workers");
	if (!shared->workers)
		return false;
	for (unsigned i = 0; i < shared->count; i++)
		if (!worker_init(
			    &shared->workers[i], shared, &server->sockets, why, SERVER_WHY_MAX))
			return false;
	return true;
}

static bool worker_begin(struct server *server, unsigned i, const struct snapshot *first,
	struct worker_handover *handover)
{
	struct worker *worker = &server->shared.workers[i];
	uint32_t *nexts = takeover_nexts(&server->takeover, first, i);
	handover->nexts = nexts;
	bool good = worker_start(worker, handover);
	free(nexts);
	return good;
}

/* They are paused, and so is the server that we take over from. */
static bool workers_start(struct server *server, const struct snapshot *first, char *why)
{
	if (server->takes_over && !takeover_ready(&server->takeover, why, SERVER_WHY_MAX))
		return false;
	const json_t *counted = json_object_get(server->takeover.state, "counters");
	snprintf(why, SERVER_WHY_MAX, "out of memory for the counters");
	if (counted && !totals_json_inherit(&server->totals, counted))
		return false;
	snprintf(why, SERVER_WHY_MAX, "out of memory for the workers");
	struct worker_handover **handovers = worker_handovers_new(first, server->shared.count);
	if (!handovers || !totals_attach(&server->totals, first, handovers)) {
		worker_handovers_free(handovers, server->shared.count);
		return false;
	}
	snprintf(why, SERVER_WHY_MAX, "cannot start the worker threads");
	bool good = true;
	for (unsigned i = 0; good && i < server->shared.count; i++)
		good = worker_begin(server, i, first, handovers[i]);
	free(handovers);
	return good;
}

/* Once the other server has left, only this one answers: what is missing then is missed, but the
 * rest is served. */
static bool serving_begin(struct server *server, const struct config *config, char *why)
{
	if (server->takes_over && !takeover_serving(&server->takeover))
		return why_write(
			why, SERVER_WHY_MAX, "the takeover failed: the running server resumed");
	if (!server_join(server, config, why))
		return false;
	if (server->metrics && !metrics_start(server->metrics, why, SERVER_WHY_MAX)) {
		if (!server->takes_over)
			return false;
		log_line(LOG_LEVEL_ERROR, "%s: metrics are off", why);
		metrics_free(server->metrics);
		server->metrics = NULL;
	}
	server->give.metrics = server->metrics ? metrics_socket(server->metrics) : -1;
	for (unsigned i = 0; i < server->shared.count; i++)
		worker_tell(&server->shared.workers[i], WORKER_SERVE);
	control_file_remove(&server->takeover.former);
	return true;
}

/* Runs until a signal ends it; everything is freed, so that a leak is seen. */
static int run_loop(struct server *server)
{
	bool whole = uv_run(&server->loop, UV_RUN_DEFAULT) == 0;
	if (!server->reload.tidying)
		reload_save(&server->reload);
	metrics_free(server->metrics);
	for (unsigned i = 0; i < server->shared.count; i++)
		worker_join(&server->shared.workers[i]);
	uint64_t dropped = 0;
	for (unsigned i = 0; i < server->shared.count; i++) {
		dropped +=
			counter_get(&server->shared.workers[i].serving.counters->drops[DROP_SEND]);
		worker_free(&server->shared.workers[i]);
	}
	if (dropped)
		log_line(LOG_LEVEL_NOTICE, "UDP replies lost, sending failed replies=%llu",
			(unsigned long long)dropped);
	if (!server->handed_over) {
		control_file_remove(&server->control_file);
		takeover_path_remove(refcount_get(server->reload.started));
	}
	/* a thread of the loop's builds or saves still: it reads all that is freed below */
	if (!whole) {
		log_out_flush();
		_exit(STATUS_GOOD);
	}
	totals_free(&server->totals);
	free(server->shared.workers);
	listen_close(&server->sockets);
	reload_free(&server->reload);
	uv_close((uv_handle_t *)&server->shutdown_timer, NULL);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	uv_loop_close(&server->loop);
	return STATUS_GOOD;
}

/* Drains that were changed, and a reload that was asked for, while this one loaded. */
static void state_take(struct server *server)
{
	char why[SERVER_WHY_MAX];
	const struct inputs *loaded = server->reload.current->inputs;
	if (json_integer_value(json_object_get(server->takeover.state, "reloaded")) >= loaded->now)
		reload_ask(&server->reload, &(struct reload_wish){.all = true});
	const json_t *drains = json_object_get(server->takeover.state, "drains");
	json_t *own = drains_json(refcount_get(server->reload.drains));
	struct refcount *taken = drains && own && !json_equal(drains, own)
					 ? drains_parse(drains, why, sizeof(why))
					 : NULL;
	json_decref(own);
	if (!taken)
		return;
	reload_drains_set(&server->reload, taken);
	reload_ask(&server->reload, &(struct reload_wish){.all = false});
}

static bool verbs_start(struct server *server)
{
	server->verbs = (struct command_context){
		.reload = &server->reload, .started = time(NULL), .takeover = &server->give};
	server->give.reload = &server->reload;
	server->give.control = &server->control;
	server->give.on_handover_done = on_handover_done;
	server->give.server = server;
	const struct control_place place = {
		&server->loop, commands_table, &server->verbs, &server->totals.control_closed};
	int fd = server->control_fd;
	server->control_fd = -1;
	return fd < 0 || control_start(&server->control, fd, &place);
}

static void signals_ignore(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	early_signals_hold(SIG_BLOCK);
}

/* Everything between a loaded snapshot and the first answer. False: one sentence. */
static bool server_start(struct server *server, const char *path, struct snapshot *first, char *why)
{
	const struct config *config = inputs_config(first->inputs);
	snprintf(why, SERVER_WHY_MAX, "cannot set up the event loop");
	server->shutdown_timer.data = server;
	return uv_loop_init(&server->loop) == 0 && signals_watch(server) &&
	       uv_timer_init(&server->loop, &server->shutdown_timer) == 0 &&
	       reload_init(&server->reload, &server->loop, &server->shared, &server->totals) &&
	       takeover_server_init(&server->give, &server->loop, &server->shared) &&
	       server_open(server, config, why) && workers_prepare(server, why) &&
	       descriptors_share(server, config, why) && verbs_start(server) &&
	       watchdog_start(&server->watchdog, &server->loop, &server->shared) &&
	       workers_start(server, first, why) && serving_begin(server, config, why) &&
	       reload_start(&server->reload, path, first);
}

/* One sentence; the process ends, so that nothing needs to be freed but what outlives it. */
static int start_fail(struct server *server, const char *why, int status)
{
	log_refuse(why);
	if (!server->control_inherited)
		control_file_remove(&server->control_file);
	return status;
}

static unsigned workers_wanted(const struct config *config)
{
	return config->workers ? config->workers : uv_available_parallelism();
}

/* The running server has saved what it serves before it lets itself be taken over from: if that is
 * newer than what was loaded here, as after a reload that was forced, all is loaded once more.
 * NULL: one sentence. */
static struct snapshot *taken_load(
	struct server *server, const char *path, struct snapshot *first, char *why)
{
	unsigned refused;
	const struct config *config = inputs_config(first->inputs);
	bool asked = takeover_ask(&server->takeover, config, why, SERVER_WHY_MAX);
	if (asked && !server_saved_since(first))
		return first;
	snapshot_free(first);
	return asked ? server_load(path, &server->account, &refused, why) : NULL;
}

int server_run(const char *path, bool takeover)
{
	static struct server server = {
		.control_fd = -1, .takeover = {.fd = -1, .control = -1, .metrics = -1}};
	unsigned refused;
	char why[SERVER_WHY_MAX];
	signals_ignore();
	log_serve();
	struct snapshot *first = server_load(path, &server.account, &refused, why);
	if (!first)
		return start_fail(&server, why, takeover ? STATUS_FAILED : STATUS_WRONG);
	const struct config *config = inputs_config(first->inputs);
	descriptors_want(config, workers_wanted(config));
	if (takeover && !(first = taken_load(&server, path, first, why)))
		return start_fail(&server, why, STATUS_FAILED);
	config = inputs_config(first->inputs);
	server.takes_over = takeover;
	server.shared.count = server.sockets.workers = workers_wanted(config);
	totals_init(&server.totals, &server.shared);
	server.first = first;
	if (!server_start(&server, path, first, why))
		return start_fail(&server, why, STATUS_FAILED);
	server_say_zones(first);
	if (takeover)
		state_take(&server);
	takeover_free(&server.takeover);
	takeover_path_write(config, server.control_file.path);
	log_line(LOG_LEVEL_INFO,
		"mirrorns " MIRRORNS_VERSION " is ready addresses=%zu workers=%u%-s",
		server.sockets.addresses, server.shared.count, takeover ? " taken_over=yes" : "");
	systemd_ready();
	return run_loop(&server);
}
