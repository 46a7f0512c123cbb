#include "dns/net/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool option_set(int fd, int level, int option)
{
	int on = 1;
	return setsockopt(fd, level, option, &on, sizeof(on)) == 0;
}

int listen_socket_option(int fd, int option)
{
	int value = 0;
	socklen_t size = sizeof(value);
	return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : 0;
}

/* The option that lets an address be bound before it is there differs by family; so does V6ONLY. */
static bool address_options_set(int fd, int family)
{
	if (family == AF_INET)
		return option_set(fd, IPPROTO_IP, IP_FREEBIND);
	return option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY) &&
	       option_set(fd, IPPROTO_IPV6, IPV6_FREEBIND);
}

bool listen_socket_is_any(const struct config_listen *at)
{
	if (at->address.ss_family == AF_INET)
		return ((const struct sockaddr_in *)&at->address)->sin_addr.s_addr == 0;
	return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&at->address)->sin6_addr);
}

/* In network order, at the same place in both families. */
static in_port_t port_of(const struct config_listen *at)
{
	return ((const struct sockaddr_in *)&at->address)->sin_port;
}

bool listen_socket_covers(const struct config_listen *wide, const struct config_listen *at)
{
	return wide->address.ss_family == at->address.ss_family && port_of(wide) == port_of(at) &&
	       listen_socket_is_any(wide) && !listen_socket_is_any(at);
}

int listen_socket_new(const struct config_listen *at, int type, bool share)
{
	int family = at->address.ss_family;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (address_options_set(fd, family) &&
		(type != SOCK_STREAM || option_set(fd, SOL_SOCKET, SO_REUSEADDR)) &&
		(!share || option_set(fd, SOL_SOCKET, SO_REUSEPORT)))
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

int listen_socket_bind(const struct config_listen *at, int type, bool share)
{
	int fd = listen_socket_new(at, type, share);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at->address, at->size) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* SO_REUSEPORT would let two servers of one user share a port in silence: the first bind is
 * without. */
bool listen_socket_is_free(const struct config_listen *at, int type)
{
	int fd = listen_socket_bind(at, type, false);
	if (fd < 0)
		return false;
	bool good = type == SOCK_DGRAM || listen(fd, 1) == 0;
	int error = errno;
	close(fd);
	errno = error;
	return good;
}

/* The kernel asks that both share, and that one user has made them. */
bool listen_socket_is_joinable(int fd)
{
	struct stat status;
	return listen_socket_option(fd, SO_REUSEPORT) && fstat(fd, &status) == 0 &&
	       status.st_uid == geteuid();
}

/* Root may pass the system's limit; else what is granted is what there is. A socket that
 * another process has given a large buffer keeps it: set by a user who is not root, it would become
 * smaller. Returns the size. */
static int buffer_set(int fd, int force, int option)
{
	int size = LISTEN_BUFFER;
	int present =
		listen_socket_option(fd, option) / 2; /* the kernel counts its own overhead too */
	if (present >= LISTEN_BUFFER)
		return present;
	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
	return listen_socket_option(fd, option) / 2;
}

/* Accepted connections inherit all of it: for a client that does not take its replies, or sends
 * more questions than it takes replies for, the kernel keeps little, and not for long. */
static bool stream_tune(int fd)
{
	int send = LISTEN_STREAM_BUFFER, receive = LISTEN_STREAM_RECEIVE;
	int timeout = LISTEN_STREAM_TIMEOUT_MS;
	return option_set(fd, IPPROTO_TCP, TCP_NODELAY) &&
	       setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof(send)) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive)) == 0 &&
	       setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout)) == 0;
}

bool listen_socket_tune(int fd, const struct config_listen *at, int type, int *granted)
{
	int omit4 = IP_PMTUDISC_OMIT, omit6 = IPV6_PMTUDISC_OMIT;
	bool any = listen_socket_is_any(at);
	if (type == SOCK_STREAM)
		return stream_tune(fd);
	*granted = buffer_set(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	buffer_set(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	/* Forged ICMP must not make us fragment. */
	if (at->address.ss_family == AF_INET) {
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit4, sizeof(omit4));
		return !any || option_set(fd, IPPROTO_IP, IP_PKTINFO);
	}
	setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit6, sizeof(omit6));
	return !any || option_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
}

void listen_socket_why(const struct config_listen *at, int type, char *why, size_t size)
{
	unsigned port = ntohs(port_of(at));
	int error = errno;
	char fault[128];
	snprintf(fault, sizeof(fault), "%s", strerror(error));
	if (error == EADDRINUSE)
		snprintf(fault, sizeof(fault),
			"in use by another program (`ss -lnptu 'sport = :%u'` shows which)", port);
	else if (error == EACCES && port < IPPORT_RESERVED)
		snprintf(fault, sizeof(fault),
			"Permission denied (a port below 1024 needs root or CAP_NET_BIND_SERVICE)");
	snprintf(why, size, "cannot bind %s (%s): %s", at->text, type == SOCK_DGRAM ? "UDP" : "TCP",
		fault);
}
