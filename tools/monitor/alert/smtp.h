/* tools/monitor/alert/smtp.h - delivers mail to one SMTP server, one message after the other, by libcurl on a thread of libuv. */
#ifndef TOOLS_MONITOR_ALERT_SMTP_H
#define TOOLS_MONITOR_ALERT_SMTP_H

#include "tools/monitor/alert/message.h"

#include <stdbool.h>
#include <uv.h>

struct alert_post;

/* A letter is delivered, or not. */
typedef void alert_posted(void *owner, bool good, bool summary);

struct alert_parcel {
	const char *server; /* smtp://HOST:PORT */
	const struct alert_letter *letter;
	bool summary;
};

/* NULL: no memory. */
struct alert_post *alert_post_new(uv_loop_t *loop, alert_posted *posted, void *owner);
/* Delivers when all before it are; copies what it needs. False: too many wait, or no memory. */
bool alert_post_add(struct alert_post *post, const struct alert_parcel *parcel);
bool alert_post_busy(const struct alert_post *post);
/* Gives up, within a second or so; the loop must run until then. */
void alert_post_free(struct alert_post *post);

#endif
