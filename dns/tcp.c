#include "dns/tcp_part.h"

#include "dns/serve.h"
#include "dns/wire.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	READ_ROOM =
		2048, /* a connection's first buffer; it grows with what arrives, not with what is announced */
	SWEEP_MAX_MS = 1000,
};

struct unsent {
	uv_write_t request;
	struct connection *connection;
	uint8_t octets[];
};

static const struct config *config_of(const struct tcp *tcp)
{
	return inputs_config(tcp->place.serving->snapshot->inputs);
}

static void idlest_publish(struct tcp *tcp)
{
	const struct connection *oldest = tcp->oldest;
	atomic_store_explicit(
		&tcp->idlest, oldest ? oldest->active_ms : UINT64_MAX, memory_order_relaxed);
}

static void list_remove(struct connection *connection)
{
	struct tcp *tcp = connection->tcp;
	*(connection->newer ? &connection->newer->older : &tcp->newest) = connection->older;
	*(connection->older ? &connection->older->newer : &tcp->oldest) = connection->newer;
	connection->newer = connection->older = NULL;
}

static void list_push(struct connection *connection)
{
	struct tcp *tcp = connection->tcp;
	connection->active_ms = uv_now(connection->handle.loop);
	connection->older = tcp->newest;
	*(tcp->newest ? &tcp->newest->newer : &tcp->oldest) = connection;
	tcp->newest = connection;
}

/* A whole query, or a reply taken by the client, is activity; single octets are not. */
static void activity_note(struct connection *connection)
{
	list_remove(connection);
	list_push(connection);
	idlest_publish(connection->tcp);
}

static void closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;
	*connection->tcp->place.active = true;
	free(connection->in);
	free(connection);
}

static struct counters *counters_of(const struct tcp *tcp)
{
	return tcp->place.serving->counters;
}

void tcp_close(struct connection *connection, enum counter_close why)
{
	if (connection->closing)
		return;
	counter_add(&counters_of(connection->tcp)->tcp_closed[why], 1);
	connection->closing = true;
	list_remove(connection);
	idlest_publish(connection->tcp);
	atomic_fetch_sub_explicit(
		&connection->tcp->place.shared->connections, 1, memory_order_relaxed);
	uv_close((uv_handle_t *)&connection->handle, closed);
}

static void in_answer(struct connection *connection);

static void sent(uv_write_t *request, int status)
{
	struct unsent *unsent = request->data;
	struct connection *connection = unsent->connection;
	*connection->tcp->place.active = true;
	free(unsent);
	connection->unsent--;
	if (connection->closing)
		return;
	if (status < 0) {
		tcp_close(connection, CLOSE_CLIENT);
		return;
	}
	activity_note(connection);
	in_answer(connection);
}

/* Writes at once what the socket takes; the rest waits in memory of its own. False: closed. */
static bool out_write(struct connection *connection, size_t size)
{
	uint8_t *out = connection->tcp->out;
	uv_buf_t buffer = uv_buf_init((char *)out, (unsigned)size);
	int written = uv_try_write((uv_stream_t *)&connection->handle, &buffer, 1);
	if (written == UV_EAGAIN)
		written = 0;
	if (written < 0) {
		tcp_close(connection, CLOSE_CLIENT);
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
		if (uv_write(&unsent->request, (uv_stream_t *)&connection->handle, &buffer, 1,
			    sent) == 0)
			return true;
		connection->unsent--;
		free(unsent);
	}
	tcp_close(connection, CLOSE_SYSTEM);
	return false;
}

/* Answers one frame at `out`; returns the octets written there. */
static size_t frame_answer(
	struct connection *connection, const uint8_t *frame, size_t size, uint8_t *out)
{
	size_t reply = serve(
		connection->tcp->place.serving, &connection->client, frame, size, out + FRAME_HEAD);
	counters_tcp(
		counters_of(connection->tcp), connection->client.ipv6, out + FRAME_HEAD, reply);
	if (!reply)
		return 0;
	wire_set16(out, (unsigned)reply);
	return FRAME_HEAD + reply;
}

static void read_stop(struct connection *connection)
{
	uv_read_stop((uv_stream_t *)&connection->handle);
}

static void in_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;
	(void)suggested;
	if (connection->in_size == connection->in_room && connection->in_room < FRAME_MAX) {
		size_t room = connection->in_room ? 4 * connection->in_room : READ_ROOM;
		room = room < FRAME_MAX ? room : FRAME_MAX;
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
	struct connection *connection = stream->data;
	(void)buffer;
	*connection->tcp->place.active = true;
	if (count == 0 || (count > 0 && connection->ended))
		return;
	if (count < 0 && count != UV_EOF) {
		tcp_close(connection, CLOSE_CLIENT);
		return;
	}
	if (count == UV_EOF)
		connection->half_closed = true;
	else
		connection->in_size += (size_t)count;
	in_answer(connection);
}

static enum counter_close end_of(const struct connection *connection)
{
	if (connection->malformed)
		return CLOSE_MALFORMED;
	return connection->half_closed ? CLOSE_CLIENT : CLOSE_STOP;
}

/* Answers the whole frames that have arrived, as long as the client takes the replies; reads on only then. */
static void in_answer(struct connection *connection)
{
	uint8_t *out = connection->tcp->out;
	size_t at = 0, filled = 0;
	bool whole = false;
	while (!connection->unsent && connection->in_size - at >= FRAME_HEAD) {
		size_t size = wire_u16(connection->in + at);
		if (size < HEADER_SIZE) { /* not DNS: what was asked before is still answered */
			connection->half_closed = connection->malformed = true;
			at = connection->in_size;
			break;
		}
		if (connection->in_size - at < FRAME_HEAD + size)
			break;
		filled += frame_answer(
			connection, connection->in + at + FRAME_HEAD, size, out + filled);
		at += FRAME_HEAD + size;
		whole = true;
		if (filled > OUT_ROOM - FRAME_MAX) {
			if (!out_write(connection, filled))
				return;
			filled = 0;
		}
	}
	if (filled && !out_write(connection, filled))
		return;
	if (whole)
		activity_note(connection);
	if (at) /* nothing is left in the common case */
		memmove(connection->in, connection->in + at, connection->in_size - at);
	connection->in_size -= at;
	if (connection->unsent)
		read_stop(connection);
	else if (connection->half_closed || connection->tcp->stopping)
		tcp_close(connection, end_of(connection));
	else
		uv_read_start((uv_stream_t *)&connection->handle, in_alloc, in_read);
}

static void idlest_close(struct tcp *tcp)
{
	if (tcp->oldest)
		tcp_close(tcp->oldest, CLOSE_LIMIT);
}

static bool is_over_limit(const struct tcp *tcp)
{
	return atomic_load_explicit(&tcp->place.shared->connections, memory_order_relaxed) >
	       config_of(tcp)->tcp_connections;
}

/* Others may have gone by themselves since this was asked for: then nobody is to be dropped any more. */
static void evict(uv_async_t *async)
{
	struct tcp *tcp = async->data;
	*tcp->place.active = true;
	for (unsigned count = atomic_exchange(&tcp->evictions, 0); count > 0; count--)
		if (is_over_limit(tcp))
			idlest_close(tcp);
}

/* Too many: the idlest of all workers goes, whoever has it. */
static void limit_enforce(struct tcp *tcp)
{
	struct tcp_shared *shared = tcp->place.shared;
	if (!is_over_limit(tcp))
		return;
	struct tcp *idlest = tcp;
	uint64_t since = atomic_load_explicit(&tcp->idlest, memory_order_relaxed);
	for (unsigned i = 0; i < shared->count; i++) {
		uint64_t other =
			atomic_load_explicit(&shared->peers[i]->idlest, memory_order_relaxed);
		if (other < since) {
			since = other;
			idlest = shared->peers[i];
		}
	}
	if (idlest == tcp) {
		idlest_close(tcp);
		return;
	}
	atomic_fetch_add_explicit(&idlest->evictions, 1, memory_order_relaxed);
	uv_async_send(&idlest->eviction);
}

static bool client_fill(struct connection *connection)
{
	struct sockaddr_storage peer;
	int size = sizeof(peer);
	if (uv_tcp_getpeername(&connection->handle, (struct sockaddr *)&peer, &size) != 0)
		return false;
	struct client *client = &connection->client;
	client->tcp = true;
	client->ipv6 = peer.ss_family == AF_INET6;
	if (client->ipv6)
		memcpy(client->address, &((struct sockaddr_in6 *)&peer)->sin6_addr, 16);
	else
		memcpy(client->address, &((struct sockaddr_in *)&peer)->sin_addr, 4);
	return true;
}

void tcp_connected(uv_stream_t *listener, int status)
{
	struct tcp *tcp = listener->data;
	struct connection *connection = calloc(1, sizeof(*connection));
	*tcp->place.active = true;
	if (status < 0 || !connection || uv_tcp_init(tcp->place.loop, &connection->handle) != 0) {
		free(connection);
		return;
	}
	connection->tcp = tcp;
	connection->handle.data = connection;
	list_push(connection);
	counter_add(&counters_of(tcp)->tcp_accepted, 1);
	atomic_fetch_add_explicit(&tcp->place.shared->connections, 1, memory_order_relaxed);
	if (uv_accept(listener, (uv_stream_t *)&connection->handle) != 0 ||
		!client_fill(connection)) {
		tcp_close(connection, CLOSE_SYSTEM);
		return;
	}
	idlest_publish(tcp);
	limit_enforce(tcp);
	if (!connection->closing)
		uv_read_start((uv_stream_t *)&connection->handle, in_alloc, in_read);
}

/* Closes what has been idle too long, and looks again when the next one will have been. */
static void sweep(uv_timer_t *timer)
{
	struct tcp *tcp = timer->data;
	uint64_t now = uv_now(tcp->place.loop), idle = 1000ULL * config_of(tcp)->tcp_idle;
	*tcp->place.active = true;
	tcp_leaving_close(tcp, now);
	while (tcp->oldest && now - tcp->oldest->active_ms >= idle)
		tcp_close(tcp->oldest, CLOSE_IDLE);
	uint64_t next = tcp->oldest ? tcp->oldest->active_ms + idle - now : SWEEP_MAX_MS;
	uv_timer_start(timer, sweep, next < SWEEP_MAX_MS ? next + 1 : SWEEP_MAX_MS, 0);
}

struct tcp *tcp_new(const struct tcp_place *place, struct listen_socket *sockets, size_t count,
	char *why, size_t size)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));
	snprintf(why, size, "no memory for TCP");
	if (!tcp)
		return NULL;
	tcp->place = *place;
	atomic_init(&tcp->idlest, UINT64_MAX);
	tcp->listeners = calloc(count, sizeof(*tcp->listeners));
	if (!tcp->listeners)
		goto fail;
	for (size_t i = 0; i < count; i++)
		if (sockets[i].tcp >= 0 && !tcp_listener_open(tcp, &sockets[i], why, size))
			goto fail;
	if (uv_async_init(place->loop, &tcp->eviction, evict) != 0)
		goto fail;
	uv_timer_init(place->loop, &tcp->sweep);
	tcp->eviction.data = tcp->sweep.data = tcp;
	uv_timer_start(&tcp->sweep, sweep, SWEEP_MAX_MS, 0);
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
