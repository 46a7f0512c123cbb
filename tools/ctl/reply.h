/* tools/ctl/reply.h - what a verb came to, from a server or offline. */
#ifndef TOOLS_CTL_REPLY_H
#define TOOLS_CTL_REPLY_H

#include "dns/base/exit.h"

#include <jansson.h>
#include <stdbool.h>

enum { REPLY_WHY_MAX = 4096 };

struct reply {
	int status; /* the exit status */
	bool denied; /* the caller may not use the socket */
	char why[REPLY_WHY_MAX]; /* ""; else one sentence */
	json_t *result; /* NULL: there is none; to be freed */
};

#endif
