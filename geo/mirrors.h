/* geo/mirrors.h - mirrors, their addresses and state, as an export lists them. */
#ifndef GEO_MIRRORS_H
#define GEO_MIRRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum mirror_state { MIRROR_OK, MIRROR_OLD, MIRROR_REMOVED, MIRROR_DISABLED };
enum { MIRROR_STATES = 4 };

struct mirror {
	const char *host;
	const char *reason, *since, *checked; /* "" where the export has none */
	uint16_t country; /* never COUNTRY_NONE */
	uint16_t weight; /* 1..1000 */
	uint8_t state; /* enum mirror_state */
	unsigned line; /* in the export */
};

struct mirror_address {
	uint8_t octets[16]; /* network order; IPv4 in the first four, the rest 0 */
	uint32_t mirror; /* index into mirrors */
	unsigned line; /* in the export */
	bool ipv6;
	bool drained; /* taken out by hand: not served, whatever its mirror's state */
};

/* The canonical order, for qsort: IPv4 first, then by address. */
static inline int mirror_address_compare(const void *a, const void *b)
{
	const struct mirror_address *x = a, *y = b;
	int order = (int)x->ipv6 - (int)y->ipv6;
	return order ? order : memcmp(x->octets, y->octets, sizeof x->octets);
}

/* One parsed export; one owner, freed as one. */
struct mirrors {
	struct mirror *list;
	size_t count;
	struct mirror_address *addresses; /* in the export's order */
	size_t address_count;
	size_t in_service; /* addresses of mirrors ok or old, both families, drained or not */
	int64_t serial; /* -1: the export has none */
	int64_t generated; /* Unix seconds; -1: the export has none */
	unsigned serial_line, generated_line; /* in the export; 0: it has none */
	unsigned mirrors_line; /* of its list */
	void *arena;
};

static inline const char *mirror_state_name(enum mirror_state state)
{
	switch (state) {
	case MIRROR_OK:
		return "ok";
	case MIRROR_OLD:
		return "old";
	case MIRROR_REMOVED:
		return "removed";
	case MIRROR_DISABLED:
		return "disabled";
	}
	return "";
}

static inline bool mirror_in_service(enum mirror_state state)
{
	return state == MIRROR_OK || state == MIRROR_OLD;
}

#endif
