/* zones/generate.h - $GENERATE: one line that stands for many records.
 *
 * BIND's syntax: range lhs [ttl] [class] type rhs, where the range is start-stop[/step] and $
 * stands for the number, ${offset,width,base} for it in another form (base d o x X, or n N:
 * hexadecimal nibbles from the last to the first, a dot between two), $$ or \$ for a dollar
 * sign. */
#ifndef ZONES_GENERATE_H
#define ZONES_GENERATE_H

#include "zones/word.h"

struct generate {
	uint32_t at, stop, step; /* at > stop: it has ended */
	unsigned line; /* of the directive */
	char *pattern; /* a record's text with its dollars */
	char *text; /* the record last made */
	size_t room;
};

/* Takes the directive's words from the range on. `bare_rdata`: the last word is in quotes and
 * all of the RDATA; they are BIND's way to write several words, and go. Returns how many
 * records it makes; 0: a sentence without file and line. */
size_t generate_start(struct generate *generate, const struct word_line *line, bool bare_rdata,
	char *why, size_t size);

/* The next record's text and its size; false: a sentence without file and line. Not to be called
 * after the end. */
bool generate_next(struct generate *generate, size_t *count, char *why, size_t size);
bool generate_is_active(const struct generate *generate);
void generate_free(struct generate *generate);

#endif
