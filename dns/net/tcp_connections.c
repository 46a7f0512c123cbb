#include "dns/net/tcp_connections.h"

#include <sys/socket.h>

enum {
	SWEEP_MAX_MS = 1000,
	SWEEP_MAX = 64, /* connections that one sweep closes: each is a system call or two */
};

static const struct config *config_of(const struct tcp_connections *connections)
{
	return inputs_config(connections->place.serving->snapshot->inputs);
}

bool tcp_connections_turn(struct tcp_connections *connections)
{
	struct tcp_connection *last = TAILQ_LAST(&connections->waiting, tcp_list);
	struct tcp_connection *connection = NULL;
	connections->budget = TCP_TURN_BUDGET;
	while (connection != last && connections->budget > TCP_TURN_BUDGET / 2) {
		connection = TAILQ_FIRST(&connections->waiting);
		if (!tcp_connection_asks(connection) &&
			!connections->stopping) /* libuv reads it in this turn, for about so much */
			connections->budget -= TCP_READ_COST;
		tcp_connection_visit(connection);
	}
	return !TAILQ_EMPTY(&connections->waiting);
}

static unsigned limit_of(const struct tcp_connections *connections)
{
	unsigned configured = config_of(connections)->tcp_connections;
	unsigned room = connections->place.shared->room;
	return configured < room ? configured : room;
}

static unsigned count_of(const struct tcp_connections *connections)
{
	return atomic_load_explicit(&connections->place.shared->connections, memory_order_relaxed);
}

/* Counted before it is there, so that all workers together never have more than the limit. Half of
 * an equal share is left to each other worker: a client that fills one worker's places keeps out
 * none that the kernel sends to another. */
static bool place_take(struct tcp_connections *connections)
{
	unsigned count = count_of(connections), limit = limit_of(connections);
	unsigned workers = connections->place.shared->workers;
	if (connections->count >= limit - (workers - 1) * (limit / (2 * workers)))
		return false;
	while (count < limit)
		if (atomic_compare_exchange_weak_explicit(&connections->place.shared->connections,
			    &count, count + 1, memory_order_relaxed, memory_order_relaxed))
			return true;
	return false;
}

enum accept_room tcp_connections_room(struct tcp_connections *connections, bool make)
{
	if (place_take(connections)) {
		connections->slot = true;
		return ACCEPT_FREE;
	}
	struct tcp_connection *idlest = TAILQ_FIRST(&connections->all);
	if (!idlest || !make)
		return ACCEPT_NONE;
	tcp_connection_end(idlest, CLOSE_LIMIT);
	connections->slot = true;
	return ACCEPT_MADE;
}

void tcp_connections_unroom(struct tcp_connections *connections)
{
	if (connections->slot)
		tcp_place_release(connections);
	connections->slot = false;
}

bool tcp_connections_yield(struct tcp_connections *connections)
{
	struct tcp_connection *idlest = TAILQ_FIRST(&connections->all);
	if (idlest)
		tcp_connection_close(idlest, CLOSE_LIMIT);
	return idlest;
}

uint64_t tcp_connections_sweep(struct tcp_connections *connections)
{
	uint64_t now = uv_now(connections->place.loop);
	uint64_t idle = 1000ULL * config_of(connections)->tcp_idle;
	struct tcp_connection *idlest;
	for (unsigned i = 0; (idlest = TAILQ_FIRST(&connections->all)); i++) {
		uint64_t end = idlest->active_ms + idle;
		bool over = count_of(connections) > limit_of(connections); /* by a reload */
		if (!over && now < end)
			return end - now < SWEEP_MAX_MS ? end - now + 1 : SWEEP_MAX_MS;
		if (i == SWEEP_MAX)
			return 1;
		tcp_connection_close(idlest, now < end ? CLOSE_LIMIT : CLOSE_IDLE);
	}
	return SWEEP_MAX_MS;
}

bool tcp_connections_any(const struct tcp_connections *connections)
{
	return !TAILQ_EMPTY(&connections->all);
}

void tcp_connections_end(struct tcp_connections *connections)
{
	struct tcp_connection *connection;
	uv_os_fd_t fd;
	TAILQ_FOREACH(connection, &connections->all, by_activity)
	{
		if (connection->unsent || tcp_connection_asks(connection) ||
			uv_fileno((uv_handle_t *)&connection->handle, &fd) != 0)
			continue;
		connection->ended = true;
		shutdown(fd, SHUT_WR);
	}
}

void tcp_connections_stop(struct tcp_connections *connections)
{
	struct tcp_connection *connection, *next;
	connections->stopping = true;
	for (connection = TAILQ_FIRST(&connections->all); connection; connection = next) {
		next = TAILQ_NEXT(connection, by_activity);
		if (!connection->unsent)
			tcp_connection_wait(connection);
	}
}

void tcp_connections_close(struct tcp_connections *connections)
{
	while (tcp_connections_any(connections))
		tcp_connection_close(TAILQ_FIRST(&connections->all), CLOSE_STOP);
}

void tcp_connections_init(struct tcp_connections *connections, const struct tcp_place *place)
{
	connections->place = *place;
	TAILQ_INIT(&connections->all);
	TAILQ_INIT(&connections->waiting);
}
