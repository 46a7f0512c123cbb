#include "geo/listing.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 4, MAPPED = 12 /* octets before an IPv4 address */ };

struct slot {
	uint64_t key[2];
	uint32_t number; /* 0: free */
};

struct listing {
	size_t mask; /* slots - 1; at least half of them are free */
	struct slot slots[];
};

void listing_key(const struct mirror_address *address, uint64_t key[2])
{
	uint8_t octets[16] = {[MAPPED - 2] = 0xFF, [MAPPED - 1] = 0xFF};
	if (address->at.ipv6)
		memcpy(octets, address->at.octets, sizeof(octets));
	else
		memcpy(octets + MAPPED, address->at.octets, sizeof(octets) - MAPPED);
	memcpy(key, octets, sizeof(octets));
}

/* Where a key is, or would be. The caller has no say in which keys are there. */
static size_t slot_find(const struct listing *listing, const uint64_t key[2])
{
	unsigned __int128 product =
		(unsigned __int128)(key[0] ^ 0x6A09E667F3BCC909) * (key[1] ^ 0xD6E8FEB86659FD93);
	size_t at = (size_t)(product ^ product >> 64) & listing->mask;
	const struct slot *slot = &listing->slots[at];
	while (slot->number && ((slot->key[0] ^ key[0]) | (slot->key[1] ^ key[1]))) {
		at = (at + 1) & listing->mask;
		slot = &listing->slots[at];
	}
	return at;
}

struct listing *listing_new(const struct mirrors *mirrors)
{
	size_t count = mirrors ? mirrors->address_count : 0, room = ROOM_MIN;
	while (room < 2 * count)
		room *= 2;
	struct listing *listing = calloc(1, sizeof(*listing) + room * sizeof(*listing->slots));
	if (!listing)
		return NULL;
	listing->mask = room - 1;
	for (size_t i = 0; i < count; i++) {
		uint64_t key[2];
		listing_key(&mirrors->addresses[i], key);
		struct slot *slot = &listing->slots[slot_find(listing, key)];
		*slot = (struct slot){{key[0], key[1]}, (uint32_t)i + 1};
	}
	return listing;
}

void listing_free(struct listing *listing)
{
	free(listing);
}

uint32_t listing_find(const struct listing *listing, const uint64_t key[2])
{
	return listing->slots[slot_find(listing, key)].number;
}
