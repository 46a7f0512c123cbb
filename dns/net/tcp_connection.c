#include "dns/net/tcp_connection.h"

#include "dns/net/client.h"
#include "zones/wire.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A connection's first buffer; it grows with what arrives, not with what is announced. */
enum { READ_ROOM = 2048 };

struct unsent {
	uv_write_t request;
	struct tcp_connection *connection;
	uint8_t octets[];
};

static struct counters *counters_of(const struct tcp_connection *connection)
{
	return connection->connections->place.serving->counters;
}

static uv_stream_t *stream_of(struct tcp_connection *connection)
{
	return (uv_stream_t *)&connection->handle;
}

/* A whole query, or a reply taken by the client, is activity; single octets are not. */
static void activity_note(struct tcp_connection *connection)
{
	struct tcp_list *all = &connection->connections->all;
	connection->active_ms = uv_now(connection->handle.loop);
	TAILQ_REMOVE(all, connection, by_activity);
	TAILQ_INSERT_TAIL(all, connection, by_activity);
}

void tcp_connection_wait(struct tcp_connection *connection)
{
	*connection->connections->place.active = true;
	uv_read_stop(stream_of(connection));
	if (!connection->waits)
		TAILQ_INSERT_TAIL(&connection->connections->waiting, connection, by_visit);
	connection->waits = true;
}

static void wait_end(struct tcp_connection *connection)
{
	if (connection->waits)
		TAILQ_REMOVE(&connection->connections->waiting, connection, by_visit);
	connection->waits = false;
}

static void closed(uv_handle_t *handle)
{
	struct tcp_connection *connection = handle->data;
	free(connection->in);
	free(connection);
}

/* Octets that the client's window keeps from being sent, not those that are on their way. */
static bool octets_are_queued(int fd)
{
	int octets = 0;
	return ioctl(fd, SIOCOUTQNSD, &octets) == 0 && octets > 0;
}

/* A client that does not take its replies would have them kept by the kernel, for minutes after the
 * close: it gets a reset. */
static void replies_drop(struct tcp_connection *connection, enum counter_close why)
{
	const struct linger now = {.l_onoff = 1};
	bool idle = why == CLOSE_IDLE || why == CLOSE_LIMIT;
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)&connection->handle, &fd) == 0 &&
		(connection->unsent || (idle && octets_are_queued(fd))))
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* The client has sent its last octet, but its window keeps some of the replies here: the end of our
 * side follows them, and the connection keeps its place until it is idle for too long, or another
 * one needs it. */
static bool replies_wait(struct tcp_connection *connection)
{
	uv_os_fd_t fd;
	return !connection->connections->stopping &&
	       uv_fileno((uv_handle_t *)&connection->handle, &fd) == 0 && octets_are_queued(fd) &&
	       shutdown(fd, SHUT_WR) == 0;
}

void tcp_connection_end(struct tcp_connection *connection, enum counter_close why)
{
	counter_add(&counters_of(connection)->tcp_closed[why], 1);
	connection->closing = true;
	connection->connections->count--;
	wait_end(connection);
	TAILQ_REMOVE(&connection->connections->all, connection, by_activity);
	replies_drop(connection, why);
	uv_close((uv_handle_t *)&connection->handle, closed);
}

void tcp_place_release(const struct tcp_connections *connections)
{
	atomic_fetch_sub_explicit(&connections->place.shared->connections, 1, memory_order_relaxed);
}

void tcp_connection_close(struct tcp_connection *connection, enum counter_close why)
{
	if (connection->closing)
		return;
	tcp_connection_end(connection, why);
	tcp_place_release(connection->connections);
}

static void sent(uv_write_t *request, int status)
{
	struct unsent *unsent = request->data;
	struct tcp_connection *connection = unsent->connection;
	free(unsent);
	connection->unsent--;
	if (connection->closing)
		return;
	if (status < 0) {
		tcp_connection_close(connection, CLOSE_CLIENT);
		return;
	}
	activity_note(connection);
	tcp_connection_wait(connection);
}

/* Writes at once what the socket takes; the rest waits in memory of its own. False: closed. */
static bool out_write(struct tcp_connection *connection, size_t size)
{
	uint8_t *out = connection->connections->out;
	uv_buf_t buffer = uv_buf_init((char *)out, (unsigned)size);
	int written = uv_try_write(stream_of(connection), &buffer, 1);
	if (written == UV_EAGAIN)
		written = 0;
	if (written < 0) {
		tcp_connection_close(connection, CLOSE_CLIENT);
		return false;
	}
	size_t left = size - (size_t)written;
	if (!left)
		return true;
	struct unsent *unsent = malloc(sizeof(*unsent) + left);
	if (unsent) {
		memcpy(unsent->octets, out + written, left);
		unsent->connection = connection;
		unsent->request.data = unsent;
		buffer = uv_buf_init((char *)unsent->octets, (unsigned)left);
		connection->unsent++;
		*connection->connections->place.active = true;
		if (uv_write(&unsent->request, stream_of(connection), &buffer, 1, sent) == 0)
			return true;
		connection->unsent--;
		free(unsent);
	}
	tcp_connection_close(connection, CLOSE_SYSTEM);
	return false;
}

/* Answers one frame at `out`; returns the octets written there. */
static size_t frame_answer(
	struct tcp_connection *connection, const uint8_t *frame, size_t size, uint8_t *out)
{
	struct counters *counters = counters_of(connection);
	size_t reply = serve(connection->connections->place.serving, &connection->client, frame,
		size, out + TCP_FRAME_HEAD);
	counters_tcp(counters, connection->client.ipv6, out + TCP_FRAME_HEAD, reply);
	if (!reply)
		return 0;
	wire_set16(out, (unsigned)reply);
	return TCP_FRAME_HEAD + reply;
}

/* The octets of the frame at `at`; 0: not all of it is there. What is no DNS is the end of the
 * stream: what was asked before is still answered. */
static size_t frame_size(struct tcp_connection *connection, size_t at)
{
	size_t left = connection->in_size - at;
	if (left < TCP_FRAME_HEAD)
		return 0;
	size_t size = wire_u16(connection->in + at);
	if (size < HEADER_SIZE) {
		connection->half_closed = connection->malformed = true;
		connection->in_size = at;
		return 0;
	}
	return left >= TCP_FRAME_HEAD + size ? TCP_FRAME_HEAD + size : 0;
}

/* Answers the frames of one visit; returns the octets of `out` that this fills. */
static size_t frames_answer(struct tcp_connection *connection)
{
	size_t at = 0, filled = 0, size;
	unsigned frames = 0;
	while (frames < TCP_VISIT_FRAMES && filled < TCP_VISIT_OCTETS &&
		(size = frame_size(connection, at)) > 0) {
		filled += frame_answer(connection, connection->in + at + TCP_FRAME_HEAD,
			size - TCP_FRAME_HEAD, connection->connections->out + filled);
		at += size;
		frames++;
	}
	if (frames)
		activity_note(connection);
	if (at) /* nothing is left in the common case */
		memmove(connection->in, connection->in + at, connection->in_size - at);
	connection->in_size -= at;
	connection->connections->budget -=
		(int)(TCP_VISIT_COST + frames + filled / TCP_OCTETS_COST);
	return filled;
}

bool tcp_connection_asks(struct tcp_connection *connection)
{
	return frame_size(connection, 0) > 0;
}

static enum counter_close end_of(const struct tcp_connection *connection)
{
	if (connection->malformed)
		return CLOSE_MALFORMED;
	return connection->half_closed ? CLOSE_CLIENT : CLOSE_STOP;
}

static void in_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct tcp_connection *connection = handle->data;
	(void)suggested;
	if (connection->connections->budget <= 0) {
		*buffer = uv_buf_init(NULL, 0); /* in_read gets UV_ENOBUFS */
		return;
	}
	if (connection->in_size == connection->in_room && connection->in_room < TCP_FRAME_MAX) {
		size_t room = connection->in_room ? 4 * connection->in_room : READ_ROOM;
		room = room < TCP_FRAME_MAX ? room : TCP_FRAME_MAX;
		uint8_t *grown = realloc(connection->in, room);
		if (grown) {
			connection->in = grown;
			connection->in_room = room;
		}
	}
	*buffer = uv_buf_init((char *)connection->in + connection->in_size,
		(unsigned)(connection->in_room - connection->in_size));
}

static void in_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct tcp_connection *connection = stream->data;
	(void)buffer;
	if (count == UV_ENOBUFS && connection->connections->budget <= 0) {
		tcp_connection_wait(connection);
		return;
	}
	if (count == 0 || (count > 0 && connection->ended))
		return;
	if (count < 0 && count != UV_EOF) {
		tcp_connection_close(connection, count == UV_ENOBUFS ? CLOSE_SYSTEM : CLOSE_CLIENT);
		return;
	}
	if (count == UV_EOF)
		connection->half_closed = true;
	else
		connection->in_size += (size_t)count;
	tcp_connection_visit(connection);
}

void tcp_connection_visit(struct tcp_connection *connection)
{
	wait_end(connection);
	size_t filled = connection->unsent ? 0 : frames_answer(connection);
	if (filled && !out_write(connection, filled))
		return;
	if (connection->unsent)
		uv_read_stop(stream_of(connection));
	else if (tcp_connection_asks(connection))
		tcp_connection_wait(connection);
	else if (!connection->half_closed && !connection->connections->stopping)
		uv_read_start(stream_of(connection), in_alloc, in_read);
	else if (!replies_wait(connection))
		tcp_connection_close(connection, end_of(connection));
}

void tcp_connection_add(
	struct tcp_connections *connections, int fd, const struct sockaddr_storage *peer)
{
	struct tcp_connection *connection = calloc(1, sizeof(*connection));
	struct counters *counters = connections->place.serving->counters;
	*connections->place.active = true;
	connections->slot = false;
	counter_add(&counters->tcp_accepted, 1);
	if (!connection || !client_fill(&connection->client, peer, true) ||
		uv_tcp_init(connections->place.loop, &connection->handle) != 0) {
		counter_add(&counters->tcp_closed[CLOSE_SYSTEM], 1);
		tcp_place_release(connections);
		free(connection);
		close(fd);
		return;
	}
	connection->connections = connections;
	connection->handle.data = connection;
	connection->active_ms = uv_now(connections->place.loop);
	connections->count++;
	TAILQ_INSERT_TAIL(&connections->all, connection, by_activity);
	if (uv_tcp_open(&connection->handle, fd) != 0) {
		tcp_connection_close(connection, CLOSE_SYSTEM);
		close(fd);
		return;
	}
	uv_read_start(stream_of(connection), in_alloc, in_read);
}
