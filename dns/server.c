#include "dns/server.h"

#include "dns/affinity.h"
#include "dns/control.h"
#include "dns/ledger_json.h"
#include "dns/link.h"
#include "dns/listen_given.h"
#include "dns/log.h"
#include "dns/metrics.h"
#include "dns/service.h"
#include "dns/verb.h"
#include "dns/watchdog.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS_SPARE = 256, DESCRIPTORS_WORKER = 8 };

struct server {
	uv_loop_t loop;
	uv_signal_t signals[3];
	struct worker_shared shared;
	struct reload reload;
	struct ledger ledger;
	struct metrics *metrics; /* NULL: off */
	struct listen_sockets sockets;
	struct affinity affinity;
	struct watchdog watchdog;
	struct control control;
	struct control_file control_file;
	int control_fd; /* bound; -1: off, or listened on already */
	struct verb_place verbs;
	struct takeover takeover; /* from whom */
	struct takeover_give give; /* to whom */
	bool left; /* another server has the sockets */
};

static void descriptors_raise(const struct config *config, unsigned workers)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	rlim_t wanted = config->tcp_connections + DESCRIPTORS_SPARE +
			workers * (rlim_t)(2 * config->listen_count + DESCRIPTORS_WORKER);
	if (limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted && geteuid() == 0)
		limit.rlim_max = wanted;
	else if (limit.rlim_max < wanted)
		limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
		log_line(LOG_LEVEL_WARNING,
			"Fewer files may be open than tcp-connections needs limit=%llu needed=%llu",
			(unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
}

static const int signal_numbers[3] = {SIGHUP, SIGTERM, SIGINT};

/* A reload asked for while the first load is under way waits until somebody listens. */
static void early_signals_hold(int how)
{
	sigset_t held;
	sigemptyset(&held);
	sigaddset(&held, SIGHUP);
	sigprocmask(how, &held, NULL);
}

/* The loop runs out once all that is closed here has closed. */
static void server_end(struct server *server)
{
	for (size_t i = 0; i < 3; i++) {
		uv_close((uv_handle_t *)&server->signals[i], NULL);
		signal(signal_numbers[i], SIG_IGN); /* another one while it ends must not kill */
	}
	watchdog_stop(&server->watchdog);
	control_stop(&server->control);
	takeover_give_stop(&server->give);
	reload_stop(&server->reload);
}

/* Another server serves on our sockets. TCP does not wait for what else there is to end. */
static void left(void *owner)
{
	struct server *server = owner;
	server->left = true;
	service_successor(server->give.successor);
	metrics_free(server->metrics); /* the page is the other one's: these counters stand still */
	server->metrics = NULL;
	for (unsigned i = 0; i < server->shared.count; i++)
		worker_leave(&server->shared.workers[i]);
	server_end(server);
}

static void signalled(uv_signal_t *handle, int number)
{
	struct server *server = handle->data;
	if (number == SIGHUP) {
		reload_ask(&server->reload, &(struct reload_wish){.all = true});
		return;
	}
	log_line(LOG_LEVEL_INFO, "Ending: what was asked is still answered signal=%s",
		number == SIGTERM ? "TERM" : "INT");
	service_stopping();
	server_end(server);
}

static bool signals_watch(struct server *server)
{
	for (size_t i = 0; i < 3; i++) {
		server->signals[i].data = server;
		if (uv_signal_init(&server->loop, &server->signals[i]) != 0 ||
			uv_signal_start(&server->signals[i], signalled, signal_numbers[i]) != 0)
			return false;
	}
	early_signals_hold(SIG_UNBLOCK);
	return true;
}

/* What it was asked for is speed: without it everything is served all the same. */
static void affinity_try(struct server *server, const struct config *config)
{
	char why[SERVER_WHY_MAX];
	if (!config->socket_affinity && server->takeover.fd >= 0)
		affinity_close(&server->sockets);
	if (config->socket_affinity &&
		!affinity_open(&server->affinity, &server->sockets, why, sizeof(why)))
		log_line(LOG_LEVEL_WARNING, "%s: packets are shared out by their addresses", why);
}

/* Nobody can ask a server without it, but it serves: only who names a socket insists on it. */
static bool control_open(
	struct server *server, const struct config *config, const uid_t owner[2], char *why)
{
	server->control_fd = -1;
	if (!config->control[0])
		return true;
	if (server->takeover.control >= 0) {
		server->control_fd = server->takeover.control;
		server->takeover.control = -1;
		if (!control_adopt(config, &server->control_file, server->control_fd, owner, why,
			    SERVER_WHY_MAX))
			log_line(LOG_LEVEL_WARNING, "%s", why);
		return true;
	}
	server->control_fd =
		control_bind(config, &server->control_file, owner, why, SERVER_WHY_MAX);
	if (server->control_fd >= 0 || config->control_given)
		return server->control_fd >= 0;
	log_line(LOG_LEVEL_WARNING,
		"%s; mirrornsctl cannot reach this server: name a path with `control`, \"\" is "
		"off",
		why);
	return true;
}

/* Somebody else may sit where metrics usually are; where they were told to be, nobody may. */
static bool metrics_open(struct server *server, const struct config *config, char *why)
{
	char found[SERVER_WHY_MAX];
	int fd = server->takeover.metrics;
	server->takeover.metrics = -1;
	if (!config->metrics.text[0]) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	if (fd >= 0 && listen_given_is(fd, &config->metrics, SOCK_STREAM)) {
		server->metrics = metrics_inherit(fd, &server->ledger, found, sizeof(found));
	} else {
		if (fd >= 0)
			close(fd);
		server->metrics =
			metrics_new(&config->metrics, &server->ledger, found, sizeof(found));
	}
	if (server->metrics || config->metrics_named) {
		snprintf(why, SERVER_WHY_MAX, "%s", server->metrics ? "" : found);
		return server->metrics;
	}
	log_line(LOG_LEVEL_WARNING, "%s; there are no metrics (`metrics` names another place)",
		found);
	return true;
}

/* What systemd has bound, if it has. */
static bool given_take(struct server *server, const struct config *config, char *why)
{
	struct listen_given *given = &server->takeover.given;
	struct service_socket *sockets = service_sockets_take(config, why, SERVER_WHY_MAX);
	if (!sockets)
		return false;
	given->fds = calloc(2 * config->listen_count + 1, sizeof(*given->fds));
	for (size_t i = 0; given->fds && i < config->listen_count; i++) {
		if (sockets[i].udp >= 0)
			given->fds[given->count++] = sockets[i].udp;
		if (sockets[i].tcp >= 0)
			given->fds[given->count++] = sockets[i].tcp;
		sockets[i] = (struct service_socket){-1, -1};
	}
	service_sockets_free(sockets, config);
	return given->fds;
}

/* Sockets, then the user, in this order: ports below 1024 are root's. */
static bool sockets_open(struct server *server, const struct config *config, char *why)
{
	struct account account;
	char folder_why[SERVER_WHY_MAX];
	if (!account_find(config, &account, why, SERVER_WHY_MAX) ||
		(server->takeover.fd < 0 && !given_take(server, config, why)))
		return false;
	if (!listen_open(&server->sockets, config, &server->takeover.given, why, SERVER_WHY_MAX) ||
		!control_open(server, config, account.owner, why) ||
		!metrics_open(server, config, why))
		return false;
	affinity_try(server, config);
	if (!keep_folder(
		    config, account.owner[0], account.owner[1], folder_why, sizeof(folder_why)))
		log_line(LOG_LEVEL_WARNING, "%s; a restart would not find the last good files",
			folder_why);
	return account_become(&account, why, SERVER_WHY_MAX);
}

static bool workers_prepare(struct server *server, char *why)
{
	struct worker_shared *shared = &server->shared;
	shared->workers = calloc(shared->count, sizeof(*shared->workers));
	shared->tcp.peers = calloc(shared->count, sizeof(*shared->tcp.peers));
	snprintf(why, SERVER_WHY_MAX, "no memory for the workers");
	if (!shared->workers || !shared->tcp.peers)
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
	if (good && server->affinity.workers &&
		!affinity_pin(&server->affinity, i, &worker->thread))
		log_line(LOG_LEVEL_WARNING, "Worker %u cannot be bound to its CPU", i);
	return good;
}

static bool workers_start(struct server *server, const struct snapshot *first, char *why)
{
	if (server->takeover.fd >= 0 && !takeover_ready(&server->takeover, why, SERVER_WHY_MAX))
		return false;
	const json_t *counted = json_object_get(server->takeover.state, "counters");
	snprintf(why, SERVER_WHY_MAX, "no memory for what was counted");
	if (counted && !ledger_json_inherit(&server->ledger, counted))
		return false;
	snprintf(why, SERVER_WHY_MAX, "no memory for the workers");
	struct worker_handover **handovers = worker_handovers_new(first, server->shared.count);
	if (!handovers || !ledger_open(&server->ledger, first, handovers)) {
		worker_handovers_free(handovers, server->shared.count);
		return false;
	}
	snprintf(why, SERVER_WHY_MAX, "the workers' threads cannot be started");
	bool good = true;
	for (unsigned i = 0; good && i < server->shared.count; i++)
		good = worker_begin(server, i, first, handovers[i]);
	free(handovers);
	if (!good || (server->metrics && !metrics_start(server->metrics, why, SERVER_WHY_MAX)))
		return false;
	if (server->takeover.fd < 0 || takeover_serving(&server->takeover))
		return true;
	snprintf(why, SERVER_WHY_MAX,
		"the takeover failed: the running server has gone on by itself");
	return false;
}

/* Runs until a signal ends it; everything is freed, so that a leak is seen. */
static int serve_until_told(struct server *server)
{
	uv_run(&server->loop, UV_RUN_DEFAULT);
	reload_keep(&server->reload);
	metrics_free(server->metrics);
	for (unsigned i = 0; !server->left && i < server->shared.count; i++)
		worker_stop(&server->shared.workers[i]);
	for (unsigned i = 0; i < server->shared.count; i++)
		worker_join(&server->shared.workers[i]);
	uint64_t dropped = 0;
	for (unsigned i = 0; i < server->shared.count; i++) {
		dropped +=
			counter_get(&server->shared.workers[i].serving.counters->drops[DROP_SEND]);
		worker_free(&server->shared.workers[i]);
	}
	if (dropped)
		log_line(LOG_LEVEL_NOTICE,
			"UDP replies were lost: the system would not send them replies=%llu",
			(unsigned long long)dropped);
	ledger_free(&server->ledger);
	free(server->shared.workers);
	free(server->shared.tcp.peers);
	listen_close(&server->sockets);
	if (!server->left)
		control_file_remove(&server->control_file);
	reload_free(&server->reload);
	uv_loop_close(&server->loop);
	return SERVER_GOOD;
}

/* Drains that were changed, and a reload that was asked for, while this one loaded. */
static void state_take(struct server *server)
{
	char why[SERVER_WHY_MAX];
	const struct inputs *loaded = server->reload.current->inputs;
	if (json_integer_value(json_object_get(server->takeover.state, "reloaded")) >= loaded->now)
		reload_ask(&server->reload, &(struct reload_wish){.all = true});
	const json_t *drains = json_object_get(server->takeover.state, "drains");
	json_t *own = drains_json(shared_get(server->reload.drains));
	struct shared *taken = drains && own && !json_equal(drains, own)
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
	server->verbs = (struct verb_place){
		.reload = &server->reload, .started = time(NULL), .takeover = &server->give};
	server->give.reload = &server->reload;
	server->give.control = &server->control;
	server->give.metrics = server->metrics ? metrics_socket(server->metrics) : -1;
	server->give.left = left;
	server->give.server = server;
	int fd = server->control_fd;
	server->control_fd = -1;
	return fd < 0 ||
	       control_start(&server->control, &server->loop, fd, verb_rows, &server->verbs);
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
	snprintf(why, SERVER_WHY_MAX, "the event loop cannot be set up");
	return uv_loop_init(&server->loop) == 0 && signals_watch(server) &&
	       reload_init(&server->reload, &server->loop, &server->shared, &server->ledger) &&
	       takeover_give_init(&server->give, &server->loop, &server->shared) &&
	       sockets_open(server, config, why) && workers_prepare(server, why) &&
	       verbs_start(server) &&
	       watchdog_start(&server->watchdog, &server->loop, &server->shared) &&
	       workers_start(server, first, why) && reload_start(&server->reload, path, first);
}

/* One sentence; the process ends, so that nothing needs to be freed but what outlives it. */
static int start_fail(struct server *server, const char *why, int status)
{
	log_line(LOG_LEVEL_ERROR, "%s", why);
	if (server->takeover.fd < 0)
		control_file_remove(&server->control_file);
	return status;
}

int server_run(const char *path, bool takeover)
{
	static struct server server = {
		.control_fd = -1, .takeover = {.fd = -1, .control = -1, .metrics = -1}};
	unsigned refused;
	char why[SERVER_WHY_MAX];
	signals_ignore();
	struct snapshot *first = server_load(path, &refused, why);
	if (!first)
		return start_fail(&server, why, takeover ? SERVER_FAILED : SERVER_WRONG);
	const struct config *config = inputs_config(first->inputs);
	server.shared.count = config->workers ? config->workers : uv_available_parallelism();
	server.sockets.workers = server.shared.count;
	ledger_init(&server.ledger, &server.shared);
	descriptors_raise(config, server.shared.count);
	if ((takeover && !takeover_ask(&server.takeover, config->control, why, sizeof(why))) ||
		!server_start(&server, path, first, why)) {
		if (!server.shared.workers) /* else a worker may be serving from it */
			snapshot_free(first);
		return start_fail(&server, why, SERVER_FAILED);
	}
	server_say_zones(first);
	if (takeover)
		state_take(&server);
	takeover_free(&server.takeover);
	log_line(LOG_LEVEL_INFO,
		"mirrorns " MIRRORNS_VERSION " is ready addresses=%zu workers=%u%s",
		server.sockets.addresses, server.shared.count, takeover ? " taken_over=yes" : "");
	service_ready();
	return serve_until_told(&server);
}
