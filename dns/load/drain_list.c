#include "dns/load/drain_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

struct refcount *drains_with(const struct drains *drains, const struct drain *added, int64_t now)
{
	struct drains *copy = drains_copy(drains, added->glob, now);
	if (copy && copy->count == DRAINS_MAX) {
		free(copy);
		return NULL;
	}
	if (copy)
		copy->list[copy->count++] = *added;
	return refcount_new(copy, free);
}

struct refcount *drains_without(const struct drains *drains, const char *glob, int64_t now)
{
	return refcount_new(drains_copy(drains, glob, now), free);
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
			drain_matches(&drains->list[i], host, &address->at))
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
