#include "dns/net/listen.h"

#include "dns/base/log.h"
#include "dns/base/why.h"
#include "dns/net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One address under way: its columns begin at `column`. */
struct opening {
	struct listen_sockets *sockets;
	struct listen_given *given;
	const struct config_listen *at;
	size_t column;
	int type; /* of its sockets */
	int granted; /* octets of a receive buffer */
};

static int *socket_place(struct listen_socket *socket, int type)
{
	return type == SOCK_DGRAM ? &socket->udp : &socket->tcp;
}

/* One that is new; `joins`: what it will receive goes to given sockets now. A stream socket that is
 * bound receives nothing before it listens. */
static int socket_add(struct opening *opening, int type, bool joins)
{
	struct listen_sockets *sockets = opening->sockets;
	bool unbound = joins && type == SOCK_DGRAM;
	int fd = (unbound ? listen_socket_new : listen_socket_bind)(opening->at, type, true);
	if (fd >= 0 && (joins || type == SOCK_STREAM))
		sockets->joins[sockets->join_count++] = (struct listen_join){fd, type, opening->at};
	return fd;
}

/* May an address be bound that is not given? `model`: its wildcard, if that is. */
static bool address_is_open(const struct opening *opening, int type, int model, bool joins)
{
	errno = EADDRINUSE;
	if (model >= 0)
		return joins;
	return listen_given_inside(opening->given, opening->at, type) >= 0 ||
	       listen_socket_is_free(opening->at, type);
}

/* Given sockets go round the workers, each column once; who then has none gets a new one. False:
 * errno. */
static bool sockets_place(struct opening *opening, int type)
{
	struct listen_sockets *sockets = opening->sockets;
	struct listen_given *given = opening->given;
	const struct config_listen *at = opening->at;
	size_t count = listen_given_count(given, at, type);
	int model =
		count ? listen_given_first(given, at, type) : listen_given_cover(given, at, type);
	bool joins = model >= 0 && listen_socket_is_joinable(model);
	if (!count && !address_is_open(opening, type, model, joins))
		return false;
	for (size_t i = 0; i < count || i < sockets->workers; i++) {
		size_t column = opening->column + i / sockets->workers;
		struct listen_socket *row =
			&sockets->list[i % sockets->workers * sockets->count + column];
		int *fd = socket_place(row, type);
		row->any_address = listen_socket_is_any(at);
		if (i < count)
			*fd = listen_given_take(given, at, type);
		else if (count && !joins)
			*fd = fcntl(model, F_DUPFD_CLOEXEC, 0);
		else
			*fd = socket_add(opening, type, joins);
		row->again |= type == SOCK_DGRAM && i >= count && count && !joins;
		if (*fd < 0 || !listen_socket_tune(*fd, at, type, &opening->granted))
			return false;
	}
	return true;
}

/* A given address that is listened on for its wildcard's sake has what it had. */
static bool address_open(struct opening *opening, bool configured)
{
	static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if ((configured || listen_given_count(opening->given, opening->at, types[i])) &&
			!sockets_place(opening, opening->type = types[i]))
			return false;
	return true;
}

static size_t most_of(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t columns_for(size_t sockets, unsigned workers)
{
	return (sockets + workers - 1) / workers;
}

/* How many sockets of one address a worker may have. */
static size_t address_columns(
	const struct listen_given *given, const struct config_listen *at, unsigned workers)
{
	size_t most = most_of(listen_given_count(given, at, SOCK_DGRAM),
		listen_given_count(given, at, SOCK_STREAM));
	return most > workers ? columns_for(most, workers) : 1;
}

/* Sockets of addresses that are listened on no more. */
static void rest_place(struct opening *opening, int type)
{
	struct listen_sockets *sockets = opening->sockets;
	struct config_listen at;
	for (size_t i = 0; sockets->count > opening->column; i++) {
		int fd = listen_given_rest(opening->given, type, &at);
		if (fd < 0)
			return;
		struct listen_socket *row = &sockets->list[i % sockets->workers * sockets->count +
							   opening->column + i / sockets->workers];
		*socket_place(row, type) = fd;
		row->any_address |= type == SOCK_DGRAM && listen_socket_is_any(&at);
		row->leaving = true;
	}
}

static const struct config_listen *cover_find(
	const struct config *config, const struct config_listen *at)
{
	for (size_t i = 0; i < config->listen_count; i++)
		if (listen_socket_covers(&config->listens[i], at))
			return &config->listens[i];
	return NULL;
}

static bool is_given(const struct listen_given *given, const struct config_listen *at)
{
	return listen_given_count(given, at, SOCK_DGRAM) ||
	       listen_given_count(given, at, SOCK_STREAM);
}

/* Two of them that overlap would part packets between them in a way that only the process that has
 * bound both can want. */
static bool addresses_check(
	const struct config *config, const struct listen_given *given, char *why, size_t size)
{
	for (size_t i = 0; i < config->listen_count; i++) {
		const struct config_listen *at = &config->listens[i];
		const struct config_listen *wide = cover_find(config, at);
		if (!wide || (is_given(given, at) && is_given(given, wide)))
			continue;
		return why_write(why, size,
			"cannot bind %s: it is covered by %s, which is also in `listen`", at->text,
			wide->text);
	}
	return true;
}

static bool is_listed(const struct listen_sockets *sockets, const struct config_listen *at)
{
	for (size_t i = 0; i < sockets->at_count; i++)
		if (sockets->at[i].size == at->size &&
			memcmp(&sockets->at[i].address, &at->address, at->size) == 0)
			return true;
	return false;
}

static bool addresses_list(struct listen_sockets *sockets, const struct config *config,
	const struct listen_given *given)
{
	sockets->at = calloc(config->listen_count + given->count, sizeof(*sockets->at));
	sockets->at_count = 0;
	for (size_t i = 0; sockets->at && i < config->listen_count; i++)
		sockets->at[sockets->at_count++] = config->listens[i];
	for (size_t i = 0; sockets->at && i < given->count; i++) {
		struct config_listen at;
		const struct config_listen *wide = NULL;
		if (listen_given_address(given->fds[i], &at))
			wide = cover_find(config, &at);
		if (!wide || is_listed(sockets, &at))
			continue;
		at.text = wide->text;
		sockets->at[sockets->at_count++] = at;
	}
	return sockets->at;
}

/* All places of a table that has room for every given socket, empty. */
static bool table_make(struct listen_sockets *sockets, const struct listen_given *given)
{
	size_t udp = listen_given_of(given, SOCK_DGRAM), tcp = listen_given_of(given, SOCK_STREAM);
	sockets->count = 0;
	for (size_t i = 0; i < sockets->at_count; i++) {
		const struct config_listen *at = &sockets->at[i];
		sockets->count += address_columns(given, at, sockets->workers);
		udp -= listen_given_count(given, at, SOCK_DGRAM);
		tcp -= listen_given_count(given, at, SOCK_STREAM);
	}
	sockets->count += columns_for(most_of(udp, tcp), sockets->workers);
	sockets->list = calloc(sockets->count * sockets->workers, sizeof(*sockets->list));
	for (size_t i = 0; sockets->list && i < sockets->count * sockets->workers; i++)
		sockets->list[i].udp = sockets->list[i].tcp = -1;
	sockets->joins = calloc(2 * sockets->at_count * sockets->workers, sizeof(*sockets->joins));
	sockets->join_count = 0;
	return sockets->list && sockets->joins;
}

static bool addresses_open(
	struct opening *opening, const struct config *config, char *why, size_t size)
{
	struct listen_sockets *sockets = opening->sockets;
	for (size_t i = 0; i < sockets->at_count; i++) {
		bool configured = i < config->listen_count;
		opening->at = &sockets->at[i];
		size_t columns = address_columns(opening->given, opening->at, sockets->workers);
		if (address_open(opening, configured)) {
			sockets->addresses += configured;
		} else if (errno == EAFNOSUPPORT) {
			log_line(LOG_LEVEL_WARNING,
				"Not listening on %s: address family not supported",
				opening->at->text);
		} else {
			listen_socket_why(opening->at, opening->type, why, size);
			return false;
		}
		opening->column += columns;
	}
	snprintf(why, size,
		"no address in `listen` has an address family that this machine supports");
	return sockets->addresses;
}

bool listen_open(struct listen_sockets *sockets, const struct config *config,
	struct listen_given *given, char *why, size_t size)
{
	struct opening opening = {.sockets = sockets, .given = given, .granted = LISTEN_BUFFER};
	listen_given_sift(given);
	sockets->addresses = 0;
	snprintf(why, size, "out of memory for the sockets");
	if (!addresses_list(sockets, config, given) || !table_make(sockets, given) ||
		!addresses_check(config, given, why, size) ||
		!addresses_open(&opening, config, why, size)) {
		listen_close(sockets);
		listen_given_close(given);
		return false;
	}
	rest_place(&opening, SOCK_DGRAM);
	rest_place(&opening, SOCK_STREAM);
	listen_given_close(given);
	if (opening.granted < LISTEN_BUFFER)
		log_line(LOG_LEVEL_WARNING,
			"Receive buffers are smaller than requested, bursts may be lost: "
			"raise net.core.rmem_max granted=%d requested=%d",
			opening.granted, LISTEN_BUFFER);
	return true;
}

bool listen_join(struct listen_sockets *sockets, char *why, size_t size)
{
	bool good = true;
	for (size_t i = 0; i < sockets->join_count; i++) {
		const struct listen_join *join = &sockets->joins[i];
		const struct sockaddr *address = (const struct sockaddr *)&join->at->address;
		if (join->type == SOCK_DGRAM ? bind(join->fd, address, join->at->size) == 0
					     : listen(join->fd, LISTEN_BACKLOG) == 0)
			continue;
		if (good)
			listen_socket_why(join->at, join->type, why, size);
		good = false;
	}
	sockets->join_count = 0;
	return good;
}

void listen_close(struct listen_sockets *sockets)
{
	for (size_t i = 0; sockets->list && i < sockets->count * sockets->workers; i++) {
		if (sockets->list[i].udp >= 0)
			close(sockets->list[i].udp);
		if (sockets->list[i].tcp >= 0)
			close(sockets->list[i].tcp);
	}
	free(sockets->list);
	free(sockets->joins);
	free(sockets->at);
	sockets->list = NULL;
	sockets->joins = NULL;
	sockets->at = NULL;
	sockets->count = sockets->at_count = sockets->join_count = 0;
}
