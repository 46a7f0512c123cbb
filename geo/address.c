#include "geo/address.h"

#include <arpa/inet.h>
#include <stdlib.h>

static int place_compare(const void *a, const void *b)
{
	const struct address *x = *(const struct address *const *)a;
	const struct address *y = *(const struct address *const *)b;
	int order = address_compare(x, y);
	return order ? order : (x > y) - (x < y);
}

bool address_twice(
	const void *list, size_t count, size_t size, const void **first, const void **second)
{
	const struct address **order = malloc((count + 1) * sizeof(*order));
	*second = NULL;
	if (!order)
		return false;
	for (size_t i = 0; i < count; i++)
		order[i] = (const void *)((const char *)list + i * size);
	qsort(order, count, sizeof(*order), place_compare);
	for (size_t i = 1; i < count; i++)
		if (address_compare(order[i - 1], order[i]) == 0 &&
			(!*second || (const void *)order[i] < *second)) {
			*first = order[i - 1];
			*second = order[i];
		}
	free(order);
	return true;
}

bool address_parse(struct address *address, const char *text)
{
	*address = (struct address){.ipv6 = text && strchr(text, ':')};
	return text && inet_pton(address->ipv6 ? AF_INET6 : AF_INET, text, address->octets) == 1;
}

const char *address_write(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
	return inet_ntop(
		address->ipv6 ? AF_INET6 : AF_INET, address->octets, text, ADDRESS_TEXT_MAX);
}

enum network_fault address_network_parse(struct address *address, uint8_t *length, const char *text)
{
	char part[ADDRESS_TEXT_MAX];
	size_t size = strcspn(text, "/");
	if (size >= sizeof(part))
		return NETWORK_NO_ADDRESS;
	memcpy(part, text, size);
	part[size] = '\0';
	if (!address_parse(address, part))
		return NETWORK_NO_ADDRESS;
	unsigned long most = address->ipv6 ? 128 : 32;
	*length = (uint8_t)most;
	if (!text[size])
		return NETWORK_GOOD;
	const char *digits = text + size + 1;
	size_t count = strspn(digits, "0123456789");
	unsigned long bits = strtoul(digits, NULL, 10);
	if (!count || count > 3 || digits[count] || bits > most)
		return NETWORK_NO_LENGTH;
	*length = (uint8_t)bits;
	if (bits == 128)
		return NETWORK_GOOD;
	struct address network = {.ipv6 = address->ipv6};
	memcpy(network.octets, address->octets, bits / 8);
	network.octets[bits / 8] = (uint8_t)(address->octets[bits / 8] & 0xFF00u >> bits % 8);
	bool clean = address_compare(&network, address) == 0;
	*address = network;
	return clean ? NETWORK_GOOD : NETWORK_HOST_BITS;
}
