/* tools/ctl/list.h - a list of JSON objects as a table: a row for each, a column for each row of
 * `columns`. */
#ifndef TOOLS_CTL_LIST_H
#define TOOLS_CTL_LIST_H

#include "tools/ctl/screen.h"

#include <jansson.h>

struct column;

/* Adds exactly one cell. */
typedef void list_cell(struct screen_table *table, const json_t *row, const struct column *column);

struct column {
	const char *title; /* NULL: no title row, if it is the first one's */
	list_cell *cell; /* NULL: behind the last column */
	const char *key;
	enum screen_colour colour; /* of list_text */
	bool right;
};

list_cell list_text;
list_cell list_number;

/* Prints at most `most` rows; returns how many it printed. */
size_t list_show(const json_t *list, const struct column *columns, size_t most);

/* Texts as "a b c and 9 more": at most `most`, and as many as fit into `size`, 64 at least. Returns
 * line. */
const char *list_join(const json_t *list, size_t most, char *line, size_t size);

#endif
