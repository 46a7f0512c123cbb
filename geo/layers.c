#include "geo/place.h"

#include "geo/prefix.h"

#include <stdlib.h>

/* Layers from the bottom: the database, special space, overrides. Each is a step function over
 * all addresses; one sweep over the steps of all three builds the segments. */

enum { OVERRIDE_NONE = -1, NEST_MAX = 129 };

/* From `first` on, this override is the innermost. */
struct step {
	unsigned __int128 first;
	int country;
};

struct steps {
	struct step *list;
	size_t count;
};

enum block_kind { BLOCK_PLAIN, BLOCK_SPECIAL, BLOCK_MAPPED };

/* A block reaches to the next one's first address, the last to the family's end. */
struct block {
	unsigned __int128 first;
	enum block_kind kind;
};

#define IPV4(a, b, c, d) ((unsigned __int128)((a) << 24 | (b) << 16 | (c) << 8 | (d)) << 96)

/* RFC 1918, 6598, 1122 and 3927. */
static const struct block ipv4_blocks[] = {
	{0, BLOCK_PLAIN},
	{IPV4(10u, 0u, 0u, 0u), BLOCK_SPECIAL},
	{IPV4(11u, 0u, 0u, 0u), BLOCK_PLAIN},
	{IPV4(100u, 64u, 0u, 0u), BLOCK_SPECIAL},
	{IPV4(100u, 128u, 0u, 0u), BLOCK_PLAIN},
	{IPV4(127u, 0u, 0u, 0u), BLOCK_SPECIAL},
	{IPV4(128u, 0u, 0u, 0u), BLOCK_PLAIN},
	{IPV4(169u, 254u, 0u, 0u), BLOCK_SPECIAL},
	{IPV4(169u, 255u, 0u, 0u), BLOCK_PLAIN},
	{IPV4(172u, 16u, 0u, 0u), BLOCK_SPECIAL},
	{IPV4(172u, 32u, 0u, 0u), BLOCK_PLAIN},
	{IPV4(192u, 168u, 0u, 0u), BLOCK_SPECIAL},
	{IPV4(192u, 169u, 0u, 0u), BLOCK_PLAIN},
};

/* RFC 4291 (::1, fe80::/10) and 4193; ::ffff:0:0/96 is described by the IPv4 family. */
static const struct block ipv6_blocks[] = {
	{0, BLOCK_PLAIN},
	{1, BLOCK_SPECIAL},
	{2, BLOCK_PLAIN},
	{(unsigned __int128)0xFFFF << 32, BLOCK_MAPPED},
	{(unsigned __int128)0x10000 << 32, BLOCK_PLAIN},
	{(unsigned __int128)0xFC << 120, BLOCK_SPECIAL},
	{(unsigned __int128)0xFE << 120, BLOCK_PLAIN},
	{(unsigned __int128)0xFE80 << 112, BLOCK_SPECIAL},
	{(unsigned __int128)0xFEC0 << 112, BLOCK_PLAIN},
};

#undef IPV4

/* A later word on the same first wins. */
static void step_add(struct steps *steps, unsigned __int128 first, int country)
{
	if (steps->count > 0 && steps->list[steps->count - 1].first == first)
		steps->count--;
	steps->list[steps->count++] = (struct step){first, country};
}

/* Overrides that were opened and not yet left: each is inside the one below it. */
struct nest {
	unsigned __int128 last[NEST_MAX];
	int country[NEST_MAX];
	size_t height;
};

/* Leaves all that end before `first`, or all if there is none. */
static void nest_leave(struct nest *nest, struct steps *steps, const unsigned __int128 *first)
{
	while (nest->height > 0 && (!first || nest->last[nest->height - 1] < *first)) {
		unsigned __int128 last = nest->last[--nest->height];
		if (last != ~(unsigned __int128)0)
			step_add(steps, last + 1,
				nest->height ? nest->country[nest->height - 1] : OVERRIDE_NONE);
	}
}

/* One family's overrides; they are sorted, a network before those inside it. */
static bool steps_build(struct steps *steps, const struct place_overrides *overrides, bool ipv6)
{
	struct nest nest = {.height = 0};
	size_t count = overrides ? overrides->count : 0;
	steps->list = malloc((2 * count + 1) * sizeof *steps->list);
	if (!steps->list)
		return false;
	step_add(steps, 0, OVERRIDE_NONE);
	for (size_t i = 0; i < count; i++) {
		const struct place_override *override = &overrides->list[i];
		if (override->ipv6 != ipv6)
			continue;
		unsigned __int128 first = prefix_key(override->prefix.address);
		nest_leave(&nest, steps, &first);
		step_add(steps, first, override->country);
		nest.last[nest.height] = prefix_last(first, override->prefix.length);
		nest.country[nest.height++] = override->country;
	}
	nest_leave(&nest, steps, NULL);
	return true;
}

/* The sweep: what holds at the current key, and where the next change is. */
struct sweep {
	const struct place_family *database;
	const struct steps *overrides;
	const struct block *blocks;
	size_t block_count, database_at, override_at, block_at;
};

static struct place_segment sweep_segment(const struct sweep *sweep, unsigned __int128 key)
{
	enum block_kind kind = sweep->blocks[sweep->block_at].kind;
	int override = sweep->overrides->list[sweep->override_at].country;
	struct place_segment segment = {.first = prefix_address(key)};
	if (kind == BLOCK_MAPPED)
		return segment;
	if (override != OVERRIDE_NONE)
		segment.country = (uint16_t) override;
	else if (sweep->database->count > 0)
		segment.country = sweep->database->segments[sweep->database_at].country;
	segment.special = kind == BLOCK_SPECIAL && override == OVERRIDE_NONE;
	return segment;
}

/* Goes to the next change of any layer; false: there is none. */
static bool sweep_next(struct sweep *sweep, unsigned __int128 *key)
{
	size_t *at[] = {&sweep->database_at, &sweep->override_at, &sweep->block_at};
	unsigned __int128 first[3];
	bool more[3] = {sweep->database_at + 1 < sweep->database->count,
		sweep->override_at + 1 < sweep->overrides->count,
		sweep->block_at + 1 < sweep->block_count};
	if (more[0])
		first[0] = prefix_key(sweep->database->segments[sweep->database_at + 1].first);
	if (more[1])
		first[1] = sweep->overrides->list[sweep->override_at + 1].first;
	if (more[2])
		first[2] = sweep->blocks[sweep->block_at + 1].first;
	bool found = false;
	for (size_t i = 0; i < 3; i++)
		if (more[i] && (!found || first[i] < *key)) {
			*key = first[i];
			found = true;
		}
	for (size_t i = 0; i < 3; i++)
		*at[i] += more[i] && first[i] == *key;
	return found;
}

static bool family_build(struct place_family *family, struct sweep *sweep)
{
	size_t most = sweep->database->count + sweep->overrides->count + sweep->block_count;
	struct place_segment *list = malloc(most * sizeof *list), *smaller;
	if (!list)
		return false;
	size_t count = 0;
	unsigned __int128 key = 0;
	do {
		struct place_segment next = sweep_segment(sweep, key);
		if (count == 0 || list[count - 1].country != next.country ||
			list[count - 1].special != next.special)
			list[count++] = next;
	} while (sweep_next(sweep, &key));
	smaller = realloc(list, count * sizeof *list);
	*family = (struct place_family){smaller ? smaller : list, count};
	return true;
}

struct prefixes {
	struct place_prefix *list;
	size_t count, capacity;
};

/* Appends a range as the widest prefixes that it is made of. */
static bool range_add(struct prefixes *prefixes, unsigned __int128 first, unsigned __int128 last)
{
	for (unsigned __int128 at = first;;) {
		if (prefixes->count == prefixes->capacity) {
			size_t capacity = prefixes->capacity ? 2 * prefixes->capacity : 16;
			struct place_prefix *list =
				realloc(prefixes->list, capacity * sizeof *list);
			if (!list)
				return false;
			prefixes->list = list;
			prefixes->capacity = capacity;
		}
		unsigned length = prefix_widest(at, first, last);
		prefixes->list[prefixes->count++] =
			(struct place_prefix){prefix_address(at), (uint8_t)length};
		if (prefix_last(at, length) == last)
			return true;
		at = prefix_last(at, length) + 1;
	}
}

/* Runs of special segments, whatever their countries. No block ends where another starts, and none
 * at the end of its family. */
static bool special_build(
	const struct place_family *family, struct place_prefix **list, size_t *list_count)
{
	struct prefixes prefixes = {NULL, 0, 0};
	bool fits = true;
	for (size_t i = 0, from = 0; fits && i < family->count; i++) {
		const struct place_segment *segment = &family->segments[i];
		bool before = i > 0 && segment[-1].special;
		if (segment->special && !before)
			from = i;
		if (before && !segment->special)
			fits = range_add(&prefixes, prefix_key(family->segments[from].first),
				prefix_key(segment->first) - 1);
	}
	*list = prefixes.list;
	*list_count = prefixes.count;
	return fits;
}

static bool places_add(struct places *places, const struct place_family *database,
	const struct place_overrides *overrides, bool ipv6)
{
	struct steps steps = {NULL, 0};
	struct place_family *family = ipv6 ? &places->ipv6 : &places->ipv4;
	struct sweep sweep = {.database = database, .overrides = &steps};
	sweep.blocks = ipv6 ? ipv6_blocks : ipv4_blocks;
	sweep.block_count = ipv6 ? sizeof ipv6_blocks / sizeof *ipv6_blocks
				 : sizeof ipv4_blocks / sizeof *ipv4_blocks;
	bool done = steps_build(&steps, overrides, ipv6) && family_build(family, &sweep) &&
		    special_build(family, &places->special[ipv6], &places->special_count[ipv6]);
	free(steps.list);
	return done;
}

struct places *places_build(
	const struct place_database *database, const struct place_overrides *overrides)
{
	static const struct place_family nothing = {NULL, 0};
	struct places *places = calloc(1, sizeof *places);
	if (places && places_add(places, database ? &database->ipv4 : &nothing, overrides, false) &&
		places_add(places, database ? &database->ipv6 : &nothing, overrides, true))
		return places;
	places_free(places);
	return NULL;
}

void places_free(void *object)
{
	struct places *places = object;
	if (!places)
		return;
	for (size_t i = 0; i < 2; i++)
		free(places->special[i]);
	free(places->ipv4.segments);
	free(places->ipv6.segments);
	free(places);
}

const struct place_segment *places_find(
	const struct place_family *family, struct place_address address)
{
	unsigned __int128 key = prefix_key(address);
	size_t low = 0, high = family->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (prefix_key(family->segments[middle].first) <= key)
			low = middle;
		else
			high = middle;
	}
	return &family->segments[low];
}
