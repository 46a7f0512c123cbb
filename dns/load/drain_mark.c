#include "dns/load/drain_list.h"

#include <stdlib.h>
#include <string.h>

/* Shares everything with the export but the addresses. */
struct marked {
	struct mirrors mirrors;
	struct refcount *exported;
	uint32_t taken[DRAINS_MAX]; /* addresses that each of the drains matches */
};

struct marking {
	struct marked *marked;
	const struct drains *drains;
	int64_t now;
	bool of_host[DRAINS_MAX]; /* which drains match the host looked at last */
	bool any;
};

static void release_marked(void *object)
{
	struct marked *marked = object;
	free(marked->mirrors.addresses);
	refcount_release(marked->exported);
	free(marked);
}

static struct marked *marked_new(struct refcount *exported)
{
	const struct mirrors *mirrors = refcount_get(exported);
	struct marked *marked = calloc(1, sizeof(*marked));
	struct mirror_address *addresses =
		malloc((mirrors->address_count + 1) * sizeof(*addresses));
	if (!marked || !addresses) {
		free(marked);
		free(addresses);
		return NULL;
	}
	memcpy(addresses, mirrors->addresses, mirrors->address_count * sizeof(*addresses));
	marked->mirrors = *mirrors;
	marked->mirrors.addresses = addresses;
	marked->exported = refcount_hold(exported);
	return marked;
}

/* 256 globs of 100,000 hosts: few are looked at closer than for their letters. */
static bool text_matches(const struct drain *drain, const char *text, uint64_t letters)
{
	return !(drain->letters & ~letters) && drain_glob(drain->glob, text);
}

static void host_look(struct marking *marking, const char *host)
{
	uint64_t letters = drain_letters(host);
	for (size_t i = 0; i < marking->drains->count; i++) {
		const struct drain *drain = &marking->drains->list[i];
		marking->of_host[i] = !drain_is_over(drain, marking->now) && !drain->is_network &&
				      text_matches(drain, host, letters);
	}
}

static void address_look(struct marking *marking, struct mirror_address *address)
{
	char text[ADDRESS_TEXT_MAX];
	uint64_t letters = drain_letters(address_write(&address->at, text));
	for (size_t i = 0; i < marking->drains->count; i++) {
		const struct drain *drain = &marking->drains->list[i];
		bool taken = marking->of_host[i];
		if (!taken && !drain_is_over(drain, marking->now))
			taken = drain->is_network ? drain_matches(drain, "", &address->at)
						  : drain->may_be_address &&
							    text_matches(drain, text, letters);
		marking->marked->taken[i] += taken;
		address->drained |= taken;
		marking->any |= taken;
	}
}

struct refcount *drains_mark(struct refcount *exported, const struct drains *drains, int64_t now)
{
	const struct mirrors *mirrors = refcount_get(exported);
	if (!mirrors || !drains || !drains->count)
		return refcount_hold(exported);
	struct marking marking = {.marked = marked_new(exported), .drains = drains, .now = now};
	if (!marking.marked)
		return NULL;
	uint32_t mirror = UINT32_MAX; /* a mirror's addresses stand together */
	for (size_t i = 0; i < mirrors->address_count; i++) {
		struct mirror_address *address = &marking.marked->mirrors.addresses[i];
		if (address->mirror != mirror)
			host_look(&marking, mirrors->list[address->mirror].host);
		mirror = address->mirror;
		address_look(&marking, address);
	}
	if (marking.any)
		return refcount_new(&marking.marked->mirrors, release_marked);
	release_marked(marking.marked);
	return refcount_hold(exported);
}

size_t drains_taken(const struct refcount *marked, const struct refcount *exported, size_t number)
{
	/* `mirrors` is its first member. */
	return marked == exported ? 0
				  : ((const struct marked *)refcount_get(marked))->taken[number];
}
