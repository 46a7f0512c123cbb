/* tools/monitor/alert/smtp.h - delivers mail to one SMTP server, one message after the other, by
 * libcurl on a thread of libuv. */
#ifndef TOOLS_MONITOR_ALERT_SMTP_H
#define TOOLS_MONITOR_ALERT_SMTP_H

#include "tools/monitor/alert/message.h"

#include <stdbool.h>
#include <uv.h>

struct smtp;

/* A message is delivered, or not. */
typedef void smtp_sent(void *owner, bool good, bool summary);

struct smtp_message {
	const char *server; /* smtp://HOST:PORT */
	const struct message *message;
	bool summary;
};

/* NULL: no memory. */
struct smtp *smtp_new(uv_loop_t *loop, smtp_sent *sent, void *owner);
/* Delivers when all before it are; copies what it needs. False: too many wait, or no memory. */
bool smtp_add(struct smtp *smtp, const struct smtp_message *wanted);
bool smtp_busy(const struct smtp *smtp);
/* Gives up, within a second or so; the loop must run until then. */
void smtp_free(struct smtp *smtp);

#endif
