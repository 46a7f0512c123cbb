#include "dns/config/section.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	NAME_MAX_SIZE = 32, /* of an option, which the tables keep */
	NEAR_MAX = 2, /* letters by which a name may be mistyped */
};

/* "at the top level", "in geo", "in zone "clamav.net"". */
const char *config_place_write(const struct config_section *section, char place[CONFIG_PLACE_MAX])
{
	if (!section->parent)
		snprintf(place, CONFIG_PLACE_MAX, "at the top level");
	else if (section->title)
		snprintf(place, CONFIG_PLACE_MAX, "in %s \"%.*s\"", section->table->name,
			CONFIG_FOUND_MAX, section->title);
	else
		snprintf(place, CONFIG_PLACE_MAX, "in %s", section->table->name);
	return place;
}

const struct config_option *config_option_find(const struct config_table *table, const char *name)
{
	for (const struct config_option *option = table->options; option->name; option++)
		if (strcmp(option->name, name) == 0)
			return option;
	return NULL;
}

const struct config_table *config_table_find(const struct config_table *table, const char *name)
{
	for (table = table->sections; table && table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

/* Letters to be changed, added and taken away between two names (Levenshtein). */
static unsigned letters_differ(const char *name, const char *known)
{
	unsigned row[NAME_MAX_SIZE];
	size_t size = strlen(known);
	for (unsigned k = 0; k <= size; k++)
		row[k] = k;
	for (; *name; name++) {
		unsigned corner = row[0]++;
		for (size_t k = 0; k < size; k++) {
			unsigned changed = corner + (tolower((unsigned char)*name) != known[k]);
			corner = row[k + 1];
			row[k + 1] = (row[k] < corner ? row[k] : corner) + 1;
			if (changed < row[k + 1])
				row[k + 1] = changed;
		}
	}
	return row[size];
}

/* What was meant, by its letters; NULL: nothing is near. */
static const char *name_near(const struct config_table *table, const char *name)
{
	const struct config_option *option = table->options;
	const struct config_table *section = table->sections;
	unsigned least = NEAR_MAX + 1;
	const char *near = NULL;
	for (;;) {
		const char *known = option->name ? option++->name
				    : section    ? section++->name
						 : NULL;
		unsigned letters = known ? letters_differ(name, known) : 0;
		if (!known)
			return near;
		if (letters < least && letters < strlen(known)) {
			near = known;
			least = letters;
		}
	}
}

/* A name of a section around it tells where a } is missing. */
bool config_name_refuse(const struct config_why *why, const struct config_section *section,
	const char *name, unsigned line)
{
	const char *near = name_near(section->table, name);
	char place[CONFIG_PLACE_MAX];
	for (const struct config_section *at = section->parent; at; at = at->parent)
		if (config_option_find(at->table, name) || config_table_find(at->table, name))
			return config_refuse(why, line,
				"found %s %s (opened in line %u), expected it outside: "
				"is a } missing before it?",
				name, config_place_write(section, place),
				config_line_number(section->line));
	config_place_write(section, place);
	if (near)
		return config_refuse(why, line,
			"found the unknown option %.*s %s, expected a known one: did you mean %s?",
			CONFIG_FOUND_MAX, name, place, near);
	return config_refuse(why, line,
		"found the unknown option %.*s %s, expected one that the manual page lists",
		CONFIG_FOUND_MAX, name, place);
}

const struct config_given *config_section_given(
	const struct config_section *section, const char *name)
{
	const struct config_given *given = section->given;
	while (given && strcmp(given->name, name) != 0)
		given = given->next;
	return given;
}

struct config_section *config_section_next(
	const struct config_section *parent, const struct config_section *after, const char *name)
{
	struct config_section *section = after ? after->next : parent->inside;
	while (section && strcmp(section->table->name, name) != 0)
		section = section->next;
	return section;
}
