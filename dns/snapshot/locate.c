#include "dns/snapshot/locate.h"

#include "geo/prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 80 }; /* octets of a text that a sentence quotes */

static bool refuse(char *why, size_t size, const char *text, const char *expected)
{
	snprintf(why, size, "the address is \"%.*s\", expected %s", TEXT_MAX, text, expected);
	return false;
}

/* A prefix length of one to three digits; false: it is none. */
static bool length_parse(const char *text, unsigned most, uint8_t *length)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long value =
		digits && digits <= 3 && !text[digits] ? strtoul(text, NULL, 10) : 999;
	*length = (uint8_t)value;
	return value <= most;
}

/* The bits beyond the prefix, as an address without them. */
static bool bits_clear(uint8_t *octets, unsigned length, unsigned bits)
{
	bool found = false;
	for (unsigned i = length; i < bits; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);
		found |= octets[i / 8] & bit;
		octets[i / 8] = (uint8_t)(octets[i / 8] & ~bit);
	}
	return !found;
}

bool locate_client_parse(struct locate_client *client, const char *text, char *why, size_t size)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t used = slash ? (size_t)(slash - text) : strlen(text);
	*client = (struct locate_client){.ecs = slash, .source = {.tcp = true}};
	struct client *source = &client->source;
	if (used >= sizeof(address))
		return refuse(why, size, text, "an IPv4 or IPv6 address");
	memcpy(address, text, used);
	address[used] = '\0';
	source->ipv6 = strchr(address, ':');
	if (inet_pton(source->ipv6 ? AF_INET6 : AF_INET, address, source->address) != 1)
		return refuse(why, size, text,
			"an IPv4 or IPv6 address, with /LENGTH when it is a client subnet");
	unsigned bits = source->ipv6 ? 128 : 32;
	client->length = (uint8_t)bits;
	if (!slash)
		return true;
	if (!length_parse(slash + 1, bits, &client->length))
		return refuse(why, size, text,
			source->ipv6 ? "a prefix length of 0 to 128 behind the /"
				     : "a prefix length of 0 to 32 behind the /");
	if (bits_clear(source->address, client->length, bits))
		return true;
	char expected[LOCATE_CLIENT_MAX], sentence[LOCATE_CLIENT_MAX + 80];
	snprintf(sentence, sizeof(sentence), "no bits beyond the prefix (RFC 7871 6): %s",
		locate_client_write(client, expected));
	return refuse(why, size, text, sentence);
}

static const char *prefix_write(
	const uint8_t *octets, bool ipv6, int length, char text[LOCATE_CLIENT_MAX])
{
	char address[INET6_ADDRSTRLEN];
	inet_ntop(ipv6 ? AF_INET6 : AF_INET, octets, address, sizeof(address));
	if (length < 0)
		snprintf(text, LOCATE_CLIENT_MAX, "%s", address);
	else
		snprintf(text, LOCATE_CLIENT_MAX, "%s/%d", address, length);
	return text;
}

const char *locate_client_write(const struct locate_client *client, char text[LOCATE_CLIENT_MAX])
{
	return prefix_write(client->source.address, client->source.ipv6,
		client->ecs ? client->length : -1, text);
}

const char *locate_network_write(const struct locate_place *place, char text[LOCATE_CLIENT_MAX])
{
	return prefix_write(place->octets, place->ipv6, place->length, text);
}

static struct place_address address_of(const uint8_t *octets, bool ipv6)
{
	uint64_t words[2] = {0, 0};
	for (unsigned i = 0; i < (ipv6 ? 16u : 4u); i++)
		words[i / 8] |= (uint64_t)octets[i] << (56 - i % 8 * 8);
	return (struct place_address){words[0], words[1]};
}

/* How many overrides are not behind (family, key, length) in their order: by family, first address and length. */
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

/* The most specific override around an address, or NULL. Networks are nested or apart: the last one that begins at or
 * before the address is it, or else whatever is around both is no longer than what the two have in common. Each look
 * shortens that, so there are at most 129, and mostly one or two. */
static const struct place_override *override_find(
	const struct place_overrides *overrides, struct place_address address, bool ipv6)
{
	unsigned __int128 key = prefix_key(address), around = key;
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
	for (unsigned i = 0; i < 16; i++)
		place->octets[i] = (uint8_t)(key >> (120 - 8 * i));
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
	static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
	const struct places *places = shared_get(inputs->places);
	bool is_mapped = client->ipv6 && memcmp(client->address, mapped, sizeof(mapped)) == 0;
	struct locate_place place = {.ipv6 = client->ipv6 && !is_mapped};
	struct place_address address =
		address_of(client->address + (is_mapped ? 12 : 0), place.ipv6);
	const struct place_family *family = place.ipv6 ? &places->ipv6 : &places->ipv4;
	const struct place_segment *segment = places_find(family, address);
	place.country = segment->country;
	place.special = segment->special;
	place.override = override_find(shared_get(inputs->overrides), address, place.ipv6);
	network_fill(&place, prefix_key(address),
		place.override ? place.override->prefix.length
			       : segment_prefix(family, segment, prefix_key(address)));
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
