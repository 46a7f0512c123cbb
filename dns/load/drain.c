#include "dns/load/drain.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Octets behind the prefix are 0 in a network that is well written. */
static bool network_is_clean(const struct drain *drain)
{
	uint8_t clean[16] = {0};
	unsigned whole = drain->length / 8;
	memcpy(clean, drain->octets, whole);
	if (whole < 16)
		clean[whole] = (uint8_t)(drain->octets[whole] & 0xFF00u >> drain->length % 8);
	return memcmp(clean, drain->octets, sizeof(clean)) == 0;
}

/* Is it an address or a network at all? */
static bool network_parse(struct drain *drain, bool *good)
{
	char text[DRAIN_GLOB_MAX + 1];
	snprintf(text, sizeof(text), "%s", drain->glob);
	char *slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	drain->ipv6 = inet_pton(AF_INET6, text, drain->octets) == 1;
	*good = true;
	if (!drain->ipv6 && inet_pton(AF_INET, text, drain->octets) != 1)
		return false;
	unsigned most = drain->ipv6 ? 128 : 32;
	drain->is_network = true;
	drain->length = (uint8_t)most;
	if (!slash)
		return true;
	size_t digits = strspn(slash + 1, "0123456789");
	unsigned long length = strtoul(slash + 1, NULL, 10);
	*good = digits && digits <= 3 && !slash[1 + digits] && length <= most;
	drain->length = (uint8_t)(*good ? length : 0);
	*good = *good && network_is_clean(drain);
	return true;
}

bool drain_parse(struct drain *drain, const char *glob, char *sentence, size_t size)
{
	bool good;
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
	if (network_parse(drain, &good) && !good) {
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

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, mask = 0xFF00u >> bits % 8 & 0xFF;
	return memcmp(a, b, whole) == 0 && (!mask || !((a[whole] ^ b[whole]) & mask));
}

bool drain_matches(
	const struct drain *drain, const char *host, const struct mirror_address *address)
{
	char text[INET6_ADDRSTRLEN];
	if (drain->is_network)
		return drain->ipv6 == address->ipv6 &&
		       bits_equal(drain->octets, address->octets, drain->length);
	if (drain_glob(drain->glob, host))
		return true;
	if (!drain->may_be_address)
		return false;
	inet_ntop(address->ipv6 ? AF_INET6 : AF_INET, address->octets, text, sizeof(text));
	return drain_glob(drain->glob, text);
}
