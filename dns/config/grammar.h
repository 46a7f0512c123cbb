/* dns/config/grammar.h - a configuration file's text as a tree of sections, checked against the
 * tables of its reader.
 *
 * Everything or one sentence: what is unknown, there twice or not closed is refused with file:line
 * before a record is touched. */
#ifndef DNS_CONFIG_GRAMMAR_H
#define DNS_CONFIG_GRAMMAR_H

#include "dns/config/section.h"

enum { CONFIG_FILE_MAX = 1 << 20 /* octets */, CONFIG_SECTIONS_MAX = 10000 };

struct config_tree {
	struct config_arena arena;
	struct config_section *top;
};

/* Reads and checks the file that reader->why names. False: *why has the sentence. To be freed in
 * both cases. */
bool config_tree_load(struct config_tree *tree, const struct config_reader *reader,
	const struct config_table *table);
void config_tree_free(struct config_tree *tree);

#endif
