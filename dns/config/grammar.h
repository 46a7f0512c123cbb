/* dns/config/grammar.h - a configuration file's text: checked, and made safe for libconfuse.
 *
 * libconfuse loses count of lines in comments, takes an option twice, a missing } and a bare * in
 * silence, puts environment variables into strings, and stays inside a string that never ends.
 * So the text is read once before: comments become blanks, "$" is escaped, and whatever
 * libconfuse would misread is refused here with its line. */
#ifndef DNS_CONFIG_GRAMMAR_H
#define DNS_CONFIG_GRAMMAR_H

#include "dns/config/lexer.h"

enum { CONFIG_FILE_MAX = 1 << 20 /* octets */, CONFIG_SECTIONS_MAX = 10000 };

/* An option or section as it stands in the file; `name` is not terminated. */
struct config_mark {
	const char *name;
	size_t size;
	unsigned line;
	unsigned depth; /* sections around it */
	bool section;
};

struct config_text {
	char *raw;
	char *clean; /* for libconfuse */
	struct config_mark *marks; /* in the file's order */
	size_t mark_count, mark_space;
	const struct config_mark *open; /* a section whose } is missing; NULL: none */
};

/* Reads and checks a file. False: *why has the sentence, and nothing is to be freed. */
bool config_text_load(struct config_text *text, const struct config_why *why);
void config_text_free(struct config_text *text);

/* The next section called `name` after mark `after` (NULL: from the start), or NULL. */
const struct config_mark *config_text_section(
	const struct config_text *text, const struct config_mark *after, const char *name);
/* The line of an option of that section (NULL: of the file); if it is not there, the section's. */
unsigned config_text_line(
	const struct config_text *text, const struct config_mark *section, const char *name);

#endif
