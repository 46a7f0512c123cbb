#include "dns/snapshot/locate.h"

#include "geo/prefix.h"

#include <string.h>

/* How many overrides are not behind (family, key, length) in their order: by family, first address
 * and length. */
static size_t overrides_until(
	const struct place_overrides *overrides, bool ipv6, unsigned __int128 key, unsigned length)
{
	size_t low = 0, high = overrides->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct place_override *one = &overrides->list[middle];
		unsigned __int128 first = prefix_key(one->prefix.address);
		bool behind = one->ipv6 != ipv6 ? one->ipv6
			      : first != key    ? first > key
						: one->prefix.length > length;
		if (behind)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The most specific override around an address, or NULL. Networks are nested or apart: the last one
 * that begins at or before the address is it, or else whatever is around both is no longer than
 * what the two have in common. Each look shortens that, so there are at most 129, and mostly one or
 * two. */
static const struct place_override *override_find(
	const struct place_overrides *overrides, unsigned __int128 key, bool ipv6)
{
	unsigned __int128 around = key;
	unsigned length = 128;
	for (size_t i; overrides && (i = overrides_until(overrides, ipv6, around, length)) > 0;) {
		const struct place_override *one = &overrides->list[i - 1];
		unsigned __int128 first = prefix_key(one->prefix.address);
		if (one->ipv6 != ipv6)
			return NULL;
		if (key <= prefix_last(first, one->prefix.length))
			return one;
		length = prefix_common(first, key);
		around = length ? key & ~(unsigned __int128)0 << (128 - length) : 0;
	}
	return NULL;
}

static void network_fill(struct locate_place *place, unsigned __int128 key, unsigned length)
{
	if (length < 128)
		key &= ~(~(unsigned __int128)0 >> length);
	place->network = prefix_to(key, place->network.ipv6);
	place->length = (uint8_t)length;
}

/* The widest prefix that is in one country: a segment may be several. */
static unsigned segment_prefix(const struct place_family *family,
	const struct place_segment *segment, unsigned __int128 key)
{
	const struct place_segment *end = family->segments + family->count;
	unsigned __int128 last =
		segment + 1 < end ? prefix_key(segment[1].first) - 1 : ~(unsigned __int128)0;
	return prefix_widest(key, prefix_key(segment->first), last);
}

struct locate_place locate_place_find(const struct inputs *inputs, const struct client *client)
{
	const struct places *places = refcount_get(inputs->places);
	struct locate_place place = {.network = client->ipv6
							? address_from_ipv6(client->address)
							: address_from(client->address, false)};
	unsigned __int128 key = prefix_from(&place.network);
	bool ipv6 = place.network.ipv6;
	const struct place_family *family = ipv6 ? &places->ipv6 : &places->ipv4;
	const struct place_segment *segment = places_find(family, prefix_address(key));
	place.country = segment->country;
	place.special = segment->special;
	place.override = override_find(refcount_get(inputs->overrides), key, ipv6);
	network_fill(&place, key,
		place.override ? place.override->prefix.length
			       : segment_prefix(family, segment, key));
	return place;
}

uint8_t locate_scope_find(const struct snapshot_pool *pool, const struct client *client)
{
	if (!pool->map || !pool->ecs)
		return 0;
	struct map_match match = locate_match(pool->map, client);
	return match.special ? map_special_length(pool->map, client->ipv6, client->address)
			     : match.length;
}

const struct snapshot_outcome *locate_outcome_find(
	const struct snapshot_pool *pool, const struct client *client)
{
	return &pool->outcomes[pool->map ? locate_match(pool->map, client).outcome : 0];
}
