#include "geo/walk.h"

#include "geo/country.h"

#include <string.h>

/* Without printf: the answer path writes places too. */
const char *walk_place_write(const struct pool_place *place, char text[WALK_PLACE_MAX])
{
	static const char *const kinds[] = {[PLACE_WORLD] = "world",
		[PLACE_CONTINENT] = "continent:",
		[PLACE_COUNTRY] = "country:"};
	char *end = stpcpy(text, kinds[place->kind]);
	if (place->kind == PLACE_CONTINENT)
		stpcpy(end, continent_code((enum continent)place->code));
	if (place->kind == PLACE_COUNTRY)
		stpcpy(end, country_code(place->code));
	return text;
}

const char *walk_place_name(const struct pool_place *place)
{
	static const char *const continents[CONTINENT_MAX + 1] = {"", "Africa", "Antarctica",
		"Asia", "Europe", "North America", "Oceania", "South America"};
	switch ((enum place_kind)place->kind) {
	case PLACE_WORLD:
		return "the world";
	case PLACE_CONTINENT:
		return continents[place->code];
	case PLACE_COUNTRY:
		return country_name(place->code);
	}
	return "";
}

bool walk_place_has(const struct pool_place *place, unsigned country)
{
	switch ((enum place_kind)place->kind) {
	case PLACE_WORLD:
		return true;
	case PLACE_CONTINENT:
		return country_continent(country) == (enum continent)place->code;
	case PLACE_COUNTRY:
		return country == place->code;
	}
	return false;
}

const char *walk_rule_write(const struct pool_rule *rule, char text[WALK_RULE_MAX])
{
	if (rule->from == POOL_FROM_FIXED)
		return walk_place_write(&rule->fixed, text);
	return strcpy(text, rule->from == POOL_FROM_LABEL ? "label" : "client");
}
