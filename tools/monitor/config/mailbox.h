/* tools/monitor/config/mailbox.h - to whom mail goes (RFC 5322 3.4): the list, the configuration
 * and the mailer take the same. */
#ifndef TOOLS_MONITOR_CONFIG_MAILBOX_H
#define TOOLS_MONITOR_CONFIG_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

enum {
	MAILBOX_MAX = 254, /* RFC 5321 4.5.3.1.3 */
	MAILBOX_NAME_MAX = 200,
	MAILBOX_LIST_MAX = 8
};

struct mailbox {
	char mail[MAILBOX_MAX + 1]; /* "": none */
	char name[MAILBOX_NAME_MAX + 1]; /* to be shown, "": none */
};

/* "user@host.example" or "Name <user@host.example>", ASCII but for the name. False: neither. */
bool mailbox_parse(const char *text, struct mailbox *mailbox);

/* Those of a text like "a@host.example, Name <b@host.example>", at most MAILBOX_LIST_MAX; what
 * is no mailbox is passed over. Returns how many. */
size_t mailbox_list_parse(const char *text, struct mailbox list[MAILBOX_LIST_MAX]);

#endif
