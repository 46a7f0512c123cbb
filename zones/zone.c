#include "zones/zone.h"

#include "zones/arena.h"

#include <stdlib.h>
#include <string.h>

enum { WORD = 8, SLOTS_MIN = 16 };

struct zone_item {
	struct zone_node node;
	union {
		struct zone_item *parent; /* until zone_link; NULL for the apex */
		struct zone_item *copy; /* of an item that zone_link has been at */
		/* Then: the topmost cut or DNAME at or above this name; it has all names below. */
		const struct zone_node *occluded_by;
	};
	enum zone_result result; /* what zone_find says of this very name */
};

struct slot {
	struct zone_item *item; /* NULL: empty */
	uint32_t hash;
};

struct zone {
	struct slot *slots;
	size_t mask; /* slots - 1; at least half of them are empty */
	/* NULL until zone_link. A name's octets and RRsets follow its item, so that a hit touches a
	 * slot and two or three cache lines. */
	uint64_t *body;
	struct zone_item *apex;
	struct zone_item **items; /* until zone_link: every name after its parent */
	size_t item_count, item_room;
	/* Nodes, names and RRset arrays until zone_link copies them together. */
	struct arena *arena;
	size_t names;
};

static size_t words_of(size_t size)
{
	return (size + WORD - 1) / WORD;
}

/* NULL: not there. */
static struct zone_item *item_find(const struct zone *zone, const struct name_key *key)
{
	for (size_t at = key->hash & zone->mask;; at = (at + 1) & zone->mask) {
		const struct slot *slot = &zone->slots[at];
		if (slot->item && slot->hash != key->hash)
			continue;
		if (!slot->item || (slot->item->node.name_size == key->size &&
					   name_key_is(key, slot->item->node.name)))
			return slot->item;
	}
}

/* The path's name from label i to the root; NULL: not there. */
static struct zone_item *suffix_find(
	const struct zone *zone, const struct name_path *path, unsigned i)
{
	const struct name_key key = {.wire = path->wire + path->start[i],
		.hash = name_path_hash(path, i),
		.size = (uint8_t)(path->size - path->start[i])};
	return item_find(zone, &key);
}

static void slot_fill(struct zone *zone, struct zone_item *item)
{
	size_t at = item->node.hash & zone->mask;
	while (zone->slots[at].item)
		at = (at + 1) & zone->mask;
	zone->slots[at] = (struct slot){item, item->node.hash};
}

/* Room for one more item, in `items` and at a load of a half in `slots`. */
static bool items_grow(struct zone *zone)
{
	if (zone->item_count < zone->item_room)
		return true;
	size_t room = zone->item_room ? zone->item_room * 2 : SLOTS_MIN / 2;
	struct zone_item **items = reallocarray(zone->items, room, sizeof(struct zone_item *));
	if (!items)
		return false;
	zone->items = items;
	struct slot *slots = calloc(room * 2, sizeof(*slots));
	if (!slots)
		return false;
	free(zone->slots);
	zone->slots = slots;
	zone->mask = room * 2 - 1;
	zone->item_room = room;
	for (size_t i = 0; i < zone->item_count; i++)
		slot_fill(zone, items[i]);
	return true;
}

/* A new node for the path's name from label i on; NULL: no memory. */
static struct zone_item *item_add(
	struct zone *zone, const struct name_path *path, unsigned i, struct zone_item *parent)
{
	size_t size = (size_t)path->size - path->start[i];
	if (!items_grow(zone))
		return NULL;
	struct zone_item *item = arena_take(zone->arena, words_of(sizeof(*item) + size) * WORD);
	if (!item)
		return NULL;
	uint8_t *name = memcpy(item + 1, path->wire + path->start[i], size);
	*item = (struct zone_item){
		.node = {.name = name,
			.name_size = (uint8_t)size,
			.labels = (uint8_t)(path->labels - i),
			.hash = name_path_hash(path, i)},
		.parent = parent,
	};
	zone->items[zone->item_count++] = item;
	slot_fill(zone, item);
	return item;
}

struct zone *zone_new(const uint8_t *apex)
{
	struct name_path path;
	if (!name_path_parse(&path, apex, name_size(apex)))
		return NULL;
	struct zone *zone = calloc(1, sizeof(*zone));
	if (zone)
		zone->arena = arena_new();
	if (!zone || !zone->arena || !item_add(zone, &path, 0, NULL)) {
		zone_free(zone);
		return NULL;
	}
	zone->apex = zone->items[0];
	return zone;
}

/* Which of the path's labels the apex starts at; -1: the name is not in the zone. */
static int apex_find(const struct zone *zone, const struct name_path *path)
{
	const struct zone_node *apex = &zone->apex->node;
	int i = path->labels - apex->labels;
	if (i < 0 || path->size - path->start[i] != apex->name_size ||
		memcmp(path->wire + path->start[i], apex->name, apex->name_size) != 0)
		return -1;
	return i;
}

struct zone_node *zone_add(struct zone *zone, const uint8_t *name)
{
	struct name_path path;
	if (zone->body || !name_path_parse(&path, name, name_size(name)) ||
		apex_find(zone, &path) < 0)
		return NULL;
	unsigned i = 0;
	struct zone_item *item;
	while (!(item = suffix_find(zone, &path, i))) /* ends at the apex */
		i++;
	/* From the top down, so that no name is ever without its parent, whatever fails. */
	while (i-- > 0) {
		item = item_add(zone, &path, i, item);
		if (!item)
			return NULL;
	}
	return &item->node;
}

/* Where a type stands, or would stand, among a node's RRsets. */
static unsigned rrset_place(const struct zone_node *node, uint16_t type)
{
	unsigned low = 0, high = node->rrset_count;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (node->rrsets[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool zone_put(struct zone *zone, struct zone_node *node, const struct rrset *rrset)
{
	unsigned count = node->rrset_count, place = rrset_place(node, rrset->type);
	if (zone->body || count == UINT16_MAX ||
		(place < count && node->rrsets[place].type == rrset->type))
		return false;
	if (!(count & (count - 1))) { /* 0 or a power of two: full */
		size_t room = count ? 2 * (size_t)count : 1;
		struct rrset *rrsets =
			arena_take(zone->arena, words_of(room * sizeof(*rrsets)) * WORD);
		if (!rrsets)
			return false;
		if (count)
			memcpy(rrsets, node->rrsets, count * sizeof(*rrsets));
		node->rrsets = rrsets;
	}
	memmove(node->rrsets + place + 1, node->rrsets + place,
		(count - place) * sizeof(*node->rrsets));
	node->rrsets[place] = *rrset;
	node->rrset_count++;
	return true;
}

struct zone_node *zone_get(const struct zone *zone, const uint8_t *name)
{
	struct name_key key;
	if (!name_key_parse(&key, name, name_size(name)))
		return NULL;
	struct zone_item *item = item_find(zone, &key);
	return item ? &item->node : NULL;
}

static size_t item_words(const struct zone_item *item)
{
	return words_of(sizeof(*item)) + words_of(item->node.name_size) +
	       words_of(item->node.rrset_count * sizeof(struct rrset));
}

/* Copies an item with all that it points at; returns where. */
static struct zone_item *item_copy(uint64_t *words, const struct zone_item *item)
{
	struct zone_item *copy = memcpy(words, item, sizeof(*item));
	struct zone_node *node = &copy->node;
	words += words_of(sizeof(*item));
	node->name = memcpy(words, node->name, node->name_size);
	words += words_of(node->name_size);
	if (node->rrset_count)
		node->rrsets =
			memcpy(words, node->rrsets, node->rrset_count * sizeof(*node->rrsets));
	return copy;
}

static bool node_has_data(const struct zone_node *node)
{
	return node->rrset_count || node->dynamic;
}

static enum zone_result occlusion_result(const struct zone_node *occluded_by)
{
	return occluded_by->cut ? ZONE_DELEGATION : ZONE_DNAME;
}

/* What a name has from its parent (NULL: the apex), which is resolved already. */
static void item_resolve(struct zone_item *item, struct zone_item *parent)
{
	struct zone_node *node = &item->node;
	bool star = node->name[0] == 1 && node->name[1] == '*';
	bool cut = parent && !star && zone_rrset(node, TYPE_NS);
	item->occluded_by = cut || zone_rrset(node, TYPE_DNAME) ? node : NULL;
	item->result = node_has_data(node) ? ZONE_FOUND : ZONE_NODATA;
	node->cut = cut ? node : NULL;
	node->has_cname = zone_rrset(node, TYPE_CNAME);
	if (cut)
		item->result = ZONE_DELEGATION;
	if (!parent)
		return;
	parent->node.has_children = true;
	if (star)
		parent->node.wildcard = node;
	if (parent->node.cut)
		node->cut = parent->node.cut;
	if (parent->occluded_by) { /* a DNAME has the names below it, not its own (RFC 6672 2.3) */
		item->occluded_by = parent->occluded_by;
		item->result = occlusion_result(item->occluded_by);
	}
}

bool zone_link(struct zone *zone)
{
	size_t words = 0;
	for (size_t i = 0; i < zone->item_count; i++)
		words += item_words(zone->items[i]);
	uint64_t *body = malloc(words * WORD), *at = body;
	if (!body)
		return false;
	memset(zone->slots, 0, (zone->mask + 1) * sizeof(*zone->slots));
	for (size_t i = 0; i < zone->item_count; i++) {
		struct zone_item *item = item_copy(at, zone->items[i]);
		struct zone_item *parent = zone->items[i]->parent; /* stands before it */
		slot_fill(zone, item);
		at += item_words(item);
		item_resolve(item, parent ? parent->copy : NULL);
		zone->names += node_has_data(&item->node);
		zone->items[i]->copy = item;
	}
	zone->body = body;
	zone->apex = (void *)body;
	arena_free(zone->arena);
	zone->arena = NULL;
	free(zone->items);
	zone->items = NULL;
	return true;
}

void zone_free(struct zone *zone)
{
	if (!zone)
		return;
	arena_free(zone->arena);
	free(zone->items);
	free(zone->slots);
	free(zone->body);
	free(zone);
}

unsigned zone_labels(const struct zone *zone)
{
	return zone->apex->node.labels;
}

size_t zone_names(const struct zone *zone)
{
	size_t names = zone->names;
	for (size_t i = 0; zone->items && i < zone->item_count; i++)
		names += node_has_data(&zone->items[i]->node);
	return names;
}

/* The nearest ancestor that is there. Names have all their ancestors up to the apex, so it is
 * found by halving: at most 7 probes, however many labels are asked for. */
static const struct zone_item *encloser_find(
	const struct zone *zone, const struct name_path *path, unsigned apex)
{
	const struct zone_item *encloser = zone->apex;
	unsigned missing = 0, there = apex;
	while (there - missing > 1) {
		unsigned middle = (missing + there) / 2;
		const struct zone_item *item = suffix_find(zone, path, middle);
		if (item) {
			encloser = item;
			there = middle;
		} else {
			missing = middle;
		}
	}
	return encloser;
}

enum zone_result zone_find_above(
	const struct zone *zone, const struct name_key *key, const struct zone_node **node)
{
	struct name_path path;
	name_path_cut(&path, key);
	*node = NULL;
	int apex = apex_find(zone, &path);
	if (apex < 0)
		return ZONE_NOT_OURS;
	const struct zone_item *encloser = encloser_find(zone, &path, (unsigned)apex);
	if (encloser->occluded_by) {
		*node = encloser->occluded_by;
		return occlusion_result(encloser->occluded_by);
	}
	/* Only the closest encloser's own "*" counts (RFC 4592 3.3.1). */
	const struct zone_node *wildcard = encloser->node.wildcard;
	*node = wildcard ? wildcard : &encloser->node;
	return wildcard ? ZONE_WILDCARD : ZONE_NXDOMAIN;
}

bool zone_find_here(const struct zone *zone, const struct name_key *key,
	const struct zone_node **node, enum zone_result *result)
{
	const struct zone_item *item = item_find(zone, key);
	if (!item)
		return false;
	*node = item->result == ZONE_FOUND || item->result == ZONE_NODATA ? &item->node
									  : item->occluded_by;
	*result = item->result;
	return true;
}

enum zone_result zone_find(
	const struct zone *zone, const struct name_key *key, const struct zone_node **node)
{
	enum zone_result result;
	return zone_find_here(zone, key, node, &result) ? result : zone_find_above(zone, key, node);
}
