#include "tools/monitor/config/mailbox.h"

#include "tools/monitor/config/hostname.h"

#include <stdio.h>
#include <string.h>

enum { LOCAL_MAX = 64 /* RFC 5321 4.5.3.1.1 */ };

/* RFC 5322 3.2.3 atext, and the dot between. */
static bool is_local(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr(".!#$%&'*+-/=?^_`{|}~", c));
}

/* One that begins with a hyphen would be an option to many a mail program. */
static bool mail_good(const char *mail)
{
	const char *at = strchr(mail, '@');
	size_t size = strlen(mail);
	if (!at || at == mail || at - mail > LOCAL_MAX || mail[size - 1] == '.')
		return false;
	for (const char *c = mail; c < at; c++)
		if (!is_local((unsigned char)*c))
			return false;
	return mail[0] != '-' && mail[0] != '.' && at[-1] != '.' && !strstr(mail, "..") &&
	       host_fits(at + 1, strlen(at + 1), false);
}

bool mailbox_parse(const char *text, struct mailbox *mailbox)
{
	const char *open = strchr(text, '<'), *end = text + strlen(text);
	size_t name_size = open ? (size_t)(open - text) : 0;
	memset(mailbox, 0, sizeof(*mailbox));
	if (open && (end[-1] != '>' || name_size > MAILBOX_NAME_MAX))
		return false;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			return false;
	const char *mail = open ? open + 1 : text;
	size_t size = (size_t)(end - mail) - (open ? 1 : 0);
	if (size > MAILBOX_MAX)
		return false;
	memcpy(mailbox->mail, mail, size);
	memcpy(mailbox->name, text, name_size);
	while (name_size && mailbox->name[name_size - 1] == ' ')
		mailbox->name[--name_size] = '\0';
	if (mail_good(mailbox->mail))
		return true;
	memset(mailbox, 0, sizeof(*mailbox));
	return false;
}

size_t mailbox_list_parse(const char *text, struct mailbox list[MAILBOX_LIST_MAX])
{
	char part[MAILBOX_MAX + MAILBOX_NAME_MAX + 3];
	size_t count = 0;
	/* A name may have a comma of its own, but then no address before it. */
	if (mailbox_parse(text, &list[0]) && !strchr(list[0].name, '@'))
		return 1;
	while (*text && count < MAILBOX_LIST_MAX) {
		size_t size = strcspn(text, ",;");
		snprintf(part, sizeof(part), "%.*s", (int)size, text);
		while (size && size < sizeof(part) && part[size - 1] == ' ')
			part[--size] = '\0';
		count += mailbox_parse(part, &list[count]);
		text += strcspn(text, ",;");
		text += strspn(text, ",; ");
	}
	return count;
}
