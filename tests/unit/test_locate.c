/* The override that decides: the most specific one, found without looking at all of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "dns/snapshot/locate.h"
#include "geo/prefix.h"

#include <stdio.h>
#include <string.h>

enum { OVERRIDES = 300, LOOKS = 20000 };

static uint32_t seed = 7;

static unsigned draw(unsigned below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % below;
}

static void release_nothing(void *object)
{
	(void)object;
}

/* Few bits differ, so that networks are in each other. */
static void address_draw(uint8_t octets[16], bool ipv6)
{
	memset(octets, 0, 16);
	for (unsigned i = 0; i < (ipv6 ? 16u : 4u); i++)
		octets[i] = (uint8_t)(draw(3) ? 0 : draw(4) << 6 | draw(4));
	if (ipv6)
		octets[0] = 0x20; /* no IPv4 address in IPv6 form */
}

static size_t network_write(char *text, bool ipv6)
{
	uint8_t octets[16];
	unsigned bits = ipv6 ? 128 : 32, length = ipv6 ? 17 + draw(112) : 9 + draw(24);
	address_draw(octets, ipv6);
	for (unsigned i = length; i < bits; i++)
		octets[i / 8] = (uint8_t)(octets[i / 8] & ~(0x80 >> i % 8));
	size_t used = 0;
	for (unsigned i = 0; i < bits / 8; i += ipv6 ? 2 : 1)
		used += (size_t)(ipv6 ? sprintf(text + used, "%s%x", i ? ":" : "",
						octets[i] << 8 | octets[i + 1])
				      : sprintf(text + used, "%s%u", i ? "." : "", octets[i]));
	return used + (size_t)sprintf(text + used, "/%u", length);
}

/* A network may be drawn twice, which is refused: it is left out then. */
static struct place_overrides *overrides_draw(void)
{
	static char text[OVERRIDES * 64], why[512];
	struct place_overrides *overrides = NULL;
	size_t used = 0;
	for (unsigned i = 0; i < OVERRIDES; i++) {
		size_t size = network_write(text + used, draw(2));
		size += (size_t)sprintf(text + used + size, ",DE\n");
		struct place_overrides *more =
			place_overrides_parse(text, used + size, "test.csv", why, sizeof(why));
		if (!more && !strstr(why, "expected each network once"))
			fail_msg("%s", why);
		if (!more)
			continue;
		place_overrides_free(overrides);
		overrides = more;
		used += size;
	}
	return overrides;
}

static const struct place_override *looked_through(
	const struct place_overrides *overrides, const struct client *client)
{
	const struct place_override *found = NULL;
	unsigned __int128 key = 0;
	for (unsigned i = 0; i < 16; i++)
		key = key << 8 | (client->ipv6 || i < 4 ? client->address[i] : 0);
	for (size_t i = 0; i < overrides->count; i++) {
		const struct place_override *one = &overrides->list[i];
		unsigned __int128 first = prefix_key(one->prefix.address);
		if (one->ipv6 == client->ipv6 && first <= key &&
			key <= prefix_last(first, one->prefix.length) &&
			(!found || one->prefix.length > found->prefix.length))
			found = one;
	}
	return found;
}

static void test_overrides(void **state)
{
	struct place_overrides *overrides = overrides_draw();
	struct places *places = places_build(NULL, overrides);
	unsigned found = 0;
	(void)state;
	assert_true(overrides && places && overrides->count > OVERRIDES / 2);
	struct inputs inputs = {.overrides = refcount_new(overrides, release_nothing),
		.places = refcount_new(places, release_nothing)};
	for (unsigned i = 0; i < LOOKS; i++) {
		struct client client = {.ipv6 = draw(2)};
		address_draw(client.address, client.ipv6);
		const struct place_override *expected = looked_through(overrides, &client);
		struct locate_place place = locate_place_find(&inputs, &client);
		assert_ptr_equal(place.override, expected);
		if (expected) {
			assert_int_equal(place.length, expected->prefix.length);
			assert_int_equal(place.country, expected->country);
		}
		found += expected != NULL;
	}
	assert_in_range(found, LOOKS / 20, LOOKS - 1);
	refcount_release(inputs.overrides);
	refcount_release(inputs.places);
	places_free(places);
	place_overrides_free(overrides);
}

static void test_none(void **state)
{
	struct places *places = places_build(NULL, NULL);
	struct inputs inputs = {.places = refcount_new(places, release_nothing)};
	(void)state;
	assert_null(locate_place_find(&inputs, &(struct client){.ipv6 = false}).override);
	assert_null(locate_place_find(&inputs, &(struct client){.ipv6 = true}).override);
	refcount_release(inputs.places);
	places_free(places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
