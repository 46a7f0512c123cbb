#include "dns/config/lexer.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STRING_MAX = 4095 /* octets of one string: a path fits */ };

bool config_refuse(const struct config_why *why, unsigned line, const char *format, ...)
{
	va_list arguments;
	bool included = line >= CONFIG_FILE_LINES;
	const char *file = included ? config_line_file(why->arena, line) : why->file;
	int used = line ? snprintf(why->text, why->size, "%s:%u: ", file, config_line_number(line))
			: snprintf(why->text, why->size, "%s: ", file);
	va_start(arguments, format);
	if (used >= 0 && (size_t)used < why->size)
		vsnprintf(why->text + used, why->size - (size_t)used, format, arguments);
	va_end(arguments);
	return false;
}

/* The octet that is so far ahead; -1: the end. */
static int peek(const struct config_lexer *lexer, size_t ahead)
{
	return (size_t)(lexer->end - lexer->at) > ahead ? (unsigned char)lexer->at[ahead] : -1;
}

static bool octet_refuse(const struct config_lexer *lexer, int octet, const char *wanted)
{
	if (octet > ' ' && octet < 0x7f)
		return config_refuse(
			lexer->why, lexer->line, "found '%c', expected %s", octet, wanted);
	return config_refuse(lexer->why, lexer->line, "found the octet 0x%02x, expected %s",
		(unsigned)octet, wanted);
}

static void octet_skip(struct config_lexer *lexer)
{
	lexer->line += *lexer->at++ == '\n';
}

/* At # or // up to the line's end, or a block to its end. Blocks do not nest. */
static bool comment_skip(struct config_lexer *lexer)
{
	bool block = peek(lexer, 0) == '/' && peek(lexer, 1) == '*';
	unsigned line = lexer->line;
	if (!block) {
		while (lexer->at < lexer->end && *lexer->at != '\n')
			lexer->at++;
		return true;
	}
	lexer->at += 2;
	while (lexer->at < lexer->end && !(peek(lexer, 0) == '*' && peek(lexer, 1) == '/'))
		octet_skip(lexer);
	if (lexer->at == lexer->end)
		return config_refuse(lexer->why, line,
			"found a comment without its end, expected */ before the end of the file");
	lexer->at += 2;
	return true;
}

/* A CR is a blank only before LF: alone it would be a line's end to some and none to us. */
static bool blanks_skip(struct config_lexer *lexer)
{
	for (;;) {
		int octet = peek(lexer, 0), after = peek(lexer, 1);
		if (octet == '#' || (octet == '/' && (after == '/' || after == '*'))) {
			if (!comment_skip(lexer))
				return false;
		} else if (octet == ' ' || octet == '\t' || octet == '\n' ||
			   (octet == '\r' && after == '\n')) {
			octet_skip(lexer);
		} else {
			return true;
		}
	}
}

static bool octet_is_word(int octet)
{
	return octet > 0 && octet < 0x80 && (isalnum(octet) || strchr("._-:/@%[]", octet));
}

/* \. and \046 mean something else in names (RFC 1035 5.1): these are written in single quotes. */
static bool escape_check(const struct config_lexer *lexer, char quote)
{
	int after = peek(lexer, 1);
	if (quote == '\'' || after == '\\' || after == '"')
		return true;
	if (after < ' ' || after >= 0x7f)
		return config_refuse(lexer->why, lexer->line,
			"found a backslash before no printable character, expected \\\\ or \\\"");
	return config_refuse(lexer->why, lexer->line,
		"found \\%c in a string, expected \\\\ or \\\" (or the string in single quotes)",
		after);
}

/* A string ends on its line: a quote forgotten is found where it was forgotten. */
static bool string_copy(struct config_lexer *lexer)
{
	const char *start = lexer->at;
	char quote = *start;
	lexer->at++;
	while (peek(lexer, 0) != quote) {
		int octet = peek(lexer, 0);
		if (octet < 0 || octet == '\n' || octet == '\r')
			return config_refuse(lexer->why, lexer->line,
				"found a string without its end, expected %c on the same line",
				quote);
		if (octet < ' ' || octet == 0x7f)
			return octet_refuse(lexer, octet, "printable text in a string");
		if (lexer->at - start > STRING_MAX)
			return config_refuse(lexer->why, lexer->line,
				"found a string of more than %d octets, expected a shorter one",
				STRING_MAX);
		if (octet == '\\' && !escape_check(lexer, quote))
			return false;
		if (octet == '\\' && (peek(lexer, 1) == quote || peek(lexer, 1) == '\\'))
			lexer->at++;
		*lexer->out++ = *lexer->at++;
	}
	lexer->at++;
	return true;
}

/* A slash may be in a word, but not as the first octet of a block comment. */
static bool word_copy(struct config_lexer *lexer)
{
	const char *start = lexer->at;
	while (octet_is_word(peek(lexer, 0)) && !(peek(lexer, 0) == '/' && peek(lexer, 1) == '*'))
		*lexer->out++ = *lexer->at++;
	if (peek(lexer, 0) == ';' && lexer->at == start)
		return config_refuse(lexer->why, lexer->line,
			"found ';', expected none: options have no end mark, comments begin with #");
	if (lexer->at == start)
		return octet_refuse(
			lexer, peek(lexer, 0), "such a character only in a quoted string");
	if (lexer->at - start > STRING_MAX)
		return config_refuse(lexer->why, lexer->line,
			"found a word of more than %d octets, expected a shorter one", STRING_MAX);
	return true;
}

bool config_token_read(struct config_lexer *lexer, struct config_token *token)
{
	static const char marks[] = "{}=,";
	static const enum config_kind kinds[] = {KIND_OPEN, KIND_CLOSE, KIND_EQUALS, KIND_COMMA};
	const char *mark;
	bool read = true;
	if (!blanks_skip(lexer))
		return false;
	*token = (struct config_token){KIND_END, lexer->at, 0, lexer->out, lexer->line};
	if (lexer->at == lexer->end)
		return true;
	mark = *lexer->at ? strchr(marks, *lexer->at) : NULL;
	if (mark) {
		token->kind = kinds[mark - marks];
		lexer->at++;
	} else if (*lexer->at == '"' || *lexer->at == '\'') {
		token->kind = KIND_STRING;
		read = string_copy(lexer);
	} else {
		token->kind = KIND_WORD;
		read = word_copy(lexer);
	}
	if (token->kind == KIND_WORD || token->kind == KIND_STRING)
		*lexer->out++ = '\0';
	token->size = (size_t)(lexer->at - token->start);
	return read;
}
