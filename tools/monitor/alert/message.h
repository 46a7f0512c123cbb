/* tools/monitor/alert/message.h - a mail as RFC 5322 writes it; no I/O, no clock. */
#ifndef TOOLS_MONITOR_ALERT_MESSAGE_H
#define TOOLS_MONITOR_ALERT_MESSAGE_H

#include "tools/monitor/config/mailbox.h"

#include <stdint.h>

struct message {
	const struct mailbox *from, *to, *copy; /* copy: NULL, or who else gets it */
	const char *subject;
	const char *body; /* lines end with LF */
	int64_t at; /* Unix seconds */
	uint64_t number; /* with `at`, what makes it unlike any other */
};

/* Its header without the fields of MIME, ASCII; lines end with CRLF but for the last, and are short
 * but for long addresses; whatever a text has, it is no more than that field's. To be freed. NULL:
 * no memory. */
char *message_header(const struct message *message);
/* Its body as it was given, but for lines that end with CRLF; the same. */
char *message_body(const struct message *message);

#endif
