#include "dns/log.h"
#include "dns/tcp_part.h"

#include <stdio.h>

/* A client sends its first octets again after one second, then after two. */
enum { LEAVING_MS = 3000 };

bool tcp_listener_open(struct tcp *tcp, struct listen_socket *socket, char *why, size_t size)
{
	struct tcp_listener *listener = &tcp->listeners[tcp->listener_count];
	int error = uv_tcp_init(tcp->place.loop, &listener->handle);
	if (error == 0)
		error = uv_tcp_open(&listener->handle, socket->tcp);
	if (error != 0) {
		snprintf(why, size, "TCP cannot be listened on: %s", uv_strerror(error));
		return false;
	}
	listener->handle.data = tcp;
	listener->leaving = socket->leaving;
	listener->fd = socket->tcp;
	socket->tcp = -1;
	tcp->listener_count++;
	return true;
}

void tcp_listener_close(struct tcp_listener *listener)
{
	if (listener->fd < 0)
		return;
	listener->fd = -1;
	uv_close((uv_handle_t *)&listener->handle, NULL);
}

void tcp_leaving_close(struct tcp *tcp, uint64_t now)
{
	for (size_t i = 0; tcp->leave_ms && now >= tcp->leave_ms && i < tcp->listener_count; i++)
		if (tcp->listeners[i].leaving)
			tcp_listener_close(&tcp->listeners[i]);
}

void tcp_begin(struct tcp *tcp, bool leave)
{
	for (size_t i = 0; i < tcp->listener_count; i++) {
		uv_stream_t *stream = (uv_stream_t *)&tcp->listeners[i].handle;
		int error = uv_listen(stream, LISTEN_BACKLOG, tcp_connected);
		if (error != 0)
			log_line(LOG_LEVEL_ERROR, "TCP cannot be listened on: %s",
				uv_strerror(error));
	}
	uv_update_time(tcp->place.loop);
	tcp->leave_ms = leave ? uv_now(tcp->place.loop) + LEAVING_MS : 0;
}

size_t tcp_descriptors(const struct tcp *tcp, int *fds)
{
	for (size_t i = 0; i < tcp->listener_count; i++)
		fds[i] = tcp->listeners[i].fd;
	return tcp->listener_count;
}
