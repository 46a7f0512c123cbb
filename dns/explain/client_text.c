#include "dns/explain/client_text.h"

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
			source->ipv6 ? "a prefix length of 0 to 128 after the /"
				     : "a prefix length of 0 to 32 after the /");
	if (bits_clear(source->address, client->length, bits))
		return true;
	char expected[LOCATE_CLIENT_MAX], sentence[LOCATE_CLIENT_MAX + 80];
	snprintf(sentence, sizeof(sentence),
		"no bits set beyond the prefix length (RFC 7871 6): %s",
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
