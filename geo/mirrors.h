/* geo/mirrors.h - mirrors, their addresses and state, as an export lists them. */
#ifndef GEO_MIRRORS_H
#define GEO_MIRRORS_H

#include "geo/address.h"

enum mirror_state { MIRROR_OK, MIRROR_OLD, MIRROR_REMOVED, MIRROR_DISABLED };
enum { MIRROR_STATES = 4 };

struct mirror {
	const char *host;
	const char *reason, *since, *checked; /* "" where the export has none */
	uint16_t country; /* never COUNTRY_NONE */
	uint16_t weight; /* 1..1000 */
	uint8_t state; /* enum mirror_state */
	unsigned line; /* in the export */
	uint32_t first; /* the first entry of the same host, whatever its case: perhaps this one */
};

struct mirror_address {
	struct address at;
	bool drained; /* taken out by hand: not served, whatever its mirror's state */
	uint32_t mirror; /* index into mirrors */
	unsigned line; /* in the export */
};

/* One parsed export; one owner, freed as one. */
struct mirrors {
	struct mirror *list;
	size_t count; /* entries: a host may have several */
	struct mirror_address *addresses; /* in the export's order */
	size_t address_count;
	size_t in_service; /* addresses of mirrors ok or old, both families, drained or not */
	size_t hosts; /* of all entries */
	int64_t serial; /* -1: the export has none */
	int64_t generated; /* Unix seconds; -1: the export has none */
	unsigned serial_line, generated_line; /* in the export; 0: it has none */
	unsigned mirrors_line; /* of its list */
	void *arena;
};

static inline const char *mirror_state_name(enum mirror_state state)
{
	static const char *const names[MIRROR_STATES] = {"ok", "old", "removed", "disabled"};
	return (unsigned)state < MIRROR_STATES ? names[state] : "";
}

static inline bool mirror_in_service(enum mirror_state state)
{
	return state == MIRROR_OK || state == MIRROR_OLD;
}

#endif
