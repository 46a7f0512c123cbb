/* dns/config/lexer.h - the words, strings and signs of a configuration file. */
#ifndef DNS_CONFIG_LEXER_H
#define DNS_CONFIG_LEXER_H

#include "dns/config/arena.h"

#include <stdbool.h>

/* Where refusals go. */
struct config_why {
	const char *file; /* the configuration file */
	const struct config_arena *arena; /* has the names of those it includes */
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
	const char *start; /* in the file, with its quotes */
	size_t size;
	const char *text; /* of a word or string, without quotes and escapes; else not to be read */
	unsigned line;
};

struct config_lexer {
	const struct config_why *why;
	const char *at, *end;
	char *out; /* where texts go: room for as many octets as the file has, and one */
	unsigned line;
};

/* The next token; KIND_END for ever at the end. False: refused, *why has the sentence. */
bool config_token_read(struct config_lexer *lexer, struct config_token *token);

#endif
