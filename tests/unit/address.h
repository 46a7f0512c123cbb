/* tests/unit/address.h - addresses as text, looked up in segments. Behind cmocka.h. */
#ifndef TESTS_ADDRESS_H
#define TESTS_ADDRESS_H

#include "geo/country.h"
#include "geo/place.h"

#include <arpa/inet.h>
#include <string.h>

static inline struct place_address address_of(const char *text, bool *ipv6)
{
	uint8_t octets[16] = {0};
	struct place_address address = {0, 0};
	*ipv6 = strchr(text, ':') != NULL;
	assert_int_equal(inet_pton(*ipv6 ? AF_INET6 : AF_INET, text, octets), 1);
	for (size_t i = 0; i < 8; i++) {
		address.high = address.high << 8 | octets[i];
		address.low = address.low << 8 | octets[8 + i];
	}
	return address;
}

static inline const char *found_code(
	const struct place_family *ipv4, const struct place_family *ipv6, const char *text)
{
	bool is_ipv6;
	struct place_address address = address_of(text, &is_ipv6);
	return country_code(places_find(is_ipv6 ? ipv6 : ipv4, address)->country);
}

static inline unsigned __int128 key_of(const char *text)
{
	bool ipv6;
	struct place_address address = address_of(text, &ipv6);
	return (unsigned __int128)address.high << 64 | address.low;
}

/* Sorted, from 0 on, neighbours differ. */
static inline void family_check(const struct place_family *family)
{
	assert_true(family->count > 0);
	assert_true(family->segments[0].first.high == 0 && family->segments[0].first.low == 0);
	for (size_t i = 1; i < family->count; i++) {
		const struct place_segment *a = &family->segments[i - 1], *b = a + 1;
		assert_true(a->first.high < b->first.high ||
			    (a->first.high == b->first.high && a->first.low < b->first.low));
		assert_true(a->country != b->country || a->special != b->special);
		assert_true(b->country <= COUNTRY_MAX);
	}
}

#endif
