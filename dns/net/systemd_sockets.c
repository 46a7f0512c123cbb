#include "dns/net/systemd_sockets.h"

#include "dns/base/why.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { NAME_MAX_SIZE = INET6_ADDRSTRLEN + 32 };

/* A socket that was handed over, as it is. */
struct handed {
	int fd;
	int type; /* SOCK_DGRAM, SOCK_STREAM */
	struct sockaddr_storage address;
	char name[NAME_MAX_SIZE]; /* "[::]:53 (UDP)" */
};

static bool option_get(int fd, int level, int option)
{
	int value = 0;
	socklen_t size = sizeof(value);
	return getsockopt(fd, level, option, &value, &size) == 0 && value != 0;
}

static void handed_name(struct handed *socket)
{
	char text[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&socket->address;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&socket->address;
	const char *kind = socket->type == SOCK_DGRAM ? "UDP" : "TCP";
	if (socket->address.ss_family == AF_INET) {
		inet_ntop(AF_INET, &ipv4->sin_addr, text, sizeof(text));
		snprintf(socket->name, sizeof(socket->name), "%s:%u (%s)", text,
			ntohs(ipv4->sin_port), kind);
	} else {
		inet_ntop(AF_INET6, &ipv6->sin6_addr, text, sizeof(text));
		snprintf(socket->name, sizeof(socket->name), "[%s]:%u (%s)", text,
			ntohs(ipv6->sin6_port), kind);
	}
}

/* False: it is of no kind that can be served on. */
static bool handed_read(struct handed *socket, int fd, char *why, size_t size)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(socket->address), type_size = sizeof(socket->type);
	memset(socket, 0, sizeof(*socket));
	socket->fd = fd;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &socket->type, &type_size) != 0 ||
		(socket->type != SOCK_DGRAM && socket->type != SOCK_STREAM) ||
		getsockname(fd, (struct sockaddr *)&socket->address, &length) != 0 ||
		(socket->address.ss_family != AF_INET && socket->address.ss_family != AF_INET6))
		return why_write(why, size,
			"systemd passed descriptor %d, not a UDP or TCP socket of IPv4 or IPv6: "
			"use only ListenDatagram= and ListenStream= with IP addresses in mirrorns.socket",
			fd);
	handed_name(socket);
	length = sizeof(peer);
	if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0)
		return why_write(why, size,
			"systemd passed a connection of %s, not a listening socket: set Accept=no",
			socket->name);
	if (socket->address.ss_family == AF_INET6 && !option_get(fd, IPPROTO_IPV6, IPV6_V6ONLY))
		return why_write(why, size,
			"systemd passed %s for IPv4 too: set BindIPv6Only=ipv6-only", socket->name);
	return true;
}

static bool address_is(const struct handed *socket, const struct config_listen *at)
{
	if (socket->address.ss_family != at->address.ss_family)
		return false;
	if (at->address.ss_family == AF_INET) {
		const struct sockaddr_in *a = (const struct sockaddr_in *)&socket->address;
		const struct sockaddr_in *b = (const struct sockaddr_in *)&at->address;
		return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
	}
	const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)&socket->address;
	const struct sockaddr_in6 *b = (const struct sockaddr_in6 *)&at->address;
	return a->sin6_port == b->sin6_port && a->sin6_scope_id == b->sin6_scope_id &&
	       memcmp(&a->sin6_addr, &b->sin6_addr, sizeof(a->sin6_addr)) == 0;
}

/* Puts a descriptor where its address is configured. */
static bool handed_place(
	struct systemd_socket *sockets, const struct config *config, int fd, char *why, size_t size)
{
	struct handed socket;
	if (!handed_read(&socket, fd, why, size))
		return false;
	size_t i = 0;
	while (i < config->listen_count && !address_is(&socket, &config->listens[i]))
		i++;
	if (i == config->listen_count)
		return why_write(why, size,
			"systemd passed %s, which `listen` lacks: list the same addresses in both",
			socket.name);
	int *place = socket.type == SOCK_DGRAM ? &sockets[i].udp : &sockets[i].tcp;
	if (*place >= 0)
		return why_write(
			why, size, "systemd passed %s twice, expected it once", socket.name);
	*place = fd;
	return true;
}

struct systemd_socket *systemd_sockets_take(const struct config *config, char *why, size_t size)
{
	struct systemd_socket *sockets = calloc(config->listen_count, sizeof(*sockets));
	snprintf(why, size, "out of memory for the sockets");
	if (!sockets)
		return NULL;
	for (size_t i = 0; i < config->listen_count; i++)
		sockets[i] = (struct systemd_socket){-1, -1};
	int count = sd_listen_fds(1);
	bool good = count >= 0;
	if (!good)
		snprintf(why, size,
			"the sockets passed by systemd cannot be used ($LISTEN_FDS): %s",
			strerror(-count));
	for (int fd = SD_LISTEN_FDS_START; good && fd < SD_LISTEN_FDS_START + count; fd++)
		good = handed_place(sockets, config, fd, why, size);
	if (good)
		return sockets;
	systemd_sockets_free(sockets, config);
	return NULL;
}

void systemd_sockets_free(struct systemd_socket *sockets, const struct config *config)
{
	for (size_t i = 0; sockets && i < config->listen_count; i++) {
		if (sockets[i].udp >= 0)
			close(sockets[i].udp);
		if (sockets[i].tcp >= 0)
			close(sockets[i].tcp);
	}
	free(sockets);
}
