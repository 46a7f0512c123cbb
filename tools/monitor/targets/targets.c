#include "tools/monitor/targets/targets.h"

#include "dns/base/log.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An address that is wanted, and whose. */
struct place {
	const struct roster_address *address;
	const struct roster_mirror *mirror;
};

struct call {
	struct muster *muster;
	struct place *places; /* in the list's order */
	size_t count;
	struct place *listed; /* by address: what stands in the list */
	size_t listed_count;
	struct target **olds; /* by address */
	const struct roster_mirror **mirrors; /* of each one in muster->list */
};

static int address_compare(const struct roster_address *a, const struct roster_address *b)
{
	return a->ipv6 != b->ipv6 ? a->ipv6 - b->ipv6 : memcmp(a->octets, b->octets, 16);
}

static int place_compare(const void *a, const void *b)
{
	return address_compare(
		((const struct place *)a)->address, ((const struct place *)b)->address);
}

static int target_compare(const void *a, const void *b)
{
	const struct target *x = *(struct target *const *)a, *y = *(struct target *const *)b;
	return address_compare(&x->address, &y->address);
}

/* Whose is an address already? NULL: nobody's. */
static const struct roster_mirror *owner_find(
	const struct call *call, const struct roster_address *address)
{
	struct place key = {address, NULL};
	const struct place *found =
		bsearch(&key, call->listed, call->listed_count, sizeof(key), place_compare);
	for (size_t i = 0; !found && i < call->count; i++)
		if (!call->places[i].mirror->address_count &&
			target_address_equal(call->places[i].address, address))
			found = &call->places[i];
	return found ? found->mirror : NULL;
}

static void found_add(struct call *call, const struct roster_mirror *mirror)
{
	char text[TARGET_ADDRESS_MAX];
	size_t count;
	const struct roster_address *found =
		resolve_find(call->muster->resolve, mirror->host, &count);
	for (size_t i = 0; i < count; i++) {
		const struct roster_mirror *owner = owner_find(call, &found[i]);
		if (!owner)
			call->places[call->count++] = (struct place){&found[i], mirror};
		else if (call->muster->say)
			log_line(LOG_LEVEL_WARNING,
				"An address found by name is another mirror's, it stays there "
				"address=%s name=%s host=%s",
				target_address(&found[i], text), mirror->host, owner->host);
	}
}

static bool room_take(struct call *call)
{
	const struct roster *roster = call->muster->roster;
	size_t room = 1, count;
	for (size_t i = 0; i < roster->count; i++) {
		call->listed_count += roster->list[i].address_count;
		resolve_find(call->muster->resolve, roster->list[i].host, &count);
		room += roster->list[i].address_count + count;
	}
	call->places = calloc(room, sizeof(*call->places));
	call->listed = calloc(room, sizeof(*call->listed));
	call->mirrors = calloc(room, sizeof(*call->mirrors));
	call->olds = calloc(call->muster->old_count + 1, sizeof(*call->olds));
	call->muster->list = calloc(room, sizeof(*call->muster->list));
	return call->places && call->listed && call->mirrors && call->olds && call->muster->list;
}

static void places_find(struct call *call)
{
	const struct roster *roster = call->muster->roster;
	size_t listed = 0;
	for (size_t i = 0; i < roster->count; i++)
		for (size_t k = 0; k < roster->list[i].address_count; k++)
			call->listed[listed++] =
				(struct place){&roster->list[i].addresses[k], &roster->list[i]};
	qsort(call->listed, listed, sizeof(*call->listed), place_compare);
	for (size_t i = 0; i < roster->count; i++) {
		const struct roster_mirror *mirror = &roster->list[i];
		for (size_t k = 0; k < mirror->address_count; k++)
			call->places[call->count++] = (struct place){&mirror->addresses[k], mirror};
		if (!mirror->address_count)
			found_add(call, mirror);
	}
}

/* The one that is known at a place. NULL: none. */
static struct target *old_find(const struct call *call, const struct place *place)
{
	struct target key = {.address = *place->address}, *at = &key;
	struct target **found = bsearch(
		&at, call->olds, call->muster->old_count, sizeof(*call->olds), target_compare);
	/* After a list was edited twice there may be two hosts of one address: neighbours. */
	while (found && found > call->olds && target_compare(found - 1, &at) == 0)
		found--;
	for (; found && found < call->olds + call->muster->old_count; found++) {
		if (target_compare(found, &at) != 0)
			return NULL;
		if (strcasecmp((*found)->host, place->mirror->host) == 0)
			return *found;
	}
	return NULL;
}

static bool is_exported(const struct mirrors *mirrors, const struct place *place)
{
	for (size_t i = 0; mirrors && i < mirrors->address_count; i++) {
		const struct mirror_address *address = &mirrors->addresses[i];
		if (address->ipv6 == place->address->ipv6 &&
			memcmp(address->octets, place->address->octets, 16) == 0)
			return strcasecmp(mirrors->list[address->mirror].host,
				       place->mirror->host) == 0;
	}
	return false;
}

static bool targets_take(struct call *call)
{
	struct muster *muster = call->muster;
	if (muster->old_count)
		memcpy(call->olds, muster->olds, muster->old_count * sizeof(*call->olds));
	qsort(call->olds, muster->old_count, sizeof(*call->olds), target_compare);
	for (size_t i = 0; i < call->count; i++) {
		const struct place *place = &call->places[i];
		struct target *target = old_find(call, place);
		if (!target)
			target = target_new(place->mirror, place->address, muster->now);
		if (!target)
			return false;
		if (!place->mirror->address_count && !target->first_seen && !target->exported)
			target->exported = is_exported(muster->exported, place);
		muster->list[muster->count] = target;
		call->mirrors[muster->count++] = place->mirror;
	}
	return true;
}

/* Nothing fails from here on. */
static void targets_set(struct call *call)
{
	struct muster *muster = call->muster;
	for (size_t i = 0; i < muster->old_count; i++)
		muster->olds[i]->mirror = NULL;
	for (size_t i = 0; i < muster->count; i++)
		muster->list[i]->mirror = call->mirrors[i];
}

static bool is_old(const struct muster *muster, const struct target *target)
{
	for (size_t i = 0; i < muster->old_count; i++)
		if (muster->olds[i] == target)
			return true;
	return false;
}

static void targets_drop(struct muster *muster)
{
	for (size_t i = 0; i < muster->count; i++)
		if (!is_old(muster, muster->list[i]))
			free(muster->list[i]);
	free(muster->list);
	muster->list = NULL;
	muster->count = 0;
}

bool muster_call(struct muster *muster)
{
	struct call call = {.muster = muster};
	muster->count = 0;
	bool good = room_take(&call);
	if (good) {
		places_find(&call);
		good = targets_take(&call);
	}
	if (good)
		targets_set(&call);
	else
		targets_drop(muster);
	free(call.places);
	free(call.listed);
	free(call.mirrors);
	free(call.olds);
	return good;
}
