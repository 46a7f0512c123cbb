/* geo/tree.h - a database's search tree with countries at its leaves, and the walk over it.
 *
 * The tree is copied from a file that anybody may have written: nodes may be shared (a database
 * aliases 2002::/16 to its IPv4 part) and may form loops, so the walk counts its steps. */
#ifndef GEO_TREE_H
#define GEO_TREE_H

#include "geo/segment.h"

enum { TREE_IPV4_BITS = 32, TREE_IPV6_BITS = 128, TREE_IPV4_DEPTH = 96 };

/* A child is the number of a node, or TREE_LEAF | country. */
#define TREE_LEAF UINT32_C(0x80000000)

struct tree {
	uint32_t (*children)[2]; /* of each node: for bit 0 and bit 1 */
	uint32_t count; /* below TREE_LEAF; node 0 is the root */
	bool ipv6; /* IPv4 is at ::/96 then */
	uint64_t visits; /* that walks may still make */
};

enum tree_result { TREE_WALKED, TREE_LOOPS, TREE_NO_MEMORY };

/* Fills both families with segments, which the caller frees also after a failure. The visits are
 * bounded by eight for each node: IPv4 may be aliased a few times. A tree that is deeper than its
 * addresses loops. */
enum tree_result tree_walk(struct tree *tree, struct place_family *ipv4, struct place_family *ipv6);

#endif
