/* zones/word.h - zone file text cut into logical lines and their words (RFC 1035 5.1).
 *
 * Comments and parentheses are gone, escapes are kept as written. A word in quotes is told from a
 * bare one; in key="value" (RFC 9460 2.1) the quotes are part of the word. */
#ifndef ZONES_WORD_H
#define ZONES_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct word {
	const char *text; /* NUL-terminated */
	size_t size; /* octets without the NUL */
	bool quoted; /* it was all in quotes, which are gone */
};

/* Where reading goes on. The text has no NUL octets. */
struct word_reader {
	const char *at, *end;
	unsigned line; /* of `at`, from 1 */
};

/* A logical line. Its words are good until the next word_read with it. */
struct word_line {
	struct word *words;
	size_t count;
	unsigned line; /* of its first octet */
	bool blank; /* it starts with a blank: the owner is the last one's */
	char *text;
	size_t text_size, text_room, words_room;
};

enum word_result { WORD_LINE, WORD_END, WORD_BAD };

/* The next logical line that has a word. WORD_BAD: `why` has a sentence without file and line, and
 * line->line is set. */
enum word_result word_read(
	struct word_reader *reader, struct word_line *line, char *why, size_t size);
void word_line_free(struct word_line *line);

/* Writes the sentence; always false. */
bool word_refuse(char *why, size_t size, const char *fault);

/* Digits alone, at most `max`. */
bool word_number(const char *text, uint32_t max, uint32_t *value);

/* Seconds, or a duration in BIND's units, 1w2d3h4m5s in any case; it may be far too long: look
 * at it. */
bool word_duration(const char *text, uint64_t *seconds);

/* Undoes \X and \DDD into `out`, which holds `room` octets; false: a bad escape, or no room. */
bool word_octets(const struct word *word, uint8_t *out, size_t room, size_t *count);

#endif
