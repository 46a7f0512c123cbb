/* dns/config/lexer.h - the words, strings and signs of a configuration file.
 *
 * Each octet that is read is written again for libconfuse, line by line: comments as blanks, "$"
 * of a double-quoted string with a backslash before it. */
#ifndef DNS_CONFIG_LEXER_H
#define DNS_CONFIG_LEXER_H

#include <stdbool.h>
#include <stddef.h>

/* Where refusals go. */
struct config_why {
	const char *file;
	char *text;
	size_t size;
};

/* Writes "file:line: sentence" (line 0: "file: sentence"); returns false. */
__attribute__((format(printf, 3, 4))) bool config_refuse(
	const struct config_why *why, unsigned line, const char *format, ...);

enum config_kind {
	KIND_WORD,
	KIND_STRING,
	KIND_OPEN,
	KIND_CLOSE,
	KIND_EQUALS,
	KIND_COMMA,
	KIND_END,
	KINDS,
};

struct config_token {
	enum config_kind kind;
	const char *start; /* in the text, with its quotes */
	size_t size;
	unsigned line;
};

struct config_lexer {
	const struct config_why *why;
	const char *at, *end;
	char *out; /* room for two octets for each one read */
	unsigned line;
};

/* The next token; KIND_END for ever at the end. False: refused, *why has the sentence. */
bool config_token_read(struct config_lexer *lexer, struct config_token *token);

#endif
