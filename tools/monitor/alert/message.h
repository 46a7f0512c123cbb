/* tools/monitor/alert/message.h - a mail as RFC 5322 and MIME write it; no I/O, no clock. */
#ifndef TOOLS_MONITOR_ALERT_MESSAGE_H
#define TOOLS_MONITOR_ALERT_MESSAGE_H

#include "tools/monitor/config/mailbox.h"

#include <stddef.h>
#include <stdint.h>

struct message {
	const struct mailbox *from, *to, *copy; /* copy: NULL, or who else gets it */
	const char *subject;
	const char *body; /* lines end with LF */
	int64_t at; /* Unix seconds */
	uint64_t number; /* with `at`, what makes it unlike any other */
};

/* The message by RFC 5322 and MIME, ASCII, lines end with CRLF and are short but for long
 * addresses; whatever a text has, it is no more than that field's. To be freed. NULL: no memory. */
char *message_write(const struct message *message, size_t *size);

#endif
