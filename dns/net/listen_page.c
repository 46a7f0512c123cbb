#include "dns/net/listen_page.h"

#include "dns/net/inherited.h"
#include "dns/net/socket.h"

#include <sys/socket.h>
#include <unistd.h>

enum { PAGE_BACKLOG = 128 };

static int page_open(const struct config_listen *at, bool share, char *why, size_t size)
{
	int fd = listen_socket_bind(at, SOCK_STREAM, share);
	if (fd >= 0 && listen(fd, PAGE_BACKLOG) == 0)
		return fd;
	listen_socket_why(at, SOCK_STREAM, why, size);
	if (fd >= 0)
		close(fd);
	return -1;
}

int listen_page(const struct config_listen *at, char *why, size_t size)
{
	return page_open(at, false, why, size);
}

/* Sockets of pages do not share, but one that is bound may be told to; the kernel looks when
 * another is bound. */
int listen_page_beside(const struct config_listen *at, int beside, char *why, size_t size)
{
	struct config_listen other;
	int on = 1;
	bool share = listen_given_address(beside, &other) &&
		     (listen_socket_covers(&other, at) || listen_socket_covers(at, &other)) &&
		     setsockopt(beside, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0;
	return page_open(at, share, why, size);
}
