#include "geo/level.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES_EACH = 3 }; /* places that a mirror is in: country, continent, world */

static int member_compare(const void *a, const void *b, void *addresses)
{
	const struct mirror_address *list = addresses;
	return address_compare(&list[*(const uint32_t *)a], &list[*(const uint32_t *)b]);
}

size_t level_number(const struct pool_place *place)
{
	if (place->kind == PLACE_WORLD)
		return 0;
	return (place->kind == PLACE_COUNTRY ? (size_t)CONTINENT_MAX : 0) + place->code;
}

uint64_t level_hash(uint64_t hash, const struct mirrors *mirrors, uint32_t member)
{
	const struct mirror_address *address = &mirrors->addresses[member];
	uint64_t words[2];
	memcpy(words, address->at.octets, sizeof words);
	/* Odd constants of the splitmix64 generator; the shifts carry upper bits back down. */
	hash = (hash ^ words[0]) * 0xBF58476D1CE4E5B9;
	hash = (hash ^ hash >> 29 ^ words[1]) * 0x94D049BB133111EB;
	hash = (hash ^ hash >> 31 ^ mirrors->list[address->mirror].weight) * 0x9E3779B97F4A7C15;
	return hash ^ hash >> 32;
}

/* False: disabled or drained, in no class. */
static bool class_find(const struct mirrors *mirrors, const struct mirror_address *address,
	enum level_class *class)
{
	enum mirror_state state = mirrors->list[address->mirror].state;
	*class = mirror_in_service(state) ? LEVEL_IN_SERVICE : LEVEL_REMOVED;
	return state != MIRROR_DISABLED && !address->drained;
}

static void places_find(const struct mirror *mirror, size_t numbers[PLACES_EACH])
{
	const struct pool_place places[PLACES_EACH] = {
		{PLACE_COUNTRY, mirror->country},
		{PLACE_CONTINENT, (uint16_t)country_continent(mirror->country)},
		{PLACE_WORLD, 0},
	};
	for (size_t i = 0; i < PLACES_EACH; i++)
		numbers[i] = level_number(&places[i]);
}

/* Gives every list its part of the room and empties it; [0][0][0] is the first of all of them. */
static void lists_place(struct levels *levels)
{
	struct level_list *lists = &levels->lists[0][0][0];
	const uint32_t *at = levels->members;
	for (size_t i = 0; i < sizeof levels->lists / sizeof *lists; i++) {
		lists[i].members = at;
		at += lists[i].count;
		lists[i].count = 0;
	}
}

/* `order`: all addresses in canonical order, so that every list gets its own in that order. Counted
 * first, then, where the lists have their room, filled in. */
static void lists_go(struct levels *levels, const uint32_t *order, bool fill)
{
	const struct mirrors *mirrors = levels->mirrors;
	for (size_t i = 0; i < mirrors->address_count; i++) {
		const struct mirror_address *address = &mirrors->addresses[order[i]];
		size_t numbers[PLACES_EACH];
		enum level_class class;
		bool counts = class_find(mirrors, address, &class);
		places_find(&mirrors->list[address->mirror], numbers);
		for (size_t k = 0; k < PLACES_EACH; k++) {
			struct level_list *list =
				&levels->lists[class][address->at.ipv6][numbers[k]];
			levels->listed[address->at.ipv6][numbers[k]] += !fill;
			if (counts && fill) {
				levels->members[(size_t)(list->members - levels->members) +
						list->count] = order[i];
				list->hash = level_hash(list->hash, mirrors, order[i]);
			}
			list->count += counts;
		}
	}
}

struct levels *levels_new(const struct mirrors *mirrors)
{
	size_t count = mirrors->address_count;
	struct levels *levels = calloc(1, sizeof *levels);
	uint32_t *order = malloc((count + 1) * sizeof *order);
	if (!levels || !order)
		goto fail;
	levels->mirrors = mirrors;
	levels->members = malloc((PLACES_EACH * count + 1) * sizeof *levels->members);
	if (!levels->members)
		goto fail;
	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, count, sizeof *order, member_compare, mirrors->addresses);
	lists_go(levels, order, false);
	lists_place(levels);
	lists_go(levels, order, true);
	free(order);
	return levels;
fail:
	free(order);
	levels_free(levels);
	return NULL;
}

void levels_free(struct levels *levels)
{
	if (!levels)
		return;
	free(levels->members);
	free(levels);
}

/* --- the walk --- */

static struct pool_place place_first(const struct pool_rule *rule, unsigned country)
{
	if (rule->from == POOL_FROM_FIXED)
		return rule->fixed;
	if (country == COUNTRY_NONE)
		return (struct pool_place){PLACE_WORLD, 0};
	return (struct pool_place){PLACE_COUNTRY, (uint16_t)country};
}

/* "The continent" of a fallback list, filled in; false: level 1 is on none. */
static bool place_resolve(struct pool_place *place, const struct pool_place *first)
{
	if (place->kind != PLACE_CONTINENT || place->code != CONTINENT_NONE)
		return true;
	if (first->kind == PLACE_CONTINENT)
		place->code = first->code;
	if (first->kind == PLACE_COUNTRY)
		place->code = (uint16_t)country_continent(first->code);
	return place->code != CONTINENT_NONE;
}

void level_walk(struct walk *walk, const struct pool_rule *rule, unsigned country)
{
	const struct pool_place first = place_first(rule, country);
	walk->levels[0].place = first;
	walk->count = 1;
	for (size_t i = 0; i < rule->fallback_count && walk->count < WALK_LEVELS_MAX; i++) {
		struct pool_place place = rule->fallback[i];
		bool known = !place_resolve(&place, &first);
		for (int k = 0; !known && k < walk->count; k++)
			known = level_number(&place) == level_number(&walk->levels[k].place);
		if (!known)
			walk->levels[walk->count++].place = place;
	}
}
