#include "dns/load/drain.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
			"the glob has %zu octets, expected 1 to %d: a host, an address, a network "
			"or a "
			"glob of hosts",
			length, DRAIN_GLOB_MAX);
		return false;
	}
	memcpy(drain->glob, glob, length + 1);
	if (network_parse(drain, &good) && !good) {
		snprintf(sentence, size,
			"\"%s\" is no network, expected ADDRESS/LENGTH without bits behind its "
			"length",
			drain->glob);
		return false;
	}
	drain->may_be_address =
		!drain->is_network &&
		drain->glob[strspn(drain->glob, "0123456789abcdefABCDEF.:*?")] == '\0';
	drain->pairs = drain_pairs(drain->glob);
	return true;
}

/* --- lists --- */

static void release_drains(void *object)
{
	free(object);
}

/* NULL is the empty list. */
static size_t count_of(const struct drains *drains)
{
	return drains ? drains->count : 0;
}

/* All that go on, but for the one of that glob, and room for one more. */
static struct drains *drains_copy(const struct drains *drains, const char *glob, int64_t now)
{
	struct drains *copy =
		calloc(1, sizeof(*copy) + (count_of(drains) + 1) * sizeof(copy->list[0]));
	for (size_t i = 0; copy && i < count_of(drains); i++)
		if (!drain_is_over(&drains->list[i], now) &&
			!(glob && strcasecmp(drains->list[i].glob, glob) == 0))
			copy->list[copy->count++] = drains->list[i];
	return copy;
}

struct shared *drains_with(const struct drains *drains, const struct drain *added, int64_t now)
{
	struct drains *copy = drains_copy(drains, added->glob, now);
	if (copy && copy->count == DRAINS_MAX) {
		free(copy);
		return NULL;
	}
	if (copy)
		copy->list[copy->count++] = *added;
	return shared_new(copy, release_drains);
}

struct shared *drains_without(const struct drains *drains, const char *glob, int64_t now)
{
	return shared_new(drains_copy(drains, glob, now), release_drains);
}

const struct drain *drains_find(const struct drains *drains, const char *glob)
{
	for (size_t i = 0; i < count_of(drains); i++)
		if (strcasecmp(drains->list[i].glob, glob) == 0)
			return &drains->list[i];
	return NULL;
}

const struct drain *drains_match(const struct drains *drains, const struct mirrors *mirrors,
	const struct mirror_address *address, int64_t now)
{
	const char *host = mirrors->list[address->mirror].host;
	for (size_t i = 0; i < count_of(drains); i++)
		if (!drain_is_over(&drains->list[i], now) &&
			drain_matches(&drains->list[i], host, address))
			return &drains->list[i];
	return NULL;
}

bool drains_end(const struct drains *drains, int64_t before, int64_t now)
{
	for (size_t i = 0; i < count_of(drains); i++)
		if (drain_is_over(&drains->list[i], now) != drain_is_over(&drains->list[i], before))
			return true;
	return false;
}
