#include "dns/net/inherited.h"

#include "dns/net/socket.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool listen_given_address(int fd, struct config_listen *at)
{
	*at = (struct config_listen){.size = sizeof(at->address)};
	return fd >= 0 && getsockname(fd, (struct sockaddr *)&at->address, &at->size) == 0 &&
	       (at->address.ss_family == AF_INET || at->address.ss_family == AF_INET6);
}

static bool address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *x = (const struct sockaddr_in *)a,
					 *y = (const struct sockaddr_in *)b;
		return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
	}
	const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)a,
				  *y = (const struct sockaddr_in6 *)b;
	return x->sin6_port == y->sin6_port && x->sin6_scope_id == y->sin6_scope_id &&
	       memcmp(&x->sin6_addr, &y->sin6_addr, sizeof(x->sin6_addr)) == 0;
}

/* The kernel's own number of a socket; 0: it has none. */
static uint64_t cookie_get(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

static bool is_known(const uint64_t *cookies, size_t count, uint64_t cookie)
{
	for (size_t i = 0; i < count; i++)
		if (cookies[i] == cookie)
			return true;
	return false;
}

void listen_given_sift(struct listen_given *given)
{
	uint64_t *cookies = calloc(given->count + 1, sizeof(*cookies));
	for (size_t i = 0; i < given->count; i++) {
		struct config_listen at;
		int type = listen_socket_option(given->fds[i], SO_TYPE);
		uint64_t cookie = cookie_get(given->fds[i]);
		bool good = listen_given_address(given->fds[i], &at) &&
			    (type == SOCK_DGRAM ||
				    (type == SOCK_STREAM && listen_socket_option(given->fds[i],
								    SO_ACCEPTCONN) == 1)) &&
			    fcntl(given->fds[i], F_SETFL, O_NONBLOCK) == 0;
		if (good && !(cookies && cookie && is_known(cookies, i, cookie))) {
			if (cookies)
				cookies[i] = cookie;
			continue;
		}
		close(given->fds[i]);
		given->fds[i] = -1;
	}
	free(cookies);
}

bool listen_given_is(int fd, const struct config_listen *at, int type)
{
	struct config_listen own;
	return listen_given_address(fd, &own) && listen_socket_option(fd, SO_TYPE) == type &&
	       address_equal(&own.address, &at->address);
}

size_t listen_given_count(
	const struct listen_given *given, const struct config_listen *at, int type)
{
	size_t count = 0;
	for (size_t i = 0; i < given->count; i++)
		count += listen_given_is(given->fds[i], at, type);
	return count;
}

size_t listen_given_of(const struct listen_given *given, int type)
{
	size_t count = 0;
	for (size_t i = 0; i < given->count; i++)
		count += given->fds[i] >= 0 && listen_socket_option(given->fds[i], SO_TYPE) == type;
	return count;
}

int listen_given_first(const struct listen_given *given, const struct config_listen *at, int type)
{
	for (size_t i = 0; i < given->count; i++)
		if (listen_given_is(given->fds[i], at, type))
			return given->fds[i];
	return -1;
}

int listen_given_cover(const struct listen_given *given, const struct config_listen *at, int type)
{
	struct config_listen own;
	for (size_t i = 0; i < given->count; i++)
		if (listen_given_address(given->fds[i], &own) && listen_socket_covers(&own, at) &&
			listen_socket_option(given->fds[i], SO_TYPE) == type)
			return given->fds[i];
	return -1;
}

int listen_given_inside(const struct listen_given *given, const struct config_listen *at, int type)
{
	struct config_listen own;
	for (size_t i = 0; i < given->count; i++)
		if (listen_given_address(given->fds[i], &own) && listen_socket_covers(at, &own) &&
			listen_socket_option(given->fds[i], SO_TYPE) == type)
			return given->fds[i];
	return -1;
}

int listen_given_take(struct listen_given *given, const struct config_listen *at, int type)
{
	for (size_t i = 0; i < given->count; i++)
		if (listen_given_is(given->fds[i], at, type)) {
			int fd = given->fds[i];
			given->fds[i] = -1;
			return fd;
		}
	return -1;
}

int listen_given_rest(struct listen_given *given, int type, struct config_listen *at)
{
	for (size_t i = 0; i < given->count; i++) {
		int fd = given->fds[i];
		if (fd < 0 || listen_socket_option(fd, SO_TYPE) != type ||
			!listen_given_address(fd, at))
			continue;
		given->fds[i] = -1;
		return fd;
	}
	return -1;
}

void listen_given_close(struct listen_given *given)
{
	for (size_t i = 0; i < given->count; i++)
		if (given->fds[i] >= 0)
			close(given->fds[i]);
	free(given->fds);
	*given = (struct listen_given){.fds = NULL};
}
