/* tools/monitor/config/entry.h - a mirror of the list: who it is, where, since when planned to be
 * away. */
#ifndef TOOLS_MONITOR_CONFIG_ENTRY_H
#define TOOLS_MONITOR_CONFIG_ENTRY_H

#include "geo/address.h"

struct list_window {
	int64_t from, to; /* Unix seconds; from <= now < to: away as planned */
	const char *why; /* "": none was given */
};

struct list_mirror {
	const char *host;
	uint16_t country; /* never COUNTRY_NONE */
	uint16_t port, weight;
	bool disabled; /* by hand, in the list */
	const struct by_hand_entry *by_hand; /* beside the list; NULL: not */
	const char *admin,
		*alerts; /* "" where there is none; list_mail says whether to write to it */
	const struct address *addresses; /* none: its name is resolved */
	size_t address_count;
	const struct list_window *windows;
	size_t window_count;
	unsigned line;
};

/* One parsed list; one owner, freed as one. */
struct mirror_list {
	struct list_mirror *list;
	size_t count;
	void *arena;
	struct by_hand *by_hand; /* NULL: nobody has asked for it */
};

#endif
