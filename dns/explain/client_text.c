#include "dns/explain/client_text.h"

#include "dns/base/why.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 80 }; /* octets of a text that a sentence quotes */

static bool refuse(char *why, size_t size, const char *text, const char *expected)
{
	return why_write(
		why, size, "the address is \"%.*s\", expected %s", TEXT_MAX, text, expected);
}

bool locate_client_parse(struct locate_client *client, const char *text, char *why, size_t size)
{
	char network[ADDRESS_TEXT_MAX], sentence[LOCATE_CLIENT_MAX + 80];
	struct address address;
	*client = (struct locate_client){.ecs = strchr(text, '/'), .source = {.tcp = true}};
	switch (address_network_parse(&address, &client->length, text)) {
	case NETWORK_NO_ADDRESS:
		return refuse(why, size, text,
			"an IPv4 or IPv6 address, with /LENGTH when it is a client subnet");
	case NETWORK_NO_LENGTH:
		return refuse(why, size, text,
			address.ipv6 ? "a prefix length of 0 to 128 after the /"
				     : "a prefix length of 0 to 32 after the /");
	case NETWORK_HOST_BITS:
		snprintf(sentence, sizeof(sentence),
			"no bits set beyond the prefix length (RFC 7871 6): %s/%u",
			address_write(&address, network), client->length);
		return refuse(why, size, text, sentence);
	case NETWORK_GOOD:
		break;
	}
	client->source.ipv6 = address.ipv6;
	memcpy(client->source.address, address.octets, sizeof(address.octets));
	return true;
}

static const char *prefix_write(
	const struct address *address, int length, char text[LOCATE_CLIENT_MAX])
{
	address_write(address, text);
	if (length >= 0)
		snprintf(text + strlen(text), LOCATE_CLIENT_MAX - ADDRESS_TEXT_MAX, "/%d", length);
	return text;
}

const char *locate_client_write(const struct locate_client *client, char text[LOCATE_CLIENT_MAX])
{
	struct address address = address_from(client->source.address, client->source.ipv6);
	return prefix_write(&address, client->ecs ? client->length : -1, text);
}

const char *locate_network_write(const struct locate_place *place, char text[LOCATE_CLIENT_MAX])
{
	return prefix_write(&place->network, place->length, text);
}
