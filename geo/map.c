#include "geo/map.h"

#include "geo/prefix.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* The first 16 bits of an address index a direct table; its word is a leaf, or the number of a node
 * that takes the next six bits, and so on. A node has two bitmaps of 64 slots instead of 64 words:
 * which slots have a child node, and at which slots the leaf changes. What precedes a slot is
 * counted. */
enum { DIRECT_BITS = 16, DIRECT_COUNT = 1 << DIRECT_BITS, STRIDE = 6, SLOTS = 1 << STRIDE };

/* A leaf: outcome in the lower 16 bits, length in the next eight, and two flags. */
enum { LEAF_LENGTH_SHIFT = 16 };
#define LEAF_SPECIAL UINT32_C(0x01000000)
#define LEAF         UINT32_C(0x80000000)

struct node {
	uint64_t children, leaves;
	uint32_t child_base, leaf_base;
};

struct table {
	uint32_t *direct;
	struct node *nodes;
	uint32_t *leaves;
	size_t node_count, node_capacity, leaf_count, leaf_capacity;
};

struct map {
	bool uniform; /* one outcome for every address: no tables */
	uint16_t outcome;
	struct table tables[2]; /* IPv4, IPv6 */
	struct place_prefix *special[2]; /* as in struct places */
	size_t special_count[2];
};

/* Neighbouring segments with one word are one run. A word is outcome and flags as in a leaf;
 * RUN_BARRIER is unlike any other. */
struct run {
	unsigned __int128 first;
	uint32_t word;
};
#define RUN_BARRIER UINT32_C(0x40000000)

struct runs {
	struct run *list;
	size_t count;
};

static const unsigned __int128 mapped_first = (unsigned __int128)0xFFFF << 32,
			       mapped_beyond = (unsigned __int128)0x10000 << 32;

/* Bits that are set, without a branch or a table: x86-64's baseline has no instruction for it, and
 * __builtin_popcountll is a call there. */
static inline unsigned bits_count(uint64_t bits)
{
	bits -= bits >> 1 & UINT64_C(0x5555555555555555);
	bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
	bits = (bits + (bits >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
	return (unsigned)(bits * UINT64_C(0x0101010101010101) >> 56);
}

static void run_add(struct runs *runs, unsigned __int128 first, uint32_t word)
{
	if (runs->count == 0 || runs->list[runs->count - 1].word != word)
		runs->list[runs->count++] = (struct run){first, word};
}

/* Where the segment after number i starts; false: it is the last. */
static bool segment_beyond(const struct place_family *family, size_t i, unsigned __int128 *beyond)
{
	if (i + 1 == family->count)
		return false;
	*beyond = prefix_key(family->segments[i + 1].first);
	return true;
}

/* `mapped`: the word of ::ffff:0:0/96, which lies within one segment; NULL for IPv4. */
static bool runs_build(struct runs *runs, const struct place_family *family,
	const uint16_t outcome[COUNTRY_MAX + 1], const uint32_t *mapped)
{
	runs->count = 0;
	runs->list = malloc((family->count + 2) * sizeof *runs->list);
	if (!runs->list)
		return false;
	for (size_t i = 0; i < family->count; i++) {
		const struct place_segment *segment = &family->segments[i];
		unsigned __int128 first = prefix_key(segment->first), beyond = 0;
		bool more = segment_beyond(family, i, &beyond);
		uint32_t word = outcome[segment->country] | (segment->special ? LEAF_SPECIAL : 0);
		if (!mapped || first > mapped_first || (more && beyond <= mapped_first)) {
			run_add(runs, first, word);
			continue;
		}
		if (first < mapped_first)
			run_add(runs, first, word);
		run_add(runs, mapped_first, *mapped);
		if (!more || beyond > mapped_beyond)
			run_add(runs, mapped_beyond, word);
	}
	return true;
}

/* Room for `more` items behind those that there are. */
static bool room_make(void **list, size_t *capacity, size_t count, size_t more, size_t size)
{
	if (count + more <= *capacity)
		return true;
	size_t larger = *capacity ? 2 * *capacity : 4096;
	void *moved = larger < LEAF ? realloc(*list, larger * size) : NULL;
	if (!moved)
		return false;
	*list = moved;
	*capacity = larger;
	return true;
}

/* `more` new nodes, at most SLOTS, of which *base is the first. */
static bool nodes_add(struct table *table, size_t more, uint32_t *base)
{
	void *list = table->nodes;
	if (!room_make(&list, &table->node_capacity, table->node_count, more, sizeof(struct node)))
		return false;
	table->nodes = list;
	*base = (uint32_t)table->node_count;
	table->node_count += more;
	return true;
}

static bool leaf_add(struct table *table, uint32_t leaf)
{
	void *list = table->leaves;
	if (!room_make(&list, &table->leaf_capacity, table->leaf_count, 1, sizeof leaf))
		return false;
	table->leaves = list;
	table->leaves[table->leaf_count++] = leaf;
	return true;
}

/* Fills a table from runs; `at` is the run that the key is in. */
struct fill {
	struct table *table;
	const struct runs *runs;
};

/* Goes on to the run of `first`; is first..last all in it? */
static bool fill_is_uniform(
	const struct fill *fill, size_t *at, unsigned __int128 first, unsigned __int128 last)
{
	const struct runs *runs = fill->runs;
	while (*at + 1 < runs->count && runs->list[*at + 1].first <= first)
		++*at;
	return *at + 1 == runs->count || runs->list[*at + 1].first > last;
}

static uint32_t fill_leaf(const struct fill *fill, size_t at, unsigned __int128 key)
{
	const struct runs *runs = fill->runs;
	unsigned __int128 last =
		at + 1 < runs->count ? runs->list[at + 1].first - 1 : ~(unsigned __int128)0;
	unsigned length = prefix_widest(key, runs->list[at].first, last);
	return LEAF | runs->list[at].word | (uint32_t)length << LEAF_LENGTH_SHIFT;
}

/* The first key of a slot. The last node's six bits may reach beyond the address: its slots stand
 * for one address several times. */
static unsigned __int128 slot_first(unsigned __int128 base, unsigned depth, unsigned slot)
{
	unsigned used = depth + STRIDE;
	return base |
	       (used <= 128 ? (unsigned __int128)slot << (128 - used) : slot >> (used - 128));
}

/* Fills node `number`, whose first key is `base` after `depth` bits. Recursion ends with the
 * address's bits: a slot of one address is uniform. */
static bool node_fill(
	const struct fill *fill, uint32_t number, unsigned __int128 base, unsigned depth, size_t at)
{
	struct table *table = fill->table;
	struct node node = {0, 0, 0, (uint32_t)table->leaf_count};
	size_t runs_at[SLOTS];
	uint32_t leaf = 0;
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		unsigned __int128 first = slot_first(base, depth, slot);
		bool uniform =
			fill_is_uniform(fill, &at, first, prefix_last(first, depth + STRIDE));
		runs_at[slot] = at;
		if (!uniform) {
			node.children |= UINT64_C(1) << slot;
			continue;
		}
		uint32_t next = fill_leaf(fill, at, first);
		if (next == leaf)
			continue;
		node.leaves |= UINT64_C(1) << slot;
		leaf = next;
		if (!leaf_add(table, leaf))
			return false;
	}
	if (!nodes_add(table, bits_count(node.children), &node.child_base))
		return false;
	table->nodes[number] = node;
	for (unsigned slot = 0, child = 0; slot < SLOTS; slot++)
		if (node.children >> slot & 1 &&
			!node_fill(fill, node.child_base + child++, slot_first(base, depth, slot),
				depth + STRIDE, runs_at[slot]))
			return false;
	return true;
}

static void lists_shrink(struct table *table)
{
	struct node *nodes = realloc(table->nodes, (table->node_count + 1) * sizeof *nodes);
	uint32_t *leaves = realloc(table->leaves, (table->leaf_count + 1) * sizeof *leaves);
	table->nodes = nodes ? nodes : table->nodes;
	table->leaves = leaves ? leaves : table->leaves;
}

static bool table_build(struct table *table, const struct runs *runs)
{
	struct fill fill = {table, runs};
	table->direct = malloc(DIRECT_COUNT * sizeof *table->direct);
	if (!table->direct)
		return false;
	size_t at = 0;
	for (uint32_t i = 0; i < DIRECT_COUNT; i++) {
		unsigned __int128 first = (unsigned __int128)i << (128 - DIRECT_BITS);
		if (fill_is_uniform(&fill, &at, first, prefix_last(first, DIRECT_BITS)))
			table->direct[i] = fill_leaf(&fill, at, first);
		else if (!nodes_add(table, 1, &table->direct[i]) ||
			 !node_fill(&fill, table->direct[i], first, DIRECT_BITS, at))
			return false;
	}
	lists_shrink(table);
	return true;
}

/* Is there one outcome for every address? The mapped block is no address of IPv6's own. */
static bool family_is_of(const struct place_family *family, const uint16_t outcome[COUNTRY_MAX + 1],
	uint16_t expected, bool ipv6)
{
	for (size_t i = 0; i < family->count; i++) {
		unsigned __int128 beyond = 0;
		bool only_mapped = ipv6 && prefix_key(family->segments[i].first) == mapped_first &&
				   segment_beyond(family, i, &beyond) && beyond == mapped_beyond;
		if (!only_mapped && outcome[family->segments[i].country] != expected)
			return false;
	}
	return true;
}

static bool special_copy(struct map *map, const struct places *places)
{
	for (size_t i = 0; i < 2; i++) {
		size_t size = places->special_count[i] * sizeof *map->special[i];
		map->special_count[i] = places->special_count[i];
		map->special[i] = malloc(size + 1);
		if (!map->special[i])
			return false;
		if (size > 0)
			memcpy(map->special[i], places->special[i], size);
	}
	return true;
}

static bool tables_build(
	struct map *map, const struct places *places, const uint16_t outcome[COUNTRY_MAX + 1])
{
	struct runs ipv4 = {NULL, 0}, ipv6 = {NULL, 0};
	bool done = runs_build(&ipv4, &places->ipv4, outcome, NULL);
	if (done) {
		bool one = ipv4.count == 1 && !(ipv4.list[0].word & LEAF_SPECIAL);
		uint32_t mapped = one ? ipv4.list[0].word : RUN_BARRIER;
		done = runs_build(&ipv6, &places->ipv6, outcome, &mapped) &&
		       table_build(&map->tables[0], &ipv4) && table_build(&map->tables[1], &ipv6);
	}
	free(ipv4.list);
	free(ipv6.list);
	return done;
}

struct map *map_build(const struct places *places, const uint16_t outcome[COUNTRY_MAX + 1])
{
	struct map *map = calloc(1, sizeof *map);
	if (!map)
		return NULL;
	map->outcome = outcome[places->ipv4.segments[0].country];
	map->uniform = family_is_of(&places->ipv4, outcome, map->outcome, false) &&
		       family_is_of(&places->ipv6, outcome, map->outcome, true);
	if (map->uniform || (special_copy(map, places) && tables_build(map, places, outcome)))
		return map;
	map_free(map);
	return NULL;
}

void map_free(void *object)
{
	struct map *map = object;
	if (!map)
		return;
	for (size_t i = 0; i < 2; i++) {
		free(map->tables[i].direct);
		free(map->tables[i].nodes);
		free(map->tables[i].leaves);
		free(map->special[i]);
	}
	free(map);
}

static inline struct map_match table_find(const struct table *table, unsigned __int128 key)
{
	uint32_t word = table->direct[(size_t)(key >> (128 - DIRECT_BITS))];
	key <<= DIRECT_BITS;
	while (!(word & LEAF)) {
		const struct node *node = &table->nodes[word];
		unsigned slot = (unsigned)(key >> (128 - STRIDE));
		uint64_t upto = UINT64_MAX >> (SLOTS - 1 - slot);
		key <<= STRIDE;
		if (node->children >> slot & 1)
			word = node->child_base + bits_count(node->children & upto) - 1;
		else
			word = table->leaves[node->leaf_base + bits_count(node->leaves & upto) - 1];
	}
	return (struct map_match){.outcome = word & 0xFFFF,
		.length = (uint8_t)(word >> LEAF_LENGTH_SHIFT),
		.special = (word & LEAF_SPECIAL) != 0};
}

struct map_match map_find_ipv4(const struct map *map, uint32_t address)
{
	if (map->uniform)
		return (struct map_match){.outcome = map->outcome};
	return table_find(&map->tables[0], (unsigned __int128)address << 96);
}

struct map_match map_find_ipv6(const struct map *map, unsigned __int128 key)
{
	if (map->uniform)
		return (struct map_match){.outcome = map->outcome};
	if (key >> 32 != 0xFFFF)
		return table_find(&map->tables[1], key);
	struct map_match match = table_find(&map->tables[0], key << 96);
	match.length = (uint8_t)(match.length + 96);
	return match;
}

uint8_t map_special_length(const struct map *map, bool ipv6, const uint8_t *address)
{
	uint8_t octets[16] = {0};
	memcpy(octets, address, ipv6 ? 16 : 4);
	unsigned __int128 key = map_key(octets);
	uint8_t outer = ipv6 && key >> 32 == 0xFFFF ? 96 : 0;
	if (outer) {
		key <<= 96;
		ipv6 = false;
	}
	const struct place_prefix *list = map->special[ipv6];
	size_t low = 0, high = map->special_count[ipv6];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		unsigned __int128 first = prefix_key(list[middle].address);
		if (key < first)
			high = middle;
		else if (key > prefix_last(first, list[middle].length))
			low = middle + 1;
		else
			return (uint8_t)(outer + list[middle].length);
	}
	return map->uniform ? 0 : (uint8_t)(outer + table_find(&map->tables[ipv6], key).length);
}
