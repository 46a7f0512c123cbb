#include "dns/listen.h"

#include "dns/listen_given.h"
#include "dns/log.h"

#include <errno.h>
#include <fcntl.h>
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

/* Root may pass the system's limit; else what is granted is what there is. A socket that somebody else has given a large
 * buffer keeps it: asked for by who is not root, it would become smaller. Returns the size. */
static int buffer_set(int fd, int force, int option)
{
	int size = BUFFER_SIZE, present = 0;
	socklen_t length = sizeof(size);
	getsockopt(fd, SOL_SOCKET, option, &present, &length);
	if (present / 2 >= BUFFER_SIZE) /* the kernel counts its own overhead too */
		return present / 2;
	if (setsockopt(fd, SOL_SOCKET, force, &size, length) != 0)
		setsockopt(fd, SOL_SOCKET, option, &size, length);
	getsockopt(fd, SOL_SOCKET, option, &size, &length);
	return size / 2;
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
static bool address_is_free(const struct config_listen *at, int type)
{
	int fd = socket_bind(at, type, false);
	if (fd < 0)
		return false;
	bool good = type == SOCK_DGRAM || listen(fd, 1) == 0;
	int error = errno;
	close(fd);
	errno = error;
	return good;
}

/* One more socket of the group that `first` is in; if it is in none, itself once more. */
static int socket_join(const struct config_listen *at, int type, int first)
{
	int reuse = 0;
	socklen_t size = sizeof(reuse);
	getsockopt(first, SOL_SOCKET, SO_REUSEPORT, &reuse, &size);
	int fd = reuse ? socket_bind(at, type, true) : -1;
	return fd >= 0 ? fd : fcntl(first, F_DUPFD_CLOEXEC, 0);
}

static int *socket_place(struct listen_socket *socket, int type)
{
	return type == SOCK_DGRAM ? &socket->udp : &socket->tcp;
}

/* One address and type under way: its columns begin at `column`. */
struct opening {
	struct listen_sockets *sockets;
	struct listen_given *given;
	const struct config_listen *at;
	size_t column;
	int granted; /* octets of a receive buffer */
};

/* Given sockets go round the workers, each column once; who then has none gets one of the group. False: errno. */
static bool sockets_place(struct opening *opening, int type)
{
	struct listen_sockets *sockets = opening->sockets;
	const struct config_listen *at = opening->at;
	size_t given = listen_given_count(opening->given, at, type);
	if (!given && !address_is_free(at, type))
		return false;
	for (size_t i = 0; i < given || i < sockets->workers; i++) {
		size_t column = opening->column + i / sockets->workers;
		struct listen_socket *row =
			&sockets->list[i % sockets->workers * sockets->count + column];
		const struct listen_socket *first =
			&sockets->list[given ? i % given * sockets->count + opening->column : 0];
		int *fd = socket_place(row, type);
		if (i < given)
			*fd = listen_given_take(opening->given, at, type);
		else if (given)
			*fd = socket_join(at, type, type == SOCK_DGRAM ? first->udp : first->tcp);
		else
			*fd = socket_bind(at, type, true);
		row->any_address = address_is_any(at);
		/* Accepted connections inherit TCP_NODELAY. */
		if (*fd < 0 ||
			(type == SOCK_STREAM && !option_set(*fd, IPPROTO_TCP, TCP_NODELAY)) ||
			(type == SOCK_DGRAM && !udp_options_set(*fd, at, &opening->granted)))
			return false;
	}
	return true;
}

static bool address_open(struct opening *opening)
{
	return sockets_place(opening, SOCK_DGRAM) && sockets_place(opening, SOCK_STREAM);
}

/* What errno says about an address. */
static void why_write(const struct config_listen *at, char *why, size_t size)
{
	snprintf(why, size, "%s cannot be listened on: %s", at->text,
		errno == EADDRINUSE ? "another program has this address and port"
				    : strerror(errno));
}

/* How many sockets of one address a worker may have. */
static size_t address_columns(
	const struct listen_given *given, const struct config_listen *at, unsigned workers)
{
	size_t udp = listen_given_count(given, at, SOCK_DGRAM);
	size_t tcp = listen_given_count(given, at, SOCK_STREAM);
	size_t most = udp > tcp ? udp : tcp;
	return most > workers ? (most + workers - 1) / workers : 1;
}

/* UDP sockets of addresses that are configured no more. TCP has nothing that waits here: who is left behind accepts. */
static void rest_place(struct listen_sockets *sockets, struct listen_given *given, size_t column)
{
	for (; column < sockets->count; column++) {
		struct listen_socket *socket = &sockets->list[column];
		socket->udp = listen_given_rest(given, &socket->any_address);
		socket->leaving = socket->udp >= 0;
	}
}

/* All places of a table that has room for every given socket, empty. */
static bool table_make(struct listen_sockets *sockets, const struct config *config,
	const struct listen_given *given)
{
	size_t placed = 0;
	sockets->count = 0;
	for (size_t i = 0; i < config->listen_count; i++) {
		sockets->count += address_columns(given, &config->listens[i], sockets->workers);
		placed += listen_given_count(given, &config->listens[i], SOCK_DGRAM);
	}
	sockets->count += listen_given_udp(given) - placed;
	sockets->list = calloc(sockets->count * sockets->workers, sizeof(*sockets->list));
	for (size_t i = 0; sockets->list && i < sockets->count * sockets->workers; i++)
		sockets->list[i].udp = sockets->list[i].tcp = -1;
	return sockets->list;
}

static bool addresses_open(
	struct opening *opening, const struct config *config, char *why, size_t size)
{
	struct listen_sockets *sockets = opening->sockets;
	for (size_t i = 0; i < config->listen_count; i++) {
		opening->at = &config->listens[i];
		size_t columns = address_columns(opening->given, opening->at, sockets->workers);
		if (address_open(opening)) {
			sockets->addresses++;
		} else if (errno == EAFNOSUPPORT) {
			log_line(LOG_LEVEL_WARNING,
				"%s is left out: this machine has no such address family",
				opening->at->text);
		} else {
			why_write(opening->at, why, size);
			return false;
		}
		opening->column += columns;
	}
	snprintf(why, size,
		"none of the addresses in `listen` is of a family that this machine has");
	return sockets->addresses;
}

bool listen_open(struct listen_sockets *sockets, const struct config *config,
	struct listen_given *given, char *why, size_t size)
{
	struct opening opening = {.sockets = sockets, .given = given, .granted = BUFFER_SIZE};
	listen_given_sift(given);
	sockets->addresses = 0;
	snprintf(why, size, "no memory for the sockets");
	if (!table_make(sockets, config, given) || !addresses_open(&opening, config, why, size)) {
		listen_close(sockets);
		listen_given_close(given);
		return false;
	}
	rest_place(sockets, given, opening.column);
	listen_given_close(given);
	if (opening.granted < BUFFER_SIZE)
		log_line(LOG_LEVEL_NOTICE,
			"The system grants smaller receive buffers than asked for, bursts may be "
			"lost: raise net.core.rmem_max granted=%d asked=%d",
			opening.granted, BUFFER_SIZE);
	return true;
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
