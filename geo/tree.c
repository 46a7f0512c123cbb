#include "geo/tree.h"

#include "geo/prefix.h"

#include <stdlib.h>

/* ::ffff:0:0/96 is IPv4's: in IPv6 it has no country. */
static const unsigned __int128 mapped_first = (unsigned __int128)0xFFFF << 32;

struct segments {
	struct place_segment *list;
	size_t count, capacity;
	unsigned bits; /* of an address */
};

/* From `first` on there is this country. Neighbours differ; of two on one first the later wins. */
static bool segment_add(struct segments *segments, unsigned __int128 first, uint32_t country)
{
	while (segments->count > 0 &&
		prefix_key(segments->list[segments->count - 1].first) == first)
		segments->count--;
	if (segments->count > 0 && segments->list[segments->count - 1].country == country)
		return true;
	if (segments->count == segments->capacity) {
		size_t capacity = segments->capacity ? 2 * segments->capacity : 1024;
		struct place_segment *list = realloc(segments->list, capacity * sizeof *list);
		if (!list)
			return false;
		segments->list = list;
		segments->capacity = capacity;
	}
	segments->list[segments->count++] = (struct place_segment){
		.first = prefix_address(first), .country = (uint16_t)country};
	return true;
}

static bool leaf_add(
	struct segments *segments, unsigned __int128 first, unsigned length, uint32_t country)
{
	unsigned __int128 last = prefix_last(first, length);
	if (!segment_add(segments, first, country))
		return false;
	if (segments->bits != TREE_IPV6_BITS || length >= TREE_IPV4_DEPTH || first > mapped_first ||
		last < mapped_first)
		return true;
	unsigned __int128 beyond = prefix_last(mapped_first, TREE_IPV4_DEPTH) + 1;
	return segment_add(segments, mapped_first, 0) &&
	       (beyond > last || segment_add(segments, beyond, country));
}

struct step {
	unsigned __int128 first;
	uint32_t child;
	unsigned depth;
};

/* All addresses below a child, in order. */
static enum tree_result child_walk(struct tree *tree, uint32_t root, struct segments *segments)
{
	unsigned bits = segments->bits;
	struct step stack[TREE_IPV6_BITS + 2] = {{0, root, 0}};
	size_t height = 1;
	while (height > 0) {
		struct step step = stack[--height];
		if (bits == TREE_IPV6_BITS && step.depth == TREE_IPV4_DEPTH &&
			step.first == mapped_first)
			step.child = TREE_LEAF;
		if (step.child & TREE_LEAF) {
			if (!leaf_add(segments, step.first, step.depth, step.child & ~TREE_LEAF))
				return TREE_NO_MEMORY;
			continue;
		}
		if (step.depth == bits || tree->visits-- == 0)
			return TREE_LOOPS;
		const uint32_t *children = tree->children[step.child];
		unsigned __int128 half = (unsigned __int128)1 << (TREE_IPV6_BITS - 1 - step.depth);
		stack[height++] = (struct step){step.first | half, children[1], step.depth + 1};
		stack[height++] = (struct step){step.first, children[0], step.depth + 1};
	}
	return TREE_WALKED;
}

static enum tree_result family_walk(
	struct tree *tree, uint32_t root, unsigned bits, struct place_family *family)
{
	struct segments segments = {NULL, 0, 0, bits};
	enum tree_result result = child_walk(tree, root, &segments);
	/* A failure to shrink leaves the list as it was. */
	struct place_segment *list =
		segments.count ? realloc(segments.list, segments.count * sizeof *list) : NULL;
	family->segments = list ? list : segments.list;
	family->count = segments.count;
	return result;
}

enum tree_result tree_walk(struct tree *tree, struct place_family *ipv4, struct place_family *ipv6)
{
	uint32_t ipv4_root = 0, ipv6_root = TREE_LEAF;
	if (tree->ipv6) {
		ipv6_root = 0;
		/* A leaf before bit 96 is all of IPv4. */
		for (unsigned bit = 0; bit < TREE_IPV4_DEPTH && !(ipv4_root & TREE_LEAF); bit++)
			ipv4_root = tree->children[ipv4_root][0];
	}
	tree->visits = 8 * (uint64_t)tree->count + 1024;
	enum tree_result result = family_walk(tree, ipv4_root, TREE_IPV4_BITS, ipv4);
	if (result != TREE_WALKED)
		return result;
	return family_walk(tree, ipv6_root, TREE_IPV6_BITS, ipv6);
}
