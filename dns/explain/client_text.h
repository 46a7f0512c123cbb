/* dns/explain/client_text.h - addresses and networks as an operator writes and reads them. */
#ifndef DNS_EXPLAIN_CLIENT_TEXT_H
#define DNS_EXPLAIN_CLIENT_TEXT_H

#include "dns/snapshot/locate.h"

enum { LOCATE_CLIENT_MAX = ADDRESS_TEXT_MAX + 16 };

/* An address as an operator gives it. */
struct locate_client {
	struct client source; /* the packet's; over TCP, so that nothing is cut off */
	bool ecs; /* it came with /LEN: a client subnet (RFC 7871) */
	uint8_t length; /* bits of it */
};

/* False: one sentence says what is wrong with the text. */
bool locate_client_parse(struct locate_client *client, const char *text, char *why, size_t size);
/* "192.0.2.0/24"; returns text. */
const char *locate_client_write(const struct locate_client *client, char text[LOCATE_CLIENT_MAX]);
const char *locate_network_write(const struct locate_place *place, char text[LOCATE_CLIENT_MAX]);

#endif
