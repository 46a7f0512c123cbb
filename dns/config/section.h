/* dns/config/section.h - sections of a configuration file, and the tables that know them. */
#ifndef DNS_CONFIG_SECTION_H
#define DNS_CONFIG_SECTION_H

#include "dns/config/value.h"

enum { CONFIG_FOUND_MAX = 64 /* octets of a token that a sentence shows */ };

/* The options and the sections of one section; the file itself is the outermost. */
struct config_table {
	const char *name; /* of the section */
	const struct config_option *options; /* the last one's name is NULL */
	const struct config_table *sections; /* likewise; NULL: none */
	bool titled; /* there are any number of it, each with a name of its own; else one or none */
};

/* A section of the file. One without a title is always there; `line` is 0 where the file has
 * none. */
struct config_section {
	const struct config_table *table;
	const struct config_reader *reader;
	const struct config_section *parent; /* NULL: the file itself */
	const char *title; /* NULL: it has none */
	unsigned line;
	struct config_given *given; /* its options, the last one first */
	struct config_section *inside, **inside_end; /* in the file's order */
	struct config_section *next;
};

/* NULL: the option is not in the file. */
const struct config_given *config_section_given(
	const struct config_section *section, const char *name);
/* The next section of that name in `parent`, after `after` or from the start (NULL); NULL: no
 * more. */
struct config_section *config_section_next(
	const struct config_section *parent, const struct config_section *after, const char *name);

/* NULL: the table has none of that name. */
const struct config_option *config_option_find(const struct config_table *table, const char *name);
const struct config_table *config_table_find(const struct config_table *table, const char *name);
/* "at the top level", "in geo", "in zone "clamav.net"". Returns `place`. */
const char *config_place_write(const struct config_section *section, char place[CONFIG_PLACE_MAX]);
/* Refuses a name that the section's table does not have, with what was meant. */
bool config_name_refuse(const struct config_why *why, const struct config_section *section,
	const char *name, unsigned line);

#endif
