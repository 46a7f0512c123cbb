/* dns/config/table.h - a configuration file by the tables of whoever reads it.
 *
 * The one file that knows libconfuse. A table has the options and the sections of one section;
 * the file itself is the outermost. Everything or one sentence: unknown and repeated options and
 * sections are refused with file:line before a record is touched. Any thread may read one. */
#ifndef DNS_CONFIG_TABLE_H
#define DNS_CONFIG_TABLE_H

#include "dns/config/value.h"

struct config_table {
	const char *name; /* of the section */
	const struct config_option *options; /* the last one's name is NULL */
	const struct config_table *sections; /* likewise; NULL: none */
	bool titled; /* there are any number of it, each with a name of its own; else one or none */
};

/* A section while the file is read; all zeroes before the first one. */
struct config_section {
	const struct config_file *file;
	const struct config_table *table;
	const char *title; /* NULL: it has none */
	const struct config_mark *mark; /* NULL: the file, or a section that is not in it */
	void *parsed;
	size_t number; /* among those of its name, from 1 */
};

/* Fills records from a file that was parsed. False: refused, the sentence is written. */
typedef bool config_table_sections(const struct config_section *file, void *record);

/* Parses the file that reader->why names; `read` gets it. False: refused; what went to the arena
 * is still its owner's to free. */
bool config_table_parse(const struct config_reader *reader, const struct config_table *table,
	config_table_sections *read, void *record);

/* Reads a section's options into `record`. False: refused. */
bool config_table_read(const struct config_section *section, void *record);

/* How many sections of that name are in `parent`, and the next one; false: no more. One without a
 * title is always there, with what its options usually are. */
size_t config_table_count(const struct config_section *parent, const char *name);
bool config_table_next(
	const struct config_section *parent, const char *name, struct config_section *section);

/* The line of an option; of the section, where the option is not in the file or is NULL. */
unsigned config_table_line(const struct config_section *section, const char *option);
const struct config_reader *config_table_reader(const struct config_section *section);

/* A file that has options alone. False: refused, *why has the sentence. What the record points to
 * is in the arena, which is to be freed in both cases. */
bool config_table_load(const char *path, const struct config_option *options, void *record,
	struct config_arena *arena, char *why, size_t size);

#endif
