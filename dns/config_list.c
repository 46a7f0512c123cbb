#include "dns/config_value.h"

#include "geo/country.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_DNS = 53, PORT_MAX = 65535, HOST_MAX = INET6_ADDRSTRLEN + IF_NAMESIZE };

static const char place_sentence[] = "found %s = \"%.64s\", expected %s, with XX a continent (AF "
				     "AN AS EU NA OC SA) or a country";

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

bool config_read_metrics(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct config *config = record;

	(void)option;
	if (*given->texts[0] && !endpoint_parse(given->texts[0], 0, &config->metrics))
		return config_refuse(reader->why, given->lines[0],
			"found %s = \"%.64s\", expected ADDRESS:PORT or [IPV6-ADDRESS]:PORT",
			given->name, given->texts[0]);
	config->metrics_named = given->named;
	config->metrics.text = config_take_text(config, given->texts[0]);
	return config->metrics.text || config_refuse(reader->why, 0, "out of memory");
}

bool config_read_listen(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct config *config = record;
	struct config_listen *listens = config_take(config, given->count * sizeof(*listens));

	(void)option;
	if (given->count == 0)
		return config_refuse(reader->why, given->line,
			"found listen = {}, expected at least one address");
	if (!listens)
		return config_refuse(reader->why, 0, "out of memory");
	for (size_t i = 0; i < given->count; i++) {
		if (!endpoint_parse(given->texts[i], PORT_DNS, &listens[i]))
			return config_refuse(reader->why, given->lines[i],
				"found listen = \"%.64s\", expected ADDRESS:PORT or "
				"[IPV6-ADDRESS]:PORT of this machine",
				given->texts[i]);
		/* All octets of an address that are not in use are 0. */
		for (size_t k = 0; k < i; k++)
			if (!memcmp(&listens[k].address, &listens[i].address,
				    sizeof(listens[i].address)))
				return config_refuse(reader->why, given->lines[i],
					"found listen = \"%.64s\" a second time, expected it once",
					given->texts[i]);
		listens[i].text = config_take_text(config, given->texts[i]);
		if (!listens[i].text)
			return config_refuse(reader->why, 0, "out of memory");
	}
	config->listens = listens;
	config->listen_count = given->count;
	return true;
}

/* ADDRESS/LENGTH or a single address; bits beyond the length are refused, not cut. */
static bool network_parse(const char *text, struct config_network *network)
{
	char host[INET6_ADDRSTRLEN + 1];
	size_t size = strcspn(text, "/");
	const char *length = text[size] ? text + size + 1 : NULL;
	unsigned long bits;

	if (size >= sizeof(host))
		return false;
	memcpy(host, text, size);
	host[size] = '\0';
	network->ipv6 = strchr(host, ':') != NULL;
	if (inet_pton(network->ipv6 ? AF_INET6 : AF_INET, host, network->octets) != 1)
		return false;
	bits = network->ipv6 ? 128 : 32;
	if (length) {
		if (!*length || strlen(length) > 3 ||
			strspn(length, "0123456789") != strlen(length) ||
			strtoul(length, NULL, 10) > bits)
			return false;
		bits = strtoul(length, NULL, 10);
	}
	network->length = (uint8_t)bits;
	for (size_t bit = bits; bit < 128; bit++)
		if (network->octets[bit / 8] & (0x80 >> bit % 8))
			return false;
	return true;
}

bool config_read_networks(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct config *config = record;
	struct config_network *networks = config_take(config, given->count * sizeof(*networks));

	(void)option;
	if (!networks)
		return config_refuse(reader->why, 0, "out of memory");
	for (size_t i = 0; i < given->count; i++)
		if (!network_parse(given->texts[i], &networks[i]))
			return config_refuse(reader->why, given->lines[i],
				"found %s = \"%.64s\", expected ADDRESS/LENGTH without host bits",
				given->name, given->texts[i]);
	config->explain_to = networks;
	config->explain_to_count = given->count;
	return true;
}

/* world, continent:XX, country:XX. */
static bool place_parse(const char *text, struct pool_place *place)
{
	static const char continent[] = "continent:", country[] = "country:";
	size_t skip;

	*place = (struct pool_place){.kind = PLACE_WORLD};
	if (strcmp(text, "world") == 0)
		return true;
	if (strncmp(text, continent, strlen(continent)) == 0) {
		skip = strlen(continent);
		place->kind = PLACE_CONTINENT;
		place->code = (uint16_t)continent_find(text + skip, strlen(text + skip));
	} else if (strncmp(text, country, strlen(country)) == 0) {
		skip = strlen(country);
		place->kind = PLACE_COUNTRY;
		place->code = (uint16_t)country_find(text + skip, strlen(text + skip));
	}
	return place->code != 0;
}

bool config_read_from(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct pool_rule *rule = (struct pool_rule *)((unsigned char *)record + option->field);
	const char *text = given->texts[0];

	if (strcmp(text, "label") == 0) {
		rule->from = POOL_FROM_LABEL;
	} else if (strcmp(text, "client") == 0) {
		rule->from = POOL_FROM_CLIENT;
	} else {
		rule->from = POOL_FROM_FIXED;
		if (!place_parse(text, &rule->fixed))
			return config_refuse(reader->why, given->lines[0], place_sentence,
				given->name, text,
				"label, client, world, continent:XX or country:XX");
	}
	return true;
}

/* A level twice would never be reached. */
bool config_read_fallback(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct pool_rule *rule = (struct pool_rule *)((unsigned char *)record + option->field);

	if (given->count > POOL_FALLBACK_MAX)
		return config_refuse(reader->why, given->lines[POOL_FALLBACK_MAX],
			"found %s with %zu levels, expected at most %d", given->name, given->count,
			POOL_FALLBACK_MAX);
	for (size_t i = 0; i < given->count; i++) {
		struct pool_place *place = &rule->fallback[i];
		const char *text = given->texts[i];

		if (strcmp(text, "continent") == 0)
			*place = (struct pool_place){.kind = PLACE_CONTINENT};
		else if (!place_parse(text, place))
			return config_refuse(reader->why, given->lines[i], place_sentence,
				given->name, text, "continent, world, continent:XX or country:XX");
		for (size_t k = 0; k < i; k++)
			if (rule->fallback[k].kind == place->kind &&
				rule->fallback[k].code == place->code)
				return config_refuse(reader->why, given->lines[i],
					"found %s = \"%.64s\" a second time, expected it once",
					given->name, text);
	}
	rule->fallback_count = (uint8_t)given->count;
	return true;
}

bool config_read_families(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	struct pool_rule *rule = (struct pool_rule *)((unsigned char *)record + option->field);

	if (given->count == 0)
		return config_refuse(reader->why, given->line,
			"found %s = {}, expected ipv4, ipv6 or both", given->name);
	for (size_t i = 0; i < given->count; i++) {
		bool ipv6 = strcmp(given->texts[i], "ipv6") == 0;
		enum pool_family family = ipv6 ? POOL_IPV6 : POOL_IPV4;

		if (!ipv6 && strcmp(given->texts[i], "ipv4") != 0)
			return config_refuse(reader->why, given->lines[i],
				"found %s = \"%.64s\", expected \"ipv4\" or \"ipv6\"", given->name,
				given->texts[i]);
		if (rule->families[family])
			return config_refuse(reader->why, given->lines[i],
				"found %s = \"%s\" a second time, expected it once", given->name,
				given->texts[i]);
		rule->families[family] = true;
	}
	return true;
}
