/* geo/place.h - which country an address is in: database and overrides, read once.
 *
 * The result covers all of both address families with sorted segments; geo/map compiles them.
 * Nothing here is used to answer a query, and no file is held open or mapped. */
#ifndef GEO_PLACE_H
#define GEO_PLACE_H

#include "geo/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All addresses of both families, layered: database, then special space, then overrides. */
struct places {
	struct place_family ipv4, ipv6;
	/* The parts of special space that are free of overrides, as widest prefixes, sorted; [0]
	 * IPv4, [1] IPv6. An ECS address in one is answered by the source address with that
	 * prefix's length as scope. */
	struct place_prefix *special[2];
	size_t special_count[2];
};

/* A country database, walked. */
struct place_database {
	struct place_family ipv4, ipv6; /* special is false throughout */
	uint64_t build; /* Unix seconds, from its metadata */
	char type[64]; /* database_type, cut off if longer; control characters replaced */
	size_t networks; /* leaves that name a country */
	unsigned countries; /* that they name */
	size_t unknown; /* leaves whose code is no country (served as none) */
};

struct place_override {
	struct place_prefix prefix;
	bool ipv6; /* an ::ffff:0:0/96 network is stored as its IPv4 one */
	uint16_t country;
	unsigned line;
};

struct place_overrides {
	struct place_override
		*list; /* IPv4 first, then by address and length, shorter ones first */
	size_t count;
};

/* Reads a MaxMind DB from `bytes` (copied into a memfd, which libmaxminddb opens; the caller's
 * bytes may go). Country by country.iso_code, or a flat country_code. NULL: one sentence with
 * `file` in it. Any content is safe: broken trees, loops and pointers are refused, as is a database
 * without a network of a known country. */
struct place_database *place_database_parse(
	const uint8_t *bytes, size_t count, const char *file, char *why, size_t size);
void place_database_free(void *database);

/* CSV `network,country`; NULL: one sentence "file:line: ...". */
struct place_overrides *place_overrides_parse(
	const char *text, size_t count, const char *file, char *why, size_t size);
void place_overrides_free(void *overrides);

/* Either may be NULL. NULL only without memory. The inputs are not kept. */
struct places *places_build(
	const struct place_database *database, const struct place_overrides *overrides);
void places_free(void *places);

/* The segment of an address (binary search): for explain and tests. */
const struct place_segment *places_find(
	const struct place_family *family, struct place_address address);

#endif
