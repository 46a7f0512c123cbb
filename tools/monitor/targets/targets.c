#include "tools/monitor/targets/targets.h"

#include "dns/base/log.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An address that is wanted, and whose. */
struct place {
	const struct address *address;
	const struct list_mirror *mirror;
};

struct call {
	struct targets_update *update;
	struct place *places; /* in the list's order */
	size_t count;
	struct place *listed; /* by address: what stands in the list */
	size_t listed_count;
	struct target **previous; /* by address */
	const struct list_mirror **mirrors; /* of each one in update->list */
};

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
static const struct list_mirror *owner_find(const struct call *call, const struct address *address)
{
	struct place key = {address, NULL};
	const struct place *found =
		bsearch(&key, call->listed, call->listed_count, sizeof(key), place_compare);
	for (size_t i = 0; !found && i < call->count; i++)
		if (!call->places[i].mirror->address_count &&
			address_compare(call->places[i].address, address) == 0)
			found = &call->places[i];
	return found ? found->mirror : NULL;
}

static void found_add(struct call *call, const struct list_mirror *mirror)
{
	char text[ADDRESS_TEXT_MAX];
	size_t count;
	const struct address *found = resolve_find(call->update->resolve, mirror->host, &count);
	for (size_t i = 0; i < count; i++) {
		const struct list_mirror *owner = owner_find(call, &found[i]);
		if (!owner)
			call->places[call->count++] = (struct place){&found[i], mirror};
		else if (call->update->say)
			log_line(LOG_LEVEL_WARNING,
				"Address of a host name belongs to another mirror, ignored here "
				"address=%s name=%s host=%s",
				address_write(&found[i], text), mirror->host, owner->host);
	}
}

static bool room_take(struct call *call)
{
	const struct mirror_list *mirror_list = call->update->mirror_list;
	size_t room = 1, count;
	for (size_t i = 0; i < mirror_list->count; i++) {
		call->listed_count += mirror_list->list[i].address_count;
		resolve_find(call->update->resolve, mirror_list->list[i].host, &count);
		room += mirror_list->list[i].address_count + count;
	}
	call->places = calloc(room, sizeof(*call->places));
	call->listed = calloc(room, sizeof(*call->listed));
	call->mirrors = calloc(room, sizeof(*call->mirrors));
	call->previous = calloc(call->update->previous_count + 1, sizeof(*call->previous));
	call->update->list = calloc(room, sizeof(*call->update->list));
	return call->places && call->listed && call->mirrors && call->previous &&
	       call->update->list;
}

static void places_find(struct call *call)
{
	const struct mirror_list *mirror_list = call->update->mirror_list;
	size_t listed = 0;
	for (size_t i = 0; i < mirror_list->count; i++)
		for (size_t k = 0; k < mirror_list->list[i].address_count; k++)
			call->listed[listed++] = (struct place){
				&mirror_list->list[i].addresses[k], &mirror_list->list[i]};
	qsort(call->listed, listed, sizeof(*call->listed), place_compare);
	for (size_t i = 0; i < mirror_list->count; i++) {
		const struct list_mirror *mirror = &mirror_list->list[i];
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
	struct target **found = bsearch(&at, call->previous, call->update->previous_count,
		sizeof(*call->previous), target_compare);
	/* After a list was edited twice there may be two hosts of one address: neighbours. */
	while (found && found > call->previous && target_compare(found - 1, &at) == 0)
		found--;
	for (; found && found < call->previous + call->update->previous_count; found++) {
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
		if (address_compare(&address->at, place->address) == 0)
			return strcasecmp(mirrors->list[address->mirror].host,
				       place->mirror->host) == 0;
	}
	return false;
}

static bool targets_take(struct call *call)
{
	struct targets_update *update = call->update;
	if (update->previous_count)
		memcpy(call->previous, update->previous,
			update->previous_count * sizeof(*call->previous));
	qsort(call->previous, update->previous_count, sizeof(*call->previous), target_compare);
	for (size_t i = 0; i < call->count; i++) {
		const struct place *place = &call->places[i];
		struct target *target = old_find(call, place);
		if (!target)
			target = target_new(place->mirror, place->address, update->now);
		if (!target)
			return false;
		if (!place->mirror->address_count && !target->first_seen && !target->exported)
			target->exported = is_exported(update->exported, place);
		update->list[update->count] = target;
		call->mirrors[update->count++] = place->mirror;
	}
	return true;
}

/* Nothing fails from here on. */
static void targets_set(struct call *call)
{
	struct targets_update *update = call->update;
	for (size_t i = 0; i < update->previous_count; i++)
		update->previous[i]->mirror = NULL;
	for (size_t i = 0; i < update->count; i++)
		update->list[i]->mirror = call->mirrors[i];
}

static bool is_old(const struct targets_update *update, const struct target *target)
{
	for (size_t i = 0; i < update->previous_count; i++)
		if (update->previous[i] == target)
			return true;
	return false;
}

static void targets_drop(struct targets_update *update)
{
	for (size_t i = 0; i < update->count; i++)
		if (!is_old(update, update->list[i]))
			free(update->list[i]);
	free(update->list);
	update->list = NULL;
	update->count = 0;
}

bool targets_update(struct targets_update *update)
{
	struct call call = {.update = update};
	update->count = 0;
	bool good = room_take(&call);
	if (good) {
		places_find(&call);
		good = targets_take(&call);
	}
	if (good)
		targets_set(&call);
	else
		targets_drop(update);
	free(call.places);
	free(call.listed);
	free(call.mirrors);
	free(call.previous);
	return good;
}
