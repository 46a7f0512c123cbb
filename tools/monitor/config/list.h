/* tools/monitor/config/list.h - the list of mirrors that people keep (JSON): who they are, where, since when planned to be away.
 *
 * Everything or one sentence with file, line, host and field. No I/O here. */
#ifndef TOOLS_MONITOR_CONFIG_LIST_H
#define TOOLS_MONITOR_CONFIG_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster_window {
	int64_t from, to; /* Unix seconds; from <= now < to: away as planned */
};

struct roster_address {
	uint8_t octets[16]; /* network order; IPv4 in the first four, the rest 0 */
	bool ipv6;
};

struct roster_mirror {
	const char *host;
	uint16_t country; /* never COUNTRY_NONE */
	uint16_t port, weight;
	bool disabled; /* by hand */
	const char *admin,
		*alerts; /* "" where there is none; roster_mail says whether to write to it */
	const struct roster_address *addresses; /* none: its name is resolved */
	size_t address_count;
	const struct roster_window *windows;
	size_t window_count;
	unsigned line;
};

/* One parsed list; one owner, freed as one. */
struct roster {
	struct roster_mirror *list;
	size_t count;
	void *arena;
};

struct roster_source {
	const char *json;
	size_t size; /* octets */
	const char *file; /* its name, for sentences */
	bool allow_private; /* addresses that are neither global nor for documentation (geo/special.h) */
};

/* NULL: the sentence. */
struct roster *roster_parse(const struct roster_source *source, char *why, size_t size);
void roster_free(struct roster *roster);

/* Not to be served now: by hand, or in a planned window. *why: "disabled by hand", "planned downtime until …". */
bool roster_away(const struct roster_mirror *mirror, int64_t now, char *why, size_t size);

#endif
