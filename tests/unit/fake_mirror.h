/* tests/unit/fake_mirror.h - mirrors on the test's own loop: what each says to each path, and what
 * it was asked. */
#ifndef TESTS_UNIT_FAKE_MIRROR_H
#define TESTS_UNIT_FAKE_MIRROR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { FAKE_REQUEST_MAX = 2048 };

/* One path and its whole reply; NULL: none ever comes. A reply of a mirror that closes ends with
 * its connection. */
struct fake_answer {
	const char *path, *reply;
};

struct fake {
	uv_tcp_t listener;
	uint16_t port;
	const struct fake_answer *answers; /* ends with a path NULL; what is not there is a 404 */
	bool closes; /* after each reply */
	unsigned requests, connections, open;
	unsigned *all_open, *all_peak; /* shared by several fakes */
	char asked[FAKE_REQUEST_MAX]; /* the last request's head */
	char paths[FAKE_REQUEST_MAX]; /* of all requests, a blank behind each */
};

struct fake_link {
	uv_tcp_t socket;
	struct fake *fake;
	char in[FAKE_REQUEST_MAX];
	size_t size;
};

#define FAKE_404   "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\ngone\n"
#define FAKE_RESET "reset" /* instead of a reply */

static inline void fake_link_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static inline void fake_link_close(struct fake_link *link)
{
	if (uv_is_closing((uv_handle_t *)&link->socket))
		return;
	link->fake->open--;
	--*link->fake->all_open;
	uv_close((uv_handle_t *)&link->socket, fake_link_closed);
}

static inline void fake_written(uv_write_t *write, int status)
{
	struct fake_link *link = write->data;
	free(write);
	if (status == 0 && link->fake->closes)
		fake_link_close(link);
}

static inline void fake_answer(struct fake_link *link)
{
	struct fake *fake = link->fake;
	char path[256] = "";
	const char *reply = FAKE_404;
	assert_int_equal(sscanf(link->in, "GET %255s HTTP/1.1", path), 1);
	fake->requests++;
	snprintf(fake->asked, sizeof(fake->asked), "%s", link->in);
	strncat(fake->paths, path, sizeof(fake->paths) - strlen(fake->paths) - 2);
	strcat(fake->paths, " ");
	for (const struct fake_answer *at = fake->answers; at->path; at++)
		if (strcmp(at->path, path) == 0)
			reply = at->reply;
	link->size = 0;
	if (!reply)
		return;
	if (strcmp(reply, FAKE_RESET) == 0) {
		fake->open--;
		--*fake->all_open;
		uv_tcp_close_reset(&link->socket, fake_link_closed);
		return;
	}
	uv_write_t *write = malloc(sizeof(*write));
	assert_non_null(write);
	write->data = link;
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)reply, (unsigned)strlen(reply));
	assert_int_equal(
		uv_write(write, (uv_stream_t *)&link->socket, &buffer, 1, fake_written), 0);
}

static inline void fake_room(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	struct fake_link *link = handle->data;
	(void)size;
	*buffer = uv_buf_init(link->in + link->size, (unsigned)(sizeof(link->in) - 1 - link->size));
}

static inline void fake_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct fake_link *link = stream->data;
	(void)buffer;
	if (size < 0) {
		fake_link_close(link);
		return;
	}
	link->size += (size_t)size;
	link->in[link->size] = '\0';
	if (strstr(link->in, "\r\n\r\n"))
		fake_answer(link);
}

static inline void fake_connected(uv_stream_t *listener, int status)
{
	struct fake *fake = listener->data;
	struct fake_link *link = calloc(1, sizeof(*link));
	assert_int_equal(status, 0);
	assert_non_null(link);
	link->fake = fake;
	link->socket.data = link;
	uv_tcp_init(listener->loop, &link->socket);
	assert_int_equal(uv_accept(listener, (uv_stream_t *)&link->socket), 0);
	fake->connections++;
	fake->open++;
	if (++*fake->all_open > *fake->all_peak)
		*fake->all_peak = *fake->all_open;
	uv_read_start((uv_stream_t *)&link->socket, fake_room, fake_read);
}

/* Listens at an address (IPv4, or ::1), at a free port where `port` is 0. The counts start anew. */
static inline void fake_listen(struct fake *fake, uv_loop_t *loop, const char *address,
	uint16_t port, const struct fake_answer *answers)
{
	static unsigned open, peak;
	struct sockaddr_storage at;
	int size = sizeof(at);
	memset(fake, 0, sizeof(*fake));
	fake->answers = answers;
	fake->all_open = &open;
	fake->all_peak = &peak;
	uv_tcp_init(loop, &fake->listener);
	fake->listener.data = fake;
	if (strchr(address, ':'))
		assert_int_equal(uv_ip6_addr(address, port, (struct sockaddr_in6 *)&at), 0);
	else
		assert_int_equal(uv_ip4_addr(address, port, (struct sockaddr_in *)&at), 0);
	assert_int_equal(uv_tcp_bind(&fake->listener, (struct sockaddr *)&at, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&fake->listener, 128, fake_connected), 0);
	assert_int_equal(uv_tcp_getsockname(&fake->listener, (struct sockaddr *)&at, &size), 0);
	fake->port = ntohs(((struct sockaddr_in *)&at)->sin_port); /* the same place in IPv6 */
}

static inline void fake_close(struct fake *fake)
{
	uv_close((uv_handle_t *)&fake->listener, NULL);
}

#endif
