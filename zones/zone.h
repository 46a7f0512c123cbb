/* zones/zone.h - one zone's names, linked for answering.
 *
 * Built while a snapshot is built (zone_new, zone_add, zone_put, zone_link), read-only after
 * zone_link. The zone owns its nodes and its table; RRset images stay their maker's and must
 * outlive it. */
#ifndef ZONES_ZONE_H
#define ZONES_ZONE_H

#include "zones/name.h"
#include "zones/rrset.h"

struct zone_node {
	const uint8_t *name; /* lower case, wire form */
	struct rrset *rrsets; /* in ascending type order */
	uint16_t rrset_count;
	uint8_t name_size;
	uint8_t labels;
	bool has_children; /* names below it are there */
	bool has_cname;
	uint32_t dynamic; /* 0, or the number under which the builder of the zone keeps more data */
	const struct zone_node *cut; /* the delegation at or above this name; NULL: authoritative */
	const struct zone_node *wildcard; /* the child "*"; NULL: none */
	uint32_t hash; /* of the whole name, as in struct name_key */
};

enum zone_result {
	ZONE_FOUND, /* the name is there and has data */
	ZONE_NODATA, /* an empty non-terminal (RFC 8020) */
	ZONE_NXDOMAIN, /* node = closest encloser */
	ZONE_WILDCARD, /* node = the wildcard that covers the name (RFC 4592) */
	ZONE_DNAME, /* node = an ancestor with a DNAME (RFC 6672) */
	ZONE_DELEGATION, /* node = the cut at or above the name */
	ZONE_NOT_OURS, /* the name is not in this zone */
};

struct zone; /* opaque; see below */

struct zone *zone_new(const uint8_t *apex);
/* The node of `name`, made with its ancestors if need be; NULL: the name is out of zone, or no
 * memory. Node pointers are stable until zone_link. */
struct zone_node *zone_add(struct zone *zone, const uint8_t *name);
/* Adds an RRset to a node; false: the node has that type already, or no memory. */
bool zone_put(struct zone *zone, struct zone_node *node, const struct rrset *rrset);
/* The node of exactly this name, or NULL; usable before and after zone_link. */
struct zone_node *zone_get(const struct zone *zone, const uint8_t *name);
/* Resolves cuts, wildcards and the table. To be called once, before the first zone_find. False: no
 * memory. */
bool zone_link(struct zone *zone);
void zone_free(struct zone *zone);

unsigned zone_labels(const struct zone *zone); /* of the apex */
size_t zone_names(const struct zone *zone); /* nodes with data (RRsets or binding) */

/* What the zone has at a name, in one word; *node as the word says (else NULL). Allocates nothing;
 * bounded by the name's labels. At a cut's own name the word is DELEGATION too: a DS question is
 * the caller's to except (RFC 4035 3.1.4.1). A wildcard with NS is no cut, only data (RFC 4592
 * 4.2). */
enum zone_result zone_find(
	const struct zone *zone, const struct name_key *key, const struct zone_node **node);

/* The same in two steps, for who knows names that are not in the tree: true: the very name is
 * there, and *word tells what zone_find would; else what its ancestors make of it. */
bool zone_find_here(const struct zone *zone, const struct name_key *key,
	const struct zone_node **node, enum zone_result *result);
enum zone_result zone_find_above(
	const struct zone *zone, const struct name_key *key, const struct zone_node **node);

/* The RRset of a type at a node, or NULL. Nodes have one or two types, an apex some more. */
static inline const struct rrset *zone_rrset(const struct zone_node *node, uint16_t type)
{
	for (unsigned i = 0; i < node->rrset_count; i++)
		if (node->rrsets[i].type == type)
			return &node->rrsets[i];
	return NULL;
}

#endif
