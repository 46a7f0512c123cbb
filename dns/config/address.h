/* dns/config/address.h - addresses and networks of a configuration, and their readers. */
#ifndef DNS_CONFIG_ADDRESS_H
#define DNS_CONFIG_ADDRESS_H

#include "dns/config/value.h"
#include "geo/address.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* An address to listen on. */
struct config_listen {
	const char *text; /* as configured */
	struct sockaddr_storage address;
	socklen_t size;
};

struct config_network {
	struct address at;
	uint8_t length; /* bits */
};

config_read config_read_address; /* struct config_listen; its text is "" for "": off */
config_read config_read_ipv4; /* four octets, in network order */
/* Lists with their counts, of struct config_listen (port 53 if none is given) and
 * config_network. */
config_read config_read_listens;
config_read config_read_networks;

#endif
