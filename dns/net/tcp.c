#include "dns/net/tcp.h"

#include "dns/base/log.h"
#include "dns/base/why.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	LEAVING_MS =
		3000, /* a client sends its first octets again after one second, then after two */
	SWEEP_MS = 1000,
	STOP_WAIT_MS = 1500,
	LEAVE_MS = 8000,
	LINGER_MS = 500
};

struct tcp_listener {
	struct acceptor acceptor;
	struct tcp *tcp;
	_Atomic int fd; /* -1: closed; who hands sockets over may look meanwhile */
	bool leaving;
};

struct tcp {
	struct tcp_connections connections;
	struct tcp_listener *listeners;
	size_t listener_count;
	/* When those that are leaving close, by the loop's clock; 0: they stay. */
	uint64_t leave_ms;
	uv_timer_t sweep;
};

void tcp_room_say(const struct tcp_shared *shared, const struct config *config)
{
	if (config->tcp_connections > shared->room)
		log_line(LOG_LEVEL_WARNING,
			"tcp-connections is reduced to fit the limit on open files (LimitNOFILE=, "
			"`ulimit -n`) connections=%u configured=%u",
			shared->room, config->tcp_connections);
}

static uv_loop_t *loop_of(const struct tcp *tcp)
{
	return tcp->connections.place.loop;
}

static struct tcp *tcp_of(const struct acceptor *acceptor)
{
	return ((struct tcp_listener *)acceptor->data)->tcp;
}

static enum accept_room room(struct acceptor *acceptor, bool make)
{
	return tcp_connections_room(&tcp_of(acceptor)->connections, make);
}

static void take(struct acceptor *acceptor, int fd, const struct sockaddr_storage *peer)
{
	tcp_connection_add(&tcp_of(acceptor)->connections, fd, peer);
}

static void none(struct acceptor *acceptor, enum accept_none why)
{
	static const enum counter_refusal refusals[] = {[ACCEPT_LIMITED] = REFUSAL_LIMIT,
		[ACCEPT_SCARCE] = REFUSAL_DESCRIPTORS,
		[ACCEPT_RESTS] = REFUSAL_PAUSE};
	struct tcp_connections *connections = &tcp_of(acceptor)->connections;
	if (why != ACCEPT_EMPTY)
		counter_add(&connections->place.serving->counters->tcp_refused[refusals[why]], 1);
	tcp_connections_unroom(connections);
}

static bool yield(struct acceptor *acceptor)
{
	return tcp_connections_yield(&tcp_of(acceptor)->connections);
}

static const struct acceptor_owner owner = {room, take, none, yield};

static bool listener_open(struct tcp *tcp, struct listen_socket *socket, char *why, size_t size)
{
	struct tcp_listener *listener = &tcp->listeners[tcp->listener_count];
	int error = acceptor_init(&listener->acceptor, loop_of(tcp), socket->tcp, ACCEPT_RESERVE);
	if (error != 0)
		return why_write(why, size, "cannot listen on TCP: %s", uv_strerror(error));
	listener->acceptor.owner = &owner;
	listener->acceptor.data = listener;
	listener->tcp = tcp;
	listener->leaving = socket->leaving;
	listener->fd = socket->tcp;
	socket->tcp = -1;
	tcp->listener_count++;
	return true;
}

static void listener_close(struct tcp_listener *listener)
{
	listener->fd = -1;
	acceptor_close(&listener->acceptor);
}

static void listeners_close(struct tcp *tcp)
{
	for (unsigned turn = 0; turn < 3; turn++) { /* accepted, registered, read and answered */
		tcp_turn(tcp);
		uv_run(loop_of(tcp), UV_RUN_NOWAIT);
	}
	for (size_t i = 0; i < tcp->listener_count; i++)
		listener_close(&tcp->listeners[i]);
}

/* Closes what has been idle too long, and looks again when the next one will have been. */
static void sweep(uv_timer_t *timer)
{
	struct tcp *tcp = timer->data;
	bool leave = tcp->leave_ms && uv_now(loop_of(tcp)) >= tcp->leave_ms;
	*tcp->connections.place.active = true;
	for (size_t i = 0; leave && i < tcp->listener_count; i++)
		if (tcp->listeners[i].leaving)
			listener_close(&tcp->listeners[i]);
	uv_timer_start(timer, sweep, tcp_connections_sweep(&tcp->connections), 0);
}

void tcp_begin(struct tcp *tcp, bool leave)
{
	for (size_t i = 0; i < tcp->listener_count; i++) {
		int error = acceptor_start(&tcp->listeners[i].acceptor, LISTEN_BACKLOG);
		if (error != 0)
			log_line(LOG_LEVEL_ERROR, "cannot listen on TCP: %s", uv_strerror(error));
	}
	uv_update_time(loop_of(tcp));
	tcp->leave_ms = leave ? uv_now(loop_of(tcp)) + LEAVING_MS : 0;
}

bool tcp_turn(struct tcp *tcp)
{
	return tcp_connections_turn(&tcp->connections);
}

size_t tcp_descriptors(const struct tcp *tcp, int *fds)
{
	for (size_t i = 0; i < tcp->listener_count; i++)
		fds[i] = tcp->listeners[i].fd;
	return tcp->listener_count;
}

/* Serves the connections that there are for so long, or until there are none. */
static void connections_run(struct tcp *tcp, uint64_t ms)
{
	uv_update_time(loop_of(tcp));
	uint64_t end = uv_now(loop_of(tcp)) + ms;
	while (tcp_connections_any(&tcp->connections) && uv_now(loop_of(tcp)) < end)
		uv_run(loop_of(tcp), /* the sweep turns it every second at least */
			tcp_turn(tcp) ? UV_RUN_NOWAIT : UV_RUN_ONCE);
}

void tcp_leave(struct tcp *tcp)
{
	listeners_close(tcp);
	connections_run(tcp, LEAVE_MS);
	tcp_connections_end(&tcp->connections);
	connections_run(tcp, LINGER_MS);
	tcp_stop(tcp);
}

void tcp_stop(struct tcp *tcp)
{
	listeners_close(tcp);
	tcp_connections_stop(&tcp->connections);
	connections_run(tcp, STOP_WAIT_MS);
	tcp_connections_close(&tcp->connections);
	uv_close((uv_handle_t *)&tcp->sweep, NULL);
}

struct tcp *tcp_new(const struct tcp_place *place, struct listen_socket *sockets, size_t count,
	char *why, size_t size)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));
	snprintf(why, size, "out of memory for TCP");
	if (!tcp)
		return NULL;
	tcp_connections_init(&tcp->connections, place);
	tcp->listeners = calloc(count, sizeof(*tcp->listeners));
	if (!tcp->listeners)
		goto fail;
	for (size_t i = 0; i < count; i++)
		if (sockets[i].tcp >= 0 && !listener_open(tcp, &sockets[i], why, size))
			goto fail;
	uv_timer_init(place->loop, &tcp->sweep);
	tcp->sweep.data = tcp;
	uv_timer_start(&tcp->sweep, sweep, SWEEP_MS, 0);
	return tcp;
fail:
	free(tcp->listeners);
	free(tcp);
	return NULL;
}

void tcp_free(struct tcp *tcp)
{
	if (!tcp)
		return;
	free(tcp->listeners);
	free(tcp);
}
