#include "dns/config/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_DNS = 53, PORT_MAX = 65535, HOST_MAX = INET6_ADDRSTRLEN + IF_NAMESIZE };

/* 1..65535 in decimal digits, else 0. */
static unsigned port_parse(const char *text)
{
	size_t size = strlen(text);
	unsigned long port;
	if (size < 1 || size > 5 || strspn(text, "0123456789") != size)
		return 0;
	port = strtoul(text, NULL, 10);
	return port <= PORT_MAX ? (unsigned)port : 0;
}

/* The interface of "fe80::1%eth0", by name or number; 0: there is none. */
static unsigned scope_parse(const char *text)
{
	size_t size = strlen(text);
	if (size > 0 && size < 10 && strspn(text, "0123456789") == size)
		return (unsigned)strtoul(text, NULL, 10);
	return if_nametoindex(text);
}

/* An address without its port; false: it is none, or its interface is not there. */
static bool host_parse(const char *host, unsigned port, struct config_listen *listen)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&listen->address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&listen->address;
	char address[HOST_MAX + 1];
	const char *scope = strchr(host, '%');
	if (inet_pton(AF_INET, host, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons((uint16_t)port);
		listen->size = sizeof(*ipv4);
		return true;
	}
	memcpy(address, host, strlen(host) + 1);
	if (scope)
		address[scope - host] = '\0';
	/* An IPv4 address in IPv6 form is no address for an IPv6 socket of its own. */
	if (inet_pton(AF_INET6, address, &ipv6->sin6_addr) != 1 ||
		IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr))
		return false;
	ipv6->sin6_scope_id = scope ? scope_parse(scope + 1) : 0;
	ipv6->sin6_family = AF_INET6;
	ipv6->sin6_port = htons((uint16_t)port);
	listen->size = sizeof(*ipv6);
	return !scope || ipv6->sin6_scope_id > 0;
}

/* "2001:db8::53:1" is an address, and an address with a port: only brackets can tell. */
static bool host_is_ambiguous(const char *text)
{
	struct config_listen ignored = {0};
	char host[HOST_MAX + 1];
	size_t size = (size_t)(strrchr(text, ':') - text);
	if (!port_parse(text + size + 1))
		return false;
	memcpy(host, text, size);
	host[size] = '\0';
	return host_parse(host, PORT_DNS, &ignored);
}

/* ADDRESS, ADDRESS:PORT, [ADDRESS] or [ADDRESS]:PORT. `port` is for a text without one; 0: such a
 * text is refused. */
static bool endpoint_parse(const char *text, unsigned port, struct config_listen *listen)
{
	const char *close = *text == '[' ? strchr(text, ']') : NULL;
	const char *colon = strchr(close ? close : text, ':');
	size_t size;
	char host[HOST_MAX + 1];
	if (strlen(text) > HOST_MAX || (close && close[1] && colon != close + 1))
		return false;
	if (!close && colon && strchr(colon + 1, ':')) {
		if (host_is_ambiguous(text))
			return false;
		colon = NULL;
	}
	if (close)
		size = (size_t)(close - text) - 1;
	else
		size = colon ? (size_t)(colon - text) : strlen(text);
	memcpy(host, close ? text + 1 : text, size);
	host[size] = '\0';
	if (close && !strchr(host, ':'))
		return false;
	if (colon)
		port = port_parse(colon + 1);
	memset(&listen->address, 0, sizeof(listen->address));
	return port > 0 && host_parse(host, port, listen);
}

bool config_read_address(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct config_listen *listen = config_field(option, record);
	if (*given->texts[0] && !endpoint_parse(given->texts[0], 0, listen))
		return config_refuse(reader->why, given->lines[0],
			"found %s = \"%.64s\", expected an IP address with port, "
			"such as 192.0.2.1:9353 or [2001:db8::1]:9353 (host names are not resolved)",
			given->name, given->texts[0]);
	listen->text = config_arena_text(reader->arena, given->texts[0]);
	return listen->text || config_refuse(reader->why, 0, "out of memory");
}

bool config_read_listens(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct config_listen *listens;
	if (given->count == 0)
		return config_refuse(reader->why, given->line,
			"found %s = {}, expected at least one address", given->name);
	listens = config_list_take(reader, option, given, record, sizeof(*listens));
	for (size_t i = 0; listens && i < given->count; i++) {
		if (!endpoint_parse(given->texts[i], PORT_DNS, &listens[i]))
			return config_refuse(reader->why, given->lines[i],
				"found %s = \"%.64s\", expected an IP address of this machine, "
				"such as 192.0.2.1:53 or [2001:db8::1]:53 "
				"(host names are not resolved)",
				given->name, given->texts[i]);
		/* All octets of an address that are not in use are 0. */
		for (size_t k = 0; k < i; k++)
			if (!memcmp(&listens[k].address, &listens[i].address,
				    sizeof(listens[i].address)))
				return config_refuse(reader->why, given->lines[i],
					"found %s = \"%.64s\" a second time, expected it once",
					given->name, given->texts[i]);
		listens[i].text = config_arena_text(reader->arena, given->texts[i]);
		if (!listens[i].text)
			return config_refuse(reader->why, 0, "out of memory");
	}
	return listens != NULL;
}

bool config_read_ipv4(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	if (inet_pton(AF_INET, given->texts[0], config_field(option, record)) == 1)
		return true;
	return config_refuse(reader->why, given->lines[0],
		"found %s = \"%.64s\", expected an IPv4 address", given->name, given->texts[0]);
}

bool config_read_networks(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct config_network *networks =
		config_list_take(reader, option, given, record, sizeof(*networks));
	for (size_t i = 0; networks && i < given->count; i++)
		if (address_network_parse(&networks[i].at, &networks[i].length, given->texts[i]) !=
			NETWORK_GOOD)
			return config_refuse(reader->why, given->lines[i],
				"found %s = \"%.64s\", expected ADDRESS/LENGTH without host bits",
				given->name, given->texts[i]);
	return networks != NULL;
}
