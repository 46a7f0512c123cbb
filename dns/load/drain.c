#include "dns/load/drain.h"

#include <stdio.h>
#include <string.h>

/* A bit each for '@' to DEL, where both cases of a letter are one, and for what is below. */
static uint64_t letter_bit(char letter)
{
	return UINT64_C(1) << (letter & 0x40 ? letter & 0x1F : letter & 0x3F);
}

uint64_t drain_letters(const char *text)
{
	uint64_t letters = 0;
	for (; *text; text++)
		letters |= letter_bit(*text);
	return letters & ~(letter_bit('*') | letter_bit('?'));
}

bool drain_parse(struct drain *drain, const char *glob, char *sentence, size_t size)
{
	*drain = (struct drain){.until = 0};
	size_t length = strlen(glob);
	if (!length || length > DRAIN_GLOB_MAX) {
		snprintf(sentence, size,
			"the glob has %zu octets, expected 1 to %d: a host, an address, "
			"a network or a host pattern",
			length, DRAIN_GLOB_MAX);
		return false;
	}
	memcpy(drain->glob, glob, length + 1);
	enum network_fault fault = address_network_parse(&drain->network, &drain->length, glob);
	drain->is_network = fault == NETWORK_GOOD;
	if (!drain->is_network && fault != NETWORK_NO_ADDRESS) {
		snprintf(sentence, size,
			"\"%s\" is not a network, expected ADDRESS/LENGTH without host bits",
			drain->glob);
		return false;
	}
	drain->may_be_address =
		!drain->is_network &&
		drain->glob[strspn(drain->glob, "0123456789abcdefABCDEF.:*?")] == '\0';
	drain->letters = drain_letters(drain->glob);
	return true;
}

static char letter_fold(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter | 0x20) : letter;
}

/* The last '*' alone is tried again: no pattern takes exponential time. */
bool drain_glob(const char *glob, const char *text)
{
	const char *star = NULL, *after = NULL;
	while (*text) {
		if (*glob == '*') {
			star = ++glob;
			after = text;
		} else if (*glob && (*glob == '?' || letter_fold(*glob) == letter_fold(*text))) {
			glob++;
			text++;
		} else if (star) {
			glob = star;
			text = ++after;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

bool drain_matches(const struct drain *drain, const char *host, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	if (drain->is_network)
		return drain->network.ipv6 == address->ipv6 &&
		       address_bits_equal(drain->network.octets, address->octets, drain->length);
	if (drain_glob(drain->glob, host))
		return true;
	if (!drain->may_be_address)
		return false;
	return drain_glob(drain->glob, address_write(address, text));
}
