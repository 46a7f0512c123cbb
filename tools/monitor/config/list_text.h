/* tools/monitor/config/list_text.h - a list of mirrors on its way in: where something stands in it, and what is wrong there. */
#ifndef TOOLS_MONITOR_CONFIG_LIST_TEXT_H
#define TOOLS_MONITOR_CONFIG_LIST_TEXT_H

#include "tools/monitor/config/entry.h"

#include <jansson.h>

struct roster_text {
	const char *text;
	size_t text_size;
	const char *file;
	bool allow_private;
	char *why;
	size_t why_size;
	json_t *root, *list; /* list: its "mirrors" */
	struct roster *roster;
	char *copy; /* free room for strings in the arena */
	struct roster_address *address; /* likewise for addresses */
	struct roster_window *window; /* and windows */
};

enum { ROSTER_NOWHERE = -1 };

/* A place that a sentence can be about. */
struct roster_spot {
	ptrdiff_t mirror; /* ROSTER_NOWHERE: a member of the list itself */
	const char *field; /* NULL: the mirror, or the list, itself */
	ptrdiff_t element; /* of an array, or ROSTER_NOWHERE */
};

/* Gives every mirror its line. */
void roster_text_number(const struct roster_text *text);
unsigned roster_text_line(const struct roster_text *text, const struct roster_spot *spot);

/* All refusals return false. */
__attribute__((format(printf, 3, 4))) bool roster_refuse(
	const struct roster_text *text, const struct roster_spot *spot, const char *format, ...);
/* "field is VALUE, expected EXPECTED"; value NULL: it is missing. */
bool roster_refuse_value(const struct roster_text *text, const struct roster_spot *spot,
	const json_t *value, const char *expected);

#endif
