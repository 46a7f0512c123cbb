/* dns/config/grammar.h - a configuration file's text as a tree of sections, checked against the
 * tables of its reader.
 *
 * Everything or one sentence: what is unknown, there twice or not closed is refused with file:line
 * before a record is touched. */
#ifndef DNS_CONFIG_GRAMMAR_H
#define DNS_CONFIG_GRAMMAR_H

#include "dns/base/file.h"
#include "dns/config/value.h"

enum { CONFIG_FILE_MAX = 1 << 20 /* octets */, CONFIG_SECTIONS_MAX = 10000 };

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

struct config_tree {
	struct file file;
	char *texts; /* of the tokens */
	struct config_arena arena;
	struct config_section *top;
};

/* Reads and checks the file that reader->why names. False: *why has the sentence. To be freed in
 * both cases. */
bool config_tree_load(struct config_tree *tree, const struct config_reader *reader,
	const struct config_table *table);
void config_tree_free(struct config_tree *tree);

/* NULL: the option is not in the file. */
const struct config_given *config_section_given(
	const struct config_section *section, const char *name);
/* The next section of that name in `parent`, after `after` or from the start (NULL); NULL: no
 * more. */
struct config_section *config_section_next(
	const struct config_section *parent, const struct config_section *after, const char *name);

#endif
