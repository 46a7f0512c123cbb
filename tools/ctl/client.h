/* tools/ctl/client.h - one request to a server's control socket, and its reply.
 *
 * A line of JSON each way. The other side is not trusted: time and size are limited. */
#ifndef TOOLS_CTL_CLIENT_H
#define TOOLS_CTL_CLIENT_H

#include "tools/ctl/reply.h"

enum { CLIENT_REQUEST_MAX = 65536, CLIENT_REPLY_MAX = 64 << 20 /* octets */ };

/* Fills `reply` in any case: what goes wrong on the way is a sentence and its status. */
void client_ask(const char *path, const json_t *request, unsigned seconds, struct reply *reply);

#endif
