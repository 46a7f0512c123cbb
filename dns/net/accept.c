#include "dns/net/accept.h"

#include "dns/base/descriptors.h"

#include <errno.h>
#include <unistd.h>

/* What says that the system has nothing left, not that this connection has failed. */
static bool error_is_scarcity(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

static void readable(uv_poll_t *poll, int status, int events);

static void rested(uv_timer_t *rest)
{
	struct acceptor *acceptor = rest->data;
	if (acceptor->fd >= 0)
		uv_poll_start(&acceptor->poll, UV_READABLE, readable);
}

static void rest_begin(struct acceptor *acceptor)
{
	uv_poll_stop(&acceptor->poll);
	uv_timer_start(&acceptor->rest, rested, ACCEPT_REST_MS, 0);
}

/* What becomes of an accepted connection. */
static enum accept_none connection_judge(struct acceptor *acceptor, int fd, enum accept_room room)
{
	if (fd >= acceptor->descriptors_max && !acceptor->owner->yield(acceptor))
		return ACCEPT_SCARCE;
	return room == ACCEPT_NONE ? ACCEPT_LIMITED : ACCEPT_EMPTY;
}

/* Accepts one connection, or none; `first` of a turn: it is known to wait. False: enough for this
 * turn. */
static bool connection_accept(struct acceptor *acceptor, bool first)
{
	const struct acceptor_owner *owner = acceptor->owner;
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	enum accept_none none = ACCEPT_EMPTY;
	enum accept_room room = owner->room(acceptor, first);
	if (!first && room == ACCEPT_NONE)
		return false;
	int fd = accept4(
		acceptor->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int error = errno;
	if (fd >= 0)
		none = connection_judge(acceptor, fd, room);
	else if (error == EINVAL || (error_is_scarcity(error) && !owner->yield(acceptor)))
		none = ACCEPT_RESTS; /* EINVAL: the socket does not listen any more */
	if (fd >= 0 && none == ACCEPT_EMPTY) {
		owner->take(acceptor, fd, &peer);
		return room == ACCEPT_FREE;
	}
	owner->none(acceptor, none);
	if (fd >= 0)
		close(fd);
	if (none == ACCEPT_SCARCE || none == ACCEPT_RESTS)
		rest_begin(acceptor);
	return (fd >= 0 || error != EAGAIN) && room != ACCEPT_MADE &&
	       !uv_is_active((uv_handle_t *)&acceptor->rest);
}

/* Connections that wait for longer than a turn stay in the kernel's queue: what else the loop has
 * is not held up. */
static void readable(uv_poll_t *poll, int status, int events)
{
	struct acceptor *acceptor = poll->data;
	(void)events;
	if (status < 0) /* libuv has stopped looking */
		rest_begin(acceptor);
	for (unsigned i = 0; status >= 0 && i < ACCEPT_BUDGET && acceptor->fd >= 0; i++)
		if (!connection_accept(acceptor, i == 0))
			return;
}

int acceptor_init(struct acceptor *acceptor, uv_loop_t *loop, int fd, unsigned reserve)
{
	int error = uv_poll_init(loop, &acceptor->poll, fd);
	if (error != 0)
		return error;
	uv_timer_init(loop, &acceptor->rest); /* cannot fail */
	acceptor->poll.data = acceptor->rest.data = acceptor;
	acceptor->fd = fd;
	acceptor->descriptors_max = descriptors_limit() - (int)reserve;
	return 0;
}

int acceptor_start(struct acceptor *acceptor, int backlog)
{
	if (listen(acceptor->fd, backlog) != 0)
		return -errno;
	return uv_poll_start(&acceptor->poll, UV_READABLE, readable);
}

void acceptor_close(struct acceptor *acceptor)
{
	if (acceptor->fd < 0)
		return;
	uv_close((uv_handle_t *)&acceptor->poll, NULL);
	uv_close((uv_handle_t *)&acceptor->rest, NULL);
	close(acceptor->fd);
	acceptor->fd = -1;
}
