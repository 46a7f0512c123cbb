#include "dns/advise.h"
#include "dns/affinity.h"
#include "dns/link.h"
#include "dns/log.h"
#include "dns/metrics.h"
#include "dns/reload.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	EXIT_GOOD = 0,
	EXIT_FAILED = 1,
	EXIT_WRONG = 2,
	WHY_SIZE = 2048,
	DESCRIPTORS_SPARE = 256,
	DESCRIPTORS_WORKER = 8
};

/* The package makes this account; a server tried out without it should not fail for that. */
#define USER_DEFAULT "mirrorns"

struct server {
	uv_loop_t loop;
	uv_signal_t signals[3];
	struct worker_shared shared;
	struct reload reload;
	struct ledger ledger;
	struct listen_sockets sockets;
	struct affinity affinity;
	struct metrics *metrics; /* NULL: off */
};

static int usage(const char *found)
{
	fprintf(stderr, "mirrorns: %s; usage: mirrorns [-t] -c FILE | -V (see mirrorns(8))\n",
		found);
	return EXIT_WRONG;
}

/* The account to become; *found false: stay who we are. */
static bool user_find(const struct config *config, struct passwd *account, bool *found, char *why)
{
	*found = false;
	if (!config->user[0] || geteuid() != 0)
		return true;
	errno = 0;
	const struct passwd *entry = getpwnam(config->user);
	if (!entry && strcmp(config->user, USER_DEFAULT) == 0) {
		log_line(LOG_LEVEL_WARNING,
			"The user \"%s\" does not exist, mirrorns stays root: add it, or name "
			"another one with `user` (\"\" = stay)",
			config->user);
		return true;
	}
	if (!entry) {
		snprintf(why, WHY_SIZE,
			"the user \"%s\" that mirrorns is to become does not exist: add it, or "
			"name "
			"another one with `user` (\"\" = stay)",
			config->user);
		return false;
	}
	*account = *entry;
	*found = true;
	return true;
}

static bool user_become(const struct passwd *account, char *why)
{
	if (initgroups(account->pw_name, account->pw_gid) == 0 && setgid(account->pw_gid) == 0 &&
		setuid(account->pw_uid) == 0)
		return true;
	snprintf(why, WHY_SIZE, "cannot become the user \"%s\": %s", account->pw_name,
		strerror(errno));
	return false;
}

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

static void unbuilt_say(const struct config *config)
{
	for (size_t i = 0; i < config->unbuilt_count; i++)
		log_line(LOG_LEVEL_NOTICE,
			"The option %s is set, but this version of mirrorns does not have that "
			"part",
			config->unbuilt[i]);
}

static void zones_say(const struct snapshot *snapshot)
{
	const struct config *config = inputs_config(snapshot->inputs);
	for (size_t z = 0; z < config->zone_count && z < 5; z++) {
		const struct mirrors *mirrors = shared_get(snapshot->inputs->zones[z].mirrors);
		const struct zone_file *file = shared_get(snapshot->inputs->zones[z].file);
		log_line(LOG_LEVEL_INFO,
			"Zone %s is served serial=%u names=%zu pools=%zu mirrors=%zu "
			"addresses_in_service=%zu",
			config->zones[z].name, file->serial, zone_names(snapshot->zones[z].zone),
			config->zones[z].pool_count, mirrors ? mirrors->count : 0,
			mirrors ? mirrors->in_service : 0);
	}
}

static struct snapshot *first_load(const char *path, unsigned *refused, char *why)
{
	struct inputs_request request = {.config_path = path};
	struct inputs *inputs = inputs_load(&request, refused, why, WHY_SIZE);
	return inputs ? link_snapshot(inputs, NULL, why, WHY_SIZE) : NULL;
}

/* mirrorns -t */
static int check(const char *path)
{
	unsigned refused;
	char why[WHY_SIZE];
	struct passwd account;
	bool become;
	struct snapshot *snapshot = first_load(path, &refused, why);
	if (!snapshot) {
		log_line(LOG_LEVEL_ERROR, "%s", why);
		return EXIT_WRONG;
	}
	const struct config *config = inputs_config(snapshot->inputs);
	unbuilt_say(config);
	inputs_say(snapshot->inputs);
	zones_say(snapshot);
	advise_pools(snapshot);
	bool good = user_find(config, &account, &become, why);
	if (!good)
		log_line(LOG_LEVEL_ERROR, "%s", why);
	else
		log_line(LOG_LEVEL_INFO, "%s is good%s", path,
			refused ? ", but for the files refused above: a start would do without them"
				: "");
	snapshot_free(snapshot);
	return good ? EXIT_GOOD : EXIT_WRONG;
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

static void signalled(uv_signal_t *handle, int number)
{
	struct server *server = handle->data;
	if (number == SIGHUP) {
		reload_all(&server->reload);
		return;
	}
	log_line(LOG_LEVEL_INFO, "Ending: what was asked is still answered signal=%s",
		number == SIGTERM ? "TERM" : "INT");
	for (size_t i = 0; i < 3; i++) {
		uv_close((uv_handle_t *)&server->signals[i], NULL);
		signal(signal_numbers[i], SIG_IGN); /* another one while it ends must not kill */
	}
	reload_stop(&server->reload);
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
	char why[WHY_SIZE];
	if (config->socket_affinity &&
		!affinity_open(&server->affinity, &server->sockets, why, sizeof(why)))
		log_line(LOG_LEVEL_WARNING, "%s: packets are shared out by their addresses", why);
}

/* Somebody else may sit where metrics usually are; where they were told to be, nobody may. */
static bool metrics_open(struct server *server, const struct config *config, char *why)
{
	char found[WHY_SIZE];
	if (!config->metrics.text[0])
		return true;
	server->metrics = metrics_new(&config->metrics, &server->ledger, found, sizeof(found));
	if (server->metrics || config->metrics_named) {
		snprintf(why, WHY_SIZE, "%s", server->metrics ? "" : found);
		return server->metrics;
	}
	log_line(LOG_LEVEL_WARNING, "%s; there are no metrics (`metrics` names another place)",
		found);
	return true;
}

/* Sockets, then the user, in this order: ports below 1024 are root's. */
static bool sockets_open(struct server *server, const struct config *config, char *why)
{
	struct passwd account;
	bool become;
	char folder_why[WHY_SIZE];
	if (!user_find(config, &account, &become, why))
		return false;
	if (!listen_open(&server->sockets, config, server->shared.count, why, WHY_SIZE))
		return false;
	affinity_try(server, config);
	if (!keep_folder(config, become ? account.pw_uid : (unsigned)-1,
		    become ? account.pw_gid : (unsigned)-1, folder_why, sizeof(folder_why)))
		log_line(LOG_LEVEL_WARNING, "%s; a restart would not find the last good files",
			folder_why);
	return metrics_open(server, config, why) && (!become || user_become(&account, why));
}

static bool workers_start(struct server *server, const struct snapshot *first, char *why)
{
	struct worker_shared *shared = &server->shared;
	shared->workers = calloc(shared->count, sizeof(*shared->workers));
	shared->tcp.peers = calloc(shared->count, sizeof(*shared->tcp.peers));
	snprintf(why, WHY_SIZE, "no memory for the workers");
	if (!shared->workers || !shared->tcp.peers)
		return false;
	for (unsigned i = 0; i < shared->count; i++)
		if (!worker_init(&shared->workers[i], shared, &server->sockets, why, WHY_SIZE))
			return false;
	struct worker_handover **handovers = worker_handovers_new(first, shared->count);
	if (!handovers || !ledger_open(&server->ledger, first, handovers)) {
		worker_handovers_free(handovers, shared->count);
		return false;
	}
	snprintf(why, WHY_SIZE, "the workers' threads cannot be started");
	bool good = true;
	for (unsigned i = 0; good && i < shared->count; i++) {
		good = worker_start(&shared->workers[i], handovers[i]);
		if (good && server->affinity.workers &&
			!affinity_pin(&server->affinity, i, &shared->workers[i].thread))
			log_line(LOG_LEVEL_WARNING, "Worker %u cannot be bound to its CPU", i);
	}
	free(handovers);
	return good && (!server->metrics || metrics_start(server->metrics, why, WHY_SIZE));
}

/* Runs until a signal ends it; everything is freed, so that a leak is seen. */
static int serve_until_told(struct server *server)
{
	uv_run(&server->loop, UV_RUN_DEFAULT);
	metrics_free(server->metrics);
	for (unsigned i = 0; i < server->shared.count; i++)
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
	reload_free(&server->reload);
	uv_loop_close(&server->loop);
	return EXIT_GOOD;
}

static int serve_from(const char *path)
{
	static struct server server;
	unsigned refused;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	early_signals_hold(SIG_BLOCK);
	char why[WHY_SIZE];
	struct snapshot *first = first_load(path, &refused, why);
	if (!first) {
		log_line(LOG_LEVEL_ERROR, "%s", why);
		return EXIT_WRONG;
	}
	const struct config *config = inputs_config(first->inputs);
	server.shared.count = config->workers ? config->workers : uv_available_parallelism();
	ledger_init(&server.ledger, &server.shared);
	descriptors_raise(config, server.shared.count);
	unbuilt_say(config);
	snprintf(why, sizeof(why), "the event loop cannot be set up");
	if (uv_loop_init(&server.loop) != 0 || !signals_watch(&server) ||
		!reload_init(&server.reload, &server.loop, &server.shared, &server.ledger) ||
		!sockets_open(&server, config, why) || !workers_start(&server, first, why) ||
		!reload_start(&server.reload, path, first)) {
		log_line(LOG_LEVEL_ERROR, "%s", why);
		if (!server.shared.workers) /* else a worker may be serving from it */
			snapshot_free(first);
		return EXIT_FAILED;
	}
	zones_say(first);
	log_line(LOG_LEVEL_INFO, "mirrorns " MIRRORNS_VERSION " is ready addresses=%zu workers=%u",
		server.sockets.count, server.shared.count);
	return serve_until_told(&server);
}

int main(int argc, char **argv)
{
	const char *path = NULL;
	bool test = false;
	int option;
	opterr = 0;
	while ((option = getopt(argc, argv, "+:c:tV")) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 't':
			test = true;
			break;
		case 'V':
			puts("mirrorns " MIRRORNS_VERSION);
			return EXIT_GOOD;
		case ':':
			return usage("-c needs a file");
		default:
			return usage("an unknown option was given");
		}
	}
	if (optind < argc)
		return usage("an argument too many was given");
	if (!path)
		return usage("the configuration file is missing");
	return test ? check(path) : serve_from(path);
}
