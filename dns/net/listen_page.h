/* dns/net/listen_page.h - the TCP socket that a page of metrics is served on. */
#ifndef DNS_NET_LISTEN_PAGE_H
#define DNS_NET_LISTEN_PAGE_H

#include "dns/config/config.h"

/* It listens. -1: one sentence, which begins with the address. */
int listen_page(const struct config_listen *at, char *why, size_t size);
/* The same where another process has given `beside`, which listens on another address: on the
 * wildcard of this one, or on one of its own, it is no obstacle. */
int listen_page_beside(const struct config_listen *at, int beside, char *why, size_t size);

#endif
