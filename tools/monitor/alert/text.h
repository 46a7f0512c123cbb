/* tools/monitor/alert/text.h - what the mails and the command are told of a change, and the
 * summary. */
#ifndef TOOLS_MONITOR_ALERT_TEXT_H
#define TOOLS_MONITOR_ALERT_TEXT_H

#include "tools/monitor/state/inventory.h"

#include <stdio.h>

/* A change that waits for the next summary. */
struct alert_change {
	uint64_t number; /* from 1 on */
	struct inventory_event event;
};

/* What a summary is made of. */
struct alert_summary {
	const struct inventory *inventory;
	const struct alert_change *changes; /* oldest first */
	size_t change_count;
	uint64_t lost; /* changes that there was no room for */
	uint64_t held; /* changes that got no mail of their own */
	int64_t since, started, now; /* Unix seconds; started: this process */
};

/* One line: why this message comes. */
void alert_subject(const struct settings *settings, const struct inventory_event *event, char *text,
	size_t size);
/* Each writes the message's body. */
void alert_change_write(FILE *out, const struct settings *settings,
	const struct inventory_event *event, const struct list_mirror *mirror);
void alert_summary_write(FILE *out, const struct alert_summary *summary);
/* The object for the command, with a newline; to be freed. NULL: no memory. */
char *alert_json(const struct inventory_event *event, const struct list_mirror *mirror);

#endif
