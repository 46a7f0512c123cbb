/* dns/config/table.h - a configuration file by the tables of its reader: sections to records.
 *
 * Everything or one sentence. Any thread may read one. */
#ifndef DNS_CONFIG_TABLE_H
#define DNS_CONFIG_TABLE_H

#include "dns/config/grammar.h"

/* Fills records from a file that was parsed. False: refused, the sentence is written. */
typedef bool config_table_sections(const struct config_section *file, void *record);

/* Parses the file that reader->why names; `read` gets it. False: refused; what went to the arena
 * is still its owner's to free. */
bool config_table_parse(const struct config_reader *reader, const struct config_table *table,
	config_table_sections *read, void *record);

/* Reads a section's options into `record`. False: refused. */
bool config_table_read(const struct config_section *section, void *record);

size_t config_table_count(const struct config_section *parent, const char *name);
/* The line of an option; of the section, where the option is not in the file. */
unsigned config_table_line(const struct config_section *section, const char *option);

/* A file that has options alone. False: refused, *why has the sentence. What the record points to
 * is in the arena, which is to be freed in both cases. */
bool config_table_load(const char *path, const struct config_option *options, void *record,
	struct config_arena *arena, char *why, size_t size);

#endif
