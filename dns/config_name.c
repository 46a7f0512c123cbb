#include "dns/config_name.h"

#include <stdlib.h>
#include <string.h>

/* A name and where it stands: to find it twice. */
struct named {
	const uint8_t *wire;
	const char *text;
	unsigned line;
};

enum { STAR_NONE = -1, STAR_INSIDE = -2, STAR_TWICE = -3, WHY_MAX = 256 };

/* The number of labels before the one that is "*". A "*" within a label, or in two labels, is no
 * pattern. */
static int star_find(const uint8_t *wire, unsigned labels)
{
	int star = STAR_NONE;

	for (unsigned i = 0; i < labels; i++, wire += *wire + 1) {
		if (!memchr(wire + 1, '*', *wire))
			continue;
		if (*wire > 1)
			return STAR_INSIDE;
		if (star != STAR_NONE)
			return STAR_TWICE;
		star = (int)i;
	}
	return star;
}

bool config_name_zone(const struct config_why *why, struct config_zone *zone)
{
	char sentence[WHY_MAX];

	if (!name_parse(zone->name, NULL, zone->apex, sentence, sizeof(sentence)))
		return config_refuse(
			why, zone->line, "in zone \"%.64s\": %s", zone->name, sentence);
	if (star_find(zone->apex, name_labels(zone->apex)) != STAR_NONE)
		return config_refuse(why, zone->line,
			"found * in zone \"%.64s\", expected a zone's name", zone->name);
	name_lower(zone->apex);
	return true;
}

/* The absolute form of a txt or pool name; *star as star_find has it. */
static bool owner_parse(const struct config_why *why, const struct config_zone *zone,
	const struct named *named, uint8_t *wire, int *star)
{
	char sentence[WHY_MAX];

	if (!name_parse(named->text, zone->apex, wire, sentence, sizeof(sentence)))
		return config_refuse(why, named->line, "in \"%.64s\": %s", named->text, sentence);
	name_lower(wire);
	if (!name_is_within(wire, zone->apex))
		return config_refuse(why, named->line,
			"found \"%.64s\", expected a name in zone \"%.64s\"", named->text,
			zone->name);
	*star = star_find(wire, name_labels(wire) - name_labels(zone->apex));
	return true;
}

/* A wildcard is a matter of the zone file. */
bool config_name_txt(
	const struct config_why *why, const struct config_zone *zone, struct config_txt *txt)
{
	struct named named = {txt->wire, txt->name, txt->line};
	int star = STAR_NONE;

	if (!owner_parse(why, zone, &named, txt->wire, &star))
		return false;
	if (star != STAR_NONE)
		return config_refuse(why, txt->line,
			"found * in txt \"%.64s\", expected a name without one", txt->name);
	return true;
}

bool config_name_pool(
	const struct config_why *why, const struct config_zone *zone, struct config_pool *pool)
{
	struct named named = {pool->wire, pool->name, pool->line};
	int star = STAR_NONE;

	if (!owner_parse(why, zone, &named, pool->wire, &star))
		return false;
	if (star == STAR_INSIDE)
		return config_refuse(why, pool->line,
			"found * inside a label of pool \"%.64s\", expected it as one whole label",
			pool->name);
	if (star == STAR_TWICE)
		return config_refuse(why, pool->line,
			"found * twice in pool \"%.64s\", expected it once", pool->name);
	pool->pattern = star != STAR_NONE;
	pool->star = pool->pattern ? (unsigned)star : 0;
	/* A country's label has one octet more than the star (RFC 1035 2.3.4). */
	if (pool->pattern && name_size(pool->wire) >= NAME_SIZE_MAX)
		return config_refuse(why, pool->line,
			"found pool \"%.64s\" with a name that is too long once * is a country "
			"code, expected at most %d octets",
			pool->name, NAME_SIZE_MAX);
	return true;
}

/* In the order of names; equal ones in the order of the file. */
static int named_compare(const void *a, const void *b)
{
	const struct named *first = a, *second = b;
	int order = name_compare(first->wire, second->wire);

	return order ? order : (first->line > second->line) - (first->line < second->line);
}

/* Sorted, so that thousands of pools cost no more than they must. */
static bool named_once(const struct config_why *why, struct named *list, size_t count)
{
	qsort(list, count, sizeof(*list), named_compare);
	for (size_t i = 1; i < count; i++)
		if (name_equal(list[i - 1].wire, list[i].wire))
			return config_refuse(why, list[i].line,
				"found \"%.64s\" a second time, expected each name once "
				"(line %u has \"%.64s\")",
				list[i].text, list[i - 1].line, list[i - 1].text);
	return true;
}

bool config_name_zones_once(
	const struct config_why *why, const struct config_zone *zones, size_t count)
{
	struct named *list = calloc(count + 1, sizeof(*list));
	bool once;

	if (!list)
		return config_refuse(why, 0, "out of memory");
	for (size_t i = 0; i < count; i++)
		list[i] = (struct named){zones[i].apex, zones[i].name, zones[i].line};
	once = named_once(why, list, count);
	free(list);
	return once;
}

bool config_name_owners_once(const struct config_why *why, const struct config_zone *zone)
{
	struct named *list = calloc(zone->txt_count + zone->pool_count + 1, sizeof(*list));
	bool once;

	if (!list)
		return config_refuse(why, 0, "out of memory");
	for (size_t i = 0; i < zone->txt_count; i++)
		list[i] =
			(struct named){zone->txts[i].wire, zone->txts[i].name, zone->txts[i].line};
	once = named_once(why, list, zone->txt_count);
	/* A pool and a txt may share a name: they answer different types. */
	for (size_t i = 0; i < zone->pool_count; i++)
		list[i] = (struct named){
			zone->pools[i].wire, zone->pools[i].name, zone->pools[i].line};
	once = once && named_once(why, list, zone->pool_count);
	free(list);
	return once;
}
