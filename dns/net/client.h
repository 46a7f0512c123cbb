/* dns/net/client.h - who asks, as a socket tells it. */
#ifndef DNS_NET_CLIENT_H
#define DNS_NET_CLIENT_H

#include "dns/query/serve.h"

#include <netinet/in.h>
#include <string.h>

/* False: the address is of neither family. */
static inline bool client_fill(
	struct client *client, const struct sockaddr_storage *peer, bool is_tcp)
{
	client->tcp = is_tcp;
	client->ipv6 = peer->ss_family == AF_INET6;
	if (client->ipv6)
		memcpy(client->address, &((const struct sockaddr_in6 *)peer)->sin6_addr, 16);
	else
		memcpy(client->address, &((const struct sockaddr_in *)peer)->sin_addr, 4);
	return client->ipv6 || peer->ss_family == AF_INET;
}

#endif
