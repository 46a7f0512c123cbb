/* tools/monitor/alert/alert.h - tells people: a command with JSON on its standard input, and mail.
 *
 * One run of the command for each change, one after the other, each at most 30 s; a mail to the
 * mirror's alert address (else its admin's) for each change but a first success, and a summary once
 * a `digest`. Never a flood: beyond so many in an hour, what is left goes into the summary alone,
 * and one mail says so. */
#ifndef TOOLS_MONITOR_ALERT_ALERT_H
#define TOOLS_MONITOR_ALERT_ALERT_H

#include "tools/monitor/config/mailbox.h"
#include "tools/monitor/state/inventory.h"

#include <uv.h>

struct alert;

enum { ALERT_HOUR_MAX = 20 };

/* The mails of the last hour; all 0: none. It outlives the alert, so that one that follows with
 * another configuration sends no more than this one might. */
struct alert_hour {
	struct alert_mail {
		uint64_t at; /* milliseconds of the machine's monotonic clock, which loops have */
		char to[MAILBOX_MAX + 1]; /* "": the slot is free */
	} mails[ALERT_HOUR_MAX];
	bool flood; /* so many that no more are sent */
};

/* NULL: no memory. `inventory` and `hour` must outlive it: counts are kept there. */
struct alert *alert_new(uv_loop_t *loop, struct inventory *inventory, struct alert_hour *hour);
/* {"host","address","country","from","to","why","since","admin","alerts"}; `mirror` is read during
 * the call. */
void alert_send(
	struct alert *alert, const struct inventory_event *event, const struct list_mirror *mirror);
/* Is something still being sent? */
bool alert_busy(const struct alert *alert);
/* Ends what is left of it; the loop must run once more. */
void alert_free(struct alert *alert);

#endif
