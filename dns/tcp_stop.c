#include "dns/tcp_part.h"

enum { STOP_WAIT_MS = 1500, LEAVE_MS = 8000, LINGER_MS = 500 };

static void time_is_up(uv_timer_t *timer)
{
	struct tcp *tcp = timer->data;
	while (tcp->oldest)
		tcp_close(tcp->oldest, CLOSE_STOP);
	uv_close((uv_handle_t *)timer, NULL);
}

static void listeners_close(struct tcp *tcp)
{
	for (unsigned turn = 0; turn < 3; turn++) /* accepted, registered, read and answered */
		uv_run(tcp->place.loop, UV_RUN_NOWAIT);
	for (size_t i = 0; i < tcp->listener_count; i++)
		tcp_listener_close(&tcp->listeners[i]);
}

/* A query that is on its way meets an end of the stream, not a reset. */
static void connection_end(struct connection *connection)
{
	uv_os_fd_t fd;
	if (connection->unsent || uv_fileno((uv_handle_t *)&connection->handle, &fd) != 0)
		return;
	connection->ended = true;
	shutdown(fd, SHUT_WR);
}

static void connections_run(struct tcp *tcp, uint64_t ms)
{
	uv_update_time(tcp->place.loop);
	uint64_t end = uv_now(tcp->place.loop) + ms;
	while (tcp->oldest && uv_now(tcp->place.loop) < end)
		uv_run(tcp->place.loop, UV_RUN_ONCE); /* the sweep turns it every second at least */
}

void tcp_leave(struct tcp *tcp)
{
	listeners_close(tcp);
	connections_run(tcp, LEAVE_MS);
	for (struct connection *each = tcp->oldest; each; each = each->newer)
		connection_end(each);
	connections_run(tcp, LINGER_MS);
	tcp_stop(tcp);
}

void tcp_stop(struct tcp *tcp)
{
	struct connection *next;
	listeners_close(tcp);
	tcp->stopping = true;
	for (struct connection *connection = tcp->oldest; connection; connection = next) {
		next = connection->newer;
		if (!connection->unsent)
			tcp_close(connection, CLOSE_STOP);
	}
	uv_close((uv_handle_t *)&tcp->eviction, NULL);
	uv_timer_stop(&tcp->sweep);
	if (!tcp->oldest) {
		uv_close((uv_handle_t *)&tcp->sweep, NULL);
		return;
	}
	uv_timer_start(&tcp->sweep, time_is_up, STOP_WAIT_MS, 0);
	while (tcp->oldest)
		uv_run(tcp->place.loop, UV_RUN_ONCE);
	if (!uv_is_closing((uv_handle_t *)&tcp->sweep))
		uv_close((uv_handle_t *)&tcp->sweep, NULL);
}
