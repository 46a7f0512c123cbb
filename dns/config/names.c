#include "dns/config/names.h"

#include <stdlib.h>
#include <string.h>

enum section { SECTION_ZONE, SECTION_TXT, SECTION_POOL, SECTION_PING };
static const char *const sections[] = {"zone", "txt", "pool", "ping"};

/* A name and where it stands: to find it twice. */
struct named {
	const uint8_t *wire;
	const char *text;
	unsigned line;
	enum section section;
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

/* A name without a "*": a wildcard is a matter of the zone file, a pattern of pools. */
static bool plain_parse(const struct config_why *why, const struct config_zone *zone,
	const struct named *named, uint8_t *wire)
{
	int star = STAR_NONE;
	if (!owner_parse(why, zone, named, wire, &star))
		return false;
	if (star != STAR_NONE)
		return config_refuse(why, named->line,
			"found * in %s \"%.64s\", expected a name without one",
			sections[named->section], named->text);
	return true;
}

bool config_name_txt(
	const struct config_why *why, const struct config_zone *zone, struct config_txt *txt)
{
	const struct named named = {txt->wire, txt->name, txt->line, SECTION_TXT};
	return plain_parse(why, zone, &named, txt->wire);
}

bool config_name_ping(
	const struct config_why *why, const struct config_zone *zone, struct config_ping *ping)
{
	const struct named named = {ping->wire, ping->name, ping->line, SECTION_PING};
	return plain_parse(why, zone, &named, ping->wire);
}

bool config_name_pool(
	const struct config_why *why, const struct config_zone *zone, struct config_pool *pool)
{
	const struct named named = {pool->wire, pool->name, pool->line, SECTION_POOL};
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
			"found pool \"%.64s\" with a name that is too long once * is a country code, "
			"expected at most %d octets",
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
	char place[CONFIG_PLACE_MAX];
	qsort(list, count, sizeof(*list), named_compare);
	for (size_t i = 1; i < count; i++)
		if (name_equal(list[i - 1].wire, list[i].wire))
			return config_refuse(why, list[i].line,
				"found \"%.64s\" a second time, expected each name once "
				"(%s has \"%.64s\")",
				list[i].text,
				config_line_place(
					why->arena, list[i - 1].line, list[i].line, place),
				list[i - 1].text);
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
		list[i] = (struct named){zones[i].apex, zones[i].name, zones[i].line, SECTION_ZONE};
	once = named_once(why, list, count);
	free(list);
	return once;
}

/* A zone's names of one section, or (SECTION_ZONE) of all; returns how many. */
static size_t named_fill(struct named *list, const struct config_zone *zone, enum section section)
{
	size_t txts = section == SECTION_TXT || section == SECTION_ZONE ? zone->txt_count : 0;
	size_t pools = section == SECTION_POOL || section == SECTION_ZONE ? zone->pool_count : 0;
	size_t pings = section == SECTION_PING || section == SECTION_ZONE ? zone->ping_count : 0;
	struct named *at = list;
	for (const struct config_txt *txt = zone->txts; txts-- > 0; txt++)
		*at++ = (struct named){txt->wire, txt->name, txt->line, SECTION_TXT};
	for (const struct config_pool *pool = zone->pools; pools-- > 0; pool++)
		*at++ = (struct named){pool->wire, pool->name, pool->line, SECTION_POOL};
	for (const struct config_ping *ping = zone->pings; pings-- > 0; ping++)
		*at++ = (struct named){ping->wire, ping->name, ping->line, SECTION_PING};
	return (size_t)(at - list);
}

/* In the order of names whatever is at or below one stands right beside it. */
static bool pings_apart(const struct config_why *why, struct named *list, size_t count)
{
	qsort(list, count, sizeof(*list), named_compare);
	for (size_t i = 1; i < count; i++) {
		const struct named *above = &list[i - 1], *below = &list[i];
		char place[CONFIG_PLACE_MAX];
		if (below->section == SECTION_PING && name_equal(above->wire, below->wire)) {
			above = &list[i];
			below = &list[i - 1];
		}
		if (above->section == SECTION_PING && name_is_within(below->wire, above->wire))
			return config_refuse(why, above->line,
				"found ping \"%.64s\" with %s \"%.64s\" (%s) at or below it, "
				"expected no other name there",
				above->text, sections[below->section], below->text,
				config_line_place(why->arena, below->line, above->line, place));
	}
	return true;
}

/* A pool and a txt may share a name: they answer different types. */
bool config_name_owners_once(const struct config_why *why, const struct config_zone *zone)
{
	size_t most = zone->txt_count + zone->pool_count + zone->ping_count;
	struct named *list = calloc(most + 1, sizeof(*list));
	bool once = true;
	if (!list)
		return config_refuse(why, 0, "out of memory");
	for (enum section section = SECTION_TXT; once && section <= SECTION_PING; section++)
		once = named_once(why, list, named_fill(list, zone, section));
	once = once && pings_apart(why, list, named_fill(list, zone, SECTION_ZONE));
	free(list);
	return once;
}
