/* dns/snapshot/locate.h - what database, overrides and a pool's map say of a client's address. */
#ifndef DNS_SNAPSHOT_LOCATE_H
#define DNS_SNAPSHOT_LOCATE_H

#include "dns/snapshot/client.h"
#include "dns/snapshot/snapshot.h"

struct locate_place {
	unsigned country;
	bool special; /* private space: of an ECS address the source decides */
	const struct place_override *override; /* NULL: the database's word */
	struct address network; /* an IPv4 address in IPv6 form is IPv4 */
	uint8_t length; /* bits of the network */
};

struct locate_place locate_place_find(const struct inputs *inputs, const struct client *client);

/* A client in a pool's map. */
static inline struct map_match locate_match(const struct map *map, const struct client *client)
{
	uint32_t ipv4;
	if (client->ipv6)
		return map_find_ipv6(map, map_key(client->address));
	memcpy(&ipv4, client->address, sizeof(ipv4));
	return map_find_ipv4(map, be32toh(ipv4));
}

/* The widest prefix around the client in which this pool answers alike: the scope for ECS. */
uint8_t locate_scope_find(const struct snapshot_pool *pool, const struct client *client);
/* The outcome that the client's own address gets. */
const struct snapshot_outcome *locate_outcome_find(
	const struct snapshot_pool *pool, const struct client *client);

#endif
