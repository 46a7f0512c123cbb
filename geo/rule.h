/* geo/rule.h - what a pool is configured to do: where it begins, and how it goes on. */
#ifndef GEO_RULE_H
#define GEO_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum pool_family { POOL_IPV4, POOL_IPV6, POOL_FAMILIES };

enum place_kind { PLACE_COUNTRY, PLACE_CONTINENT, PLACE_WORLD };

/* A level: the members of one country, one continent or the world. */
struct pool_place {
	uint8_t kind; /* enum place_kind */
	/* Country or continent; 0 for the world. In a fallback list PLACE_CONTINENT with 0 is "the
	 * continent of level 1's place". */
	uint16_t code;
};

enum pool_from { POOL_FROM_LABEL, POOL_FROM_CLIENT, POOL_FROM_FIXED };
enum { POOL_FALLBACK_MAX = 32 };

struct pool_rule {
	uint8_t from; /* enum pool_from */
	struct pool_place fixed; /* for POOL_FROM_FIXED */
	struct pool_place fallback[POOL_FALLBACK_MAX];
	uint8_t fallback_count;
	bool families[POOL_FAMILIES];
	bool together; /* family-fallback */
	bool fail_open;
	bool ecs;
	uint32_t ttl; /* seconds */
	uint32_t answers; /* 0 = all that fit 65,535 octets */
	uint32_t min_members;
};

#endif
