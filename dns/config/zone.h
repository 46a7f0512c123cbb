/* dns/config/zone.h - what a configuration says of a zone. */
#ifndef DNS_CONFIG_ZONE_H
#define DNS_CONFIG_ZONE_H

#include "geo/rule.h"
#include "zones/name.h"

#include <stddef.h>

enum config_stale { STALE_SERVE, STALE_WITHDRAW };

struct config_txt {
	const char *name; /* as configured */
	uint8_t wire[NAME_SIZE_MAX]; /* absolute, lower case */
	char *file; /* absolute or relative to the working directory: ready to open */
	uint32_t ttl; /* seconds */
	uint32_t max_age; /* seconds; 0 = off */
	enum config_stale stale;
	bool cvd; /* format = "cvd": the string must be one that freshclam reads */
	unsigned line;
};

struct config_pool {
	const char *name; /* as configured: "db.*.big" */
	uint8_t wire[NAME_SIZE_MAX]; /* absolute, lower case; a pattern has the label "*" once */
	bool pattern;
	unsigned star; /* pattern: number of labels before the "*" */
	struct pool_rule rule;
	unsigned line;
};

/* A name below which clients tell how mirrors served them. */
struct config_ping {
	const char *name; /* as configured */
	uint8_t wire[NAME_SIZE_MAX]; /* absolute, lower case */
	uint8_t address[4]; /* IPv4: what they are answered */
	uint32_t ttl; /* seconds */
	unsigned line;
};

struct config_zone {
	const char *name; /* as configured */
	uint8_t apex[NAME_SIZE_MAX]; /* lower case */
	char *file;
	char *export; /* NULL: none (then there are no pools) */
	unsigned max_shrink; /* per cent, 0..100 */
	uint32_t export_max_age; /* seconds; 0 = off */
	struct config_txt *txts;
	size_t txt_count;
	struct config_pool *pools;
	size_t pool_count;
	struct config_ping *pings;
	size_t ping_count;
	unsigned line;
};

#endif
