#include "dns/server/open.h"

#include "dns/base/log.h"
#include "dns/net/listen_page.h"
#include "dns/net/systemd_sockets.h"
#include "dns/server/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Without it no client can control the server, but it serves: an error only if it is named. */
static bool control_open(struct server *server, const struct config *config, char *why)
{
	const uid_t *owner = server->account.owner;
	server->control_fd = -1;
	if (!config->control[0])
		return true;
	if (server->takeover.control >= 0 && !server->takeover.former.path[0]) {
		server->control_fd = server->takeover.control;
		server->takeover.control = -1;
		server->control_inherited = true;
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
		"%s; mirrornsctl cannot reach this server: change `control` (\"\" = off)", why);
	return true;
}

/* Another program may have the usual address of metrics, but not one that is configured. */
static bool metrics_open(struct server *server, const struct config *config, char *why)
{
	char found[SERVER_WHY_MAX] = "metrics: ";
	size_t said = strlen(found);
	int fd = server->takeover.metrics;
	server->takeover.metrics = -1;
	if (!config->metrics.text[0]) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	if (fd >= 0 && listen_given_is(fd, &config->metrics, SOCK_STREAM)) {
		server->metrics = metrics_inherit(fd, &server->totals, found, sizeof(found));
	} else {
		int own = listen_page_beside(
			&config->metrics, fd, found + said, sizeof(found) - said);
		if (fd >= 0)
			close(fd);
		if (own >= 0)
			server->metrics =
				metrics_inherit(own, &server->totals, found, sizeof(found));
	}
	if (server->metrics || config->metrics_named) {
		snprintf(why, SERVER_WHY_MAX, "%s", server->metrics ? "" : found);
		return server->metrics;
	}
	log_line(LOG_LEVEL_WARNING, "%s; metrics are off: set another address with `metrics`",
		found);
	return true;
}

/* What systemd has bound, if it has. */
static bool given_take(struct server *server, const struct config *config, char *why)
{
	struct listen_given *given = &server->takeover.given;
	struct systemd_socket *sockets = systemd_sockets_take(config, why, SERVER_WHY_MAX);
	if (!sockets)
		return false;
	given->fds = calloc(2 * config->listen_count + 1, sizeof(*given->fds));
	for (size_t i = 0; given->fds && i < config->listen_count; i++) {
		if (sockets[i].udp >= 0)
			given->fds[given->count++] = sockets[i].udp;
		if (sockets[i].tcp >= 0)
			given->fds[given->count++] = sockets[i].tcp;
		sockets[i] = (struct systemd_socket){-1, -1};
	}
	systemd_sockets_free(sockets, config);
	return given->fds;
}

bool server_open(struct server *server, const struct config *config, char *why)
{
	const uid_t *owner = server->account.owner;
	char folder_why[SERVER_WHY_MAX];
	if ((!server->takes_over && !given_take(server, config, why)) ||
		!listen_open(
			&server->sockets, config, &server->takeover.given, why, SERVER_WHY_MAX) ||
		!control_open(server, config, why) || !metrics_open(server, config, why))
		return false;
	if (!state_dir_make(config, owner[0], owner[1], folder_why, sizeof(folder_why)))
		log_line(LOG_LEVEL_WARNING, "%s; last good copies are not saved for a restart",
			folder_why);
	return true;
}

/* What it was asked for is speed: without it everything is served all the same. */
static void affinity_try(struct server *server, bool wanted)
{
	char why[SERVER_WHY_MAX];
	const struct udp *udp = server->shared.workers[0].udp;
	struct affinity *affinity = &server->affinity;
	bool good = wanted && affinity_open(affinity, server->shared.count, why, sizeof(why));
	for (size_t i = 0; i < udp_count(udp); i++) {
		int fd = udp_descriptor(udp, i);
		if (fd >= 0 && good)
			good = affinity_steer(affinity, fd, why, sizeof(why));
		else if (fd >= 0 && !wanted && server->takes_over)
			affinity_release(fd);
	}
	for (unsigned i = 0; good && i < server->shared.count; i++)
		if (!affinity_pin(affinity, i, &server->shared.workers[i].thread))
			log_line(LOG_LEVEL_WARNING, "Cannot pin worker %u to its CPU", i);
	if (wanted && !good)
		log_line(LOG_LEVEL_WARNING,
			"%s; socket-affinity is off, the kernel distributes packets by address hash",
			why);
}

/* Ports below 1024 are root's, so the user comes last. */
bool server_join(struct server *server, const struct config *config, char *why)
{
	bool good = listen_join(&server->sockets, why, SERVER_WHY_MAX);
	if (!good && !server->takes_over)
		return false;
	if (!good)
		log_line(LOG_LEVEL_ERROR, "%s; the sockets of the previous server stay open", why);
	server->shared.keep_unlisted = !good;
	affinity_try(server, config->socket_affinity);
	return user_become(&server->account, why, SERVER_WHY_MAX);
}
