/* dns/snapshot/snapshot.h - everything loaded, linked for serving.
 *
 * Built aside from accepted inputs, checked, never changed after that, freed as one with its
 * inputs. Workers only read it. */
#ifndef DNS_SNAPSHOT_SNAPSHOT_H
#define DNS_SNAPSHOT_SNAPSHOT_H

#include "dns/load/inputs.h"
#include "geo/map.h"
#include "geo/pool.h"
#include "zones/zone.h"

/* What one place gets. Its turns count from the pool's first; outcomes with the same set in one
 * family share that turn. */
struct snapshot_outcome {
	const struct pool_set *set[POOL_FAMILIES]; /* NULL: NODATA */
	uint32_t turn[POOL_FAMILIES];
};

/* A pool at one name: outcome 0 for a fixed place, else the map's. */
struct snapshot_pool {
	const struct map *map; /* NULL: the place is fixed */
	const struct snapshot_outcome *outcomes;
	uint32_t outcome_count;
	uint32_t turn; /* the number of its first turn */
	uint64_t name_hash; /* of the lower-case name: what its turns are known by over reloads */
	bool ecs; /* false: the source address decides */
	uint16_t country; /* that its label stands for; COUNTRY_NONE: it has none */
	const struct config_pool *config;
};

enum dynamic_state {
	DYNAMIC_GOOD,
	DYNAMIC_FAILED, /* its TXT was never loaded: SERVFAIL */
	DYNAMIC_WITHDRAWN, /* its TXT is too old: the name is not there, unless it has other data */
};

/* What a node's binding points at; beside it the node may have RRsets. Number 0 is "nothing". */
struct snapshot_dynamic {
	struct snapshot_pool *pool; /* NULL: none */
	enum dynamic_state state;
};

/* One turn: what it counts, so that it goes on in the next snapshot. */
struct snapshot_turn {
	uint64_t key; /* of (name, candidate set, family) */
	uint32_t period; /* the turn stays below this */
	uint32_t before; /* the same turn's number in the previous snapshot, or TURN_NEW */
};
enum { TURN_NEW = UINT32_MAX };

/* Rules that part the countries alike share a map, and so do snapshots, as long as the places stay
 * the same. */
struct snapshot_map {
	uint16_t outcome[COUNTRY_MAX + 1];
	struct refcount *map; /* struct map */
};

/* A name below which clients tell how mirrors served them. */
struct snapshot_ping {
	const uint8_t *wire; /* lower case */
	uint8_t size; /* octets */
	struct rrset address; /* the one record of an answer: in `image` */
	uint8_t image[RECORD_FIXED + 4];
};

struct snapshot_zone {
	struct zone *zone;
	struct rrset soa; /* as negative answers carry it: TTL = min(TTL, MINIMUM) (RFC 2308 3) */
	struct pools *pools; /* NULL: the zone has none */
	const struct config_zone *config;
	size_t first_pool; /* its pools are together, up to the next zone's */
	struct snapshot_ping *pings; /* NULL: none */
	size_t ping_count;
	uint8_t ping_size,
		/* the shortest one's octets, and those of its first label; none: UINT8_MAX */
		ping_label;
	struct listing *listing; /* the export's addresses, if there are ping names */
	const uint8_t *apex;
	uint8_t apex_size; /* octets */
};

struct snapshot {
	struct inputs *inputs; /* owned; only reload writes to it (inputs_save_all) */
	struct snapshot_zone *zones; /* as configured */
	size_t zone_count;
	/* Zones by the hash of their apex: 1 + number, 0 is free; a power of two. Only names with
	 * as many labels as some apex has, the most first, are looked for. */
	uint32_t *apexes;
	uint32_t apex_mask;
	uint8_t depths[NAME_LABELS_MAX + 1];
	uint8_t depth_count;
	struct snapshot_dynamic *dynamics; /* by zone_node.dynamic */
	size_t dynamic_count;
	struct snapshot_pool *pools;
	size_t pool_count;
	struct snapshot_turn *turns;
	size_t turn_count;
	/* NSID and CHAOS texts (RFC 5001, RFC 4892); size 0: off. */
	const char *identity, *version;
	uint16_t identity_size, version_size;
	uint16_t max_udp_size;
	/* What the above point into besides the inputs. */
	struct snapshot_outcome *outcomes;
	size_t outcome_count;
	struct snapshot_map *maps;
	size_t map_count;
	uint8_t **images; /* malloc'ed records */
	size_t image_count;
};

void snapshot_free(struct snapshot *snapshot);

/* The deepest zone that a name is in; NULL: not ours. A server of one zone has no choice, so there
 * zone_find is left to say that a name is not in it. With `above` a zone whose apex is the name
 * itself gives way to one above it (DS, RFC 4035 3.1.4.1). */
const struct snapshot_zone *snapshot_zone(
	const struct snapshot *snapshot, const struct name_key *key, bool above);

#endif
