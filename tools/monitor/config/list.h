/* tools/monitor/config/list.h - the list of mirrors that people keep (JSON): who they are, where,
 * since when planned to be away.
 *
 * Everything or one sentence with file, line, host and field. No I/O here. */
#ifndef TOOLS_MONITOR_CONFIG_LIST_H
#define TOOLS_MONITOR_CONFIG_LIST_H

#include "tools/monitor/config/entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sentence with file and line about what is taken, but ignored. */
typedef void list_warn(const char *sentence);

struct list_source {
	const char *json;
	size_t size; /* octets */
	const char *file; /* its name, for sentences */
	/* addresses that are neither global nor for documentation (geo/special.h) */
	bool allow_private;
	uint16_t port; /* of a mirror that says none; 0: 80 */
	list_warn *warn; /* NULL: nobody wants to know */
};

/* NULL: the sentence. */
struct mirror_list *list_parse(const struct list_source *source, char *why, size_t size);
void list_free(struct mirror_list *mirror_list);

/* Who is disabled beside the list; that is the list's from then on. */
void list_by_hand(struct mirror_list *mirror_list, struct by_hand *by_hand);

/* Not to be served now: by hand, or in a planned window. *why: "disabled by hand", "planned
 * downtime until …". */
bool list_away(const struct list_mirror *mirror, int64_t now, char *why, size_t size);

#endif
