#include "dns/config/pool.h"

#include "geo/country.h"
#include "geo/rule.h"

#include <string.h>

static const char place_sentence[] =
	"found %s = \"%.64s\", expected %s; XX is a continent (AF AN AS EU NA OC SA) or country";

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
	struct pool_rule *rule = config_field(option, record);
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
	struct pool_rule *rule = config_field(option, record);
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
	struct pool_rule *rule = config_field(option, record);
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
