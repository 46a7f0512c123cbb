/* tools/monitor/config/list_text.h - a list of mirrors on its way in: where something stands in it,
 * and what is wrong there. */
#ifndef TOOLS_MONITOR_CONFIG_LIST_TEXT_H
#define TOOLS_MONITOR_CONFIG_LIST_TEXT_H

#include "tools/monitor/config/entry.h"

#include <jansson.h>

struct list_text {
	const char *text;
	size_t text_size;
	const char *file;
	bool allow_private;
	uint16_t port; /* of a mirror that says none */
	void (*warn)(const char *sentence); /* NULL: nobody wants to know */
	json_t *warned; /* an object: its keys are names that were warned of */
	char *why;
	size_t why_size;
	json_t *root, *list; /* list: its "mirrors" */
	struct mirror_list *mirror_list;
	char *copy; /* free room for strings in the arena */
	struct address *address; /* likewise for addresses */
	struct list_window *window; /* and windows */
};

enum { LIST_NOWHERE = -1 };

/* A place that a sentence can be about. */
struct list_spot {
	ptrdiff_t mirror; /* LIST_NOWHERE: a member of the list itself */
	const char *field; /* NULL: the mirror, or the list, itself */
	ptrdiff_t element; /* of an array, or LIST_NOWHERE */
};

/* Gives every mirror its line. */
void list_text_number(const struct list_text *text);
unsigned list_text_line(const struct list_text *text, const struct list_spot *spot);

/* All refusals return false. */
__attribute__((format(printf, 3, 4))) bool list_refuse(
	const struct list_text *text, const struct list_spot *spot, const char *format, ...);
/* A name in an object at `spot` that is none of `known`. One near a known one is refused, as
 * that is what was meant; of others the owner is warned, once of each. */
bool list_unknown(struct list_text *text, const struct list_spot *spot, const char *name,
	const char *const *known);
/* "field is VALUE, expected EXPECTED"; value NULL: it is missing. */
bool list_refuse_value(const struct list_text *text, const struct list_spot *spot,
	const json_t *value, const char *expected);

#endif
