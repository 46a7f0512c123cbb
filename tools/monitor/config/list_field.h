/* tools/monitor/config/list_field.h - the members of a mirror in the list: one row for each. */
#ifndef TOOLS_MONITOR_CONFIG_LIST_FIELD_H
#define TOOLS_MONITOR_CONFIG_LIST_FIELD_H

#include "tools/monitor/config/list_text.h"

/* Adds the room that a list's mirrors need; whatever is in it. */
void list_field_measure(const json_t *list, size_t *addresses, size_t *windows, size_t *octets);
/* Reads mirror `i` of the list. False: refused. */
bool list_field_parse(struct list_text *text, size_t i);

#endif
