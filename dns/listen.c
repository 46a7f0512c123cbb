#include "dns/listen.h"

#include "dns/log.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A burst that arrives while a worker is busy waits here; the default holds only some hundred packets. */
enum { BUFFER_SIZE = 4 << 20, PAGE_BACKLOG = 128 };

static bool option_set(int fd, int level, int option)
{
	int on = 1;
	return setsockopt(fd, level, option, &on, sizeof(on)) == 0;
}

/* The option that lets an address be bound before it is there differs by family; so does V6ONLY. */
static bool address_options_set(int fd, int family)
{
	if (family == AF_INET)
		return option_set(fd, IPPROTO_IP, IP_FREEBIND);
	return option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY) &&
	       option_set(fd, IPPROTO_IPV6, IPV6_FREEBIND);
}

static bool address_is_any(const struct config_listen *at)
{
	if (at->address.ss_family == AF_INET)
		return ((const struct sockaddr_in *)&at->address)->sin_addr.s_addr == 0;
	return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&at->address)->sin6_addr);
}

/* Root may pass the system's limit; else what is granted is what there is. Returns the size granted. */
static int buffer_set(int fd, int force, int option)
{
	int size = BUFFER_SIZE;
	socklen_t length = sizeof(size);
	if (setsockopt(fd, SOL_SOCKET, force, &size, length) != 0)
		setsockopt(fd, SOL_SOCKET, option, &size, length);
	getsockopt(fd, SOL_SOCKET, option, &size, &length);
	return size / 2; /* the kernel counts its own overhead too */
}

static bool udp_options_set(int fd, const struct config_listen *at, int *granted)
{
	int omit4 = IP_PMTUDISC_OMIT, omit6 = IPV6_PMTUDISC_OMIT;
	bool any = address_is_any(at), good = true;
	*granted = buffer_set(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	buffer_set(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	/* Forged ICMP must not make us fragment. */
	if (at->address.ss_family == AF_INET) {
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit4, sizeof(omit4));
		good = !any || option_set(fd, IPPROTO_IP, IP_PKTINFO);
	} else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit6, sizeof(omit6));
		good = !any || option_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
	}
	return good;
}

/* A bound socket; `share`: others of this process may have the address too. -1: errno says why. */
static int socket_bind(const struct config_listen *at, int type, bool share)
{
	int family = at->address.ss_family;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (address_options_set(fd, family) &&
		(type != SOCK_STREAM || option_set(fd, SOL_SOCKET, SO_REUSEADDR)) &&
		(!share || option_set(fd, SOL_SOCKET, SO_REUSEPORT)) &&
		bind(fd, (const struct sockaddr *)&at->address, at->size) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* SO_REUSEPORT would let two servers of one user share a port in silence: the first bind is without. */
static bool address_is_free(const struct config_listen *at)
{
	static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
	for (size_t i = 0; i < 2; i++) {
		int fd = socket_bind(at, types[i], false);
		if (fd < 0)
			return false;
		bool good = types[i] == SOCK_DGRAM || listen(fd, 1) == 0;
		int error = errno;
		close(fd);
		errno = error;
		if (!good)
			return false;
	}
	return true;
}

static bool socket_open(struct listen_socket *socket, const struct config_listen *at, int *granted)
{
	socket->any_address = address_is_any(at);
	socket->udp = socket_bind(at, SOCK_DGRAM, true);
	socket->tcp = socket_bind(at, SOCK_STREAM, true);
	/* Accepted connections inherit it. */
	return socket->udp >= 0 && socket->tcp >= 0 &&
	       option_set(socket->tcp, IPPROTO_TCP, TCP_NODELAY) &&
	       udp_options_set(socket->udp, at, granted);
}

/* What errno says about an address. */
static void why_write(const struct config_listen *at, char *why, size_t size)
{
	snprintf(why, size, "%s cannot be listened on: %s", at->text,
		errno == EADDRINUSE ? "another program has this address and port"
				    : strerror(errno));
}

bool listen_open(struct listen_sockets *sockets, const struct config *config, unsigned workers,
	char *why, size_t size)
{
	int granted = BUFFER_SIZE;
	const struct config_listen *at = config->listens;
	sockets->count = 0;
	sockets->workers = workers;
	sockets->list = calloc(config->listen_count * workers, sizeof(*sockets->list));
	snprintf(why, size, "no memory for the sockets");
	if (!sockets->list)
		return false;
	for (size_t i = 0; i < config->listen_count * workers; i++)
		sockets->list[i].udp = sockets->list[i].tcp = -1;
	for (size_t i = 0; i < config->listen_count; i++, at++) {
		bool good = address_is_free(at);
		if (!good && errno == EAFNOSUPPORT) {
			log_line(LOG_LEVEL_WARNING,
				"%s is left out: this machine has no such address family",
				at->text);
			continue;
		}
		for (unsigned w = 0; good && w < workers; w++)
			good = socket_open(
				&sockets->list[w * config->listen_count + sockets->count], at,
				&granted);
		if (!good) {
			why_write(at, why, size);
			goto fail;
		}
		sockets->count++;
	}
	snprintf(why, size,
		"none of the addresses in `listen` is of a family that this machine has");
	if (!sockets->count)
		goto fail;
	for (unsigned w = 1; w < workers; w++) /* close the gaps of what was left out */
		memmove(&sockets->list[w * sockets->count],
			&sockets->list[w * config->listen_count],
			sockets->count * sizeof(*sockets->list));
	if (granted < BUFFER_SIZE)
		log_line(LOG_LEVEL_NOTICE,
			"The system grants smaller receive buffers than asked for, bursts may be "
			"lost: "
			"raise net.core.rmem_max granted=%d asked=%d",
			granted, BUFFER_SIZE);
	return true;
fail:
	sockets->count = config->listen_count;
	listen_close(sockets);
	return false;
}

int listen_page(const struct config_listen *at, char *why, size_t size)
{
	int fd = socket_bind(at, SOCK_STREAM, false);
	if (fd >= 0 && listen(fd, PAGE_BACKLOG) == 0)
		return fd;
	why_write(at, why, size);
	if (fd >= 0)
		close(fd);
	return -1;
}

void listen_close(struct listen_sockets *sockets)
{
	for (size_t i = 0; sockets->list && i < sockets->count * sockets->workers; i++) {
		if (sockets->list[i].udp >= 0)
			close(sockets->list[i].udp);
		if (sockets->list[i].tcp >= 0)
			close(sockets->list[i].tcp);
	}
	free(sockets->list);
	sockets->list = NULL;
	sockets->count = 0;
}
