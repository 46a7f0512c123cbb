/* dns/snapshot/client.h - who asks. */
#ifndef DNS_SNAPSHOT_CLIENT_H
#define DNS_SNAPSHOT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

/* The source address of the packet. */
struct client {
	bool ipv6;
	bool tcp;
	uint8_t address[16]; /* network order; IPv4 in the first four */
};

#endif
