#include "dns/config/grammar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DEPTH_MAX = 3, /* sections around an option; 2 are in use */
	SCOPE_MAX = 32, /* names kept of one section, more than it has options */
	FOUND_MAX = 64, /* octets of a token that a sentence shows */
};

/* What may come next: an option, = or a title after its name, and so on. */
enum state {
	STATE_REFUSED,
	STATE_START,
	STATE_NAMED,
	STATE_TITLED,
	STATE_VALUE,
	STATE_ITEM,
	STATE_AFTER_ITEM,
	STATES,
};

/* State and token give the next state; a pair that is not here is refused. */
static const uint8_t follows[STATES][KINDS] = {
	[STATE_START] =
		{[KIND_WORD] = STATE_NAMED, [KIND_CLOSE] = STATE_START, [KIND_END] = STATE_START},
	[STATE_NAMED] = {[KIND_WORD] = STATE_TITLED,
		[KIND_STRING] = STATE_TITLED,
		[KIND_OPEN] = STATE_START,
		[KIND_EQUALS] = STATE_VALUE},
	[STATE_TITLED] = {[KIND_OPEN] = STATE_START},
	[STATE_VALUE] =
		{[KIND_WORD] = STATE_START, [KIND_STRING] = STATE_START, [KIND_OPEN] = STATE_ITEM},
	[STATE_ITEM] = {[KIND_WORD] = STATE_AFTER_ITEM,
		[KIND_STRING] = STATE_AFTER_ITEM,
		[KIND_CLOSE] = STATE_START},
	[STATE_AFTER_ITEM] = {[KIND_COMMA] = STATE_ITEM, [KIND_CLOSE] = STATE_START},
};

static const char *const expected[STATES] = {
	[STATE_START] = "an option, a section or }",
	[STATE_NAMED] = "= or {",
	[STATE_TITLED] = "{ (or, of an option, = before its value)",
	[STATE_VALUE] = "a value",
	[STATE_ITEM] = "a value or }",
	[STATE_AFTER_ITEM] = ", or }",
};

/* One section being read: its mark, and the names it has had. */
struct scope {
	size_t mark;
	size_t names[SCOPE_MAX];
	unsigned name_count;
};

struct scan {
	struct config_text *text;
	const struct config_why *why;
	struct config_lexer lexer;
	unsigned depth, list_line;
	size_t sections;
	enum state state;
	struct config_token name;
	struct scope scopes[DEPTH_MAX + 1];
};

/* Refuses a second option, or section without a title, of one name in one section. */
static bool mark_check(struct scan *scan, const struct config_mark *mark)
{
	struct scope *scope = &scan->scopes[scan->depth];
	const struct config_mark *marks = scan->text->marks;

	for (unsigned i = 0; i < scope->name_count; i++) {
		const struct config_mark *other = &marks[scope->names[i]];

		if (other->size == mark->size && !memcmp(other->name, mark->name, mark->size))
			return config_refuse(scan->why, mark->line,
				"found %.*s a second time, expected it once (line %u has it)",
				(int)(mark->size < FOUND_MAX ? mark->size : FOUND_MAX), mark->name,
				other->line);
	}
	/* More names than there are options: one of them is unknown, and refused for that. */
	if (scope->name_count < SCOPE_MAX)
		scope->names[scope->name_count++] = (size_t)(mark - marks);
	return true;
}

static bool mark_add(struct scan *scan, bool section)
{
	struct config_text *text = scan->text;
	struct config_mark *mark;

	if (text->mark_count == text->mark_space) {
		size_t space = text->mark_space ? text->mark_space * 2 : 64;
		struct config_mark *marks = reallocarray(text->marks, space, sizeof(*marks));

		if (!marks)
			return config_refuse(scan->why, 0, "out of memory");
		text->marks = marks;
		text->mark_space = space;
	}
	mark = &text->marks[text->mark_count++];
	*mark = (struct config_mark){
		scan->name.start, scan->name.size, scan->name.line, scan->depth, section};
	/* Titles are compared as names, when they are known as such. */
	return scan->state == STATE_TITLED || mark_check(scan, mark);
}

/* The limits keep libconfuse from deep recursion and from comparing every title with every one. */
static bool section_open(struct scan *scan, const struct config_token *token)
{
	if (!mark_add(scan, true))
		return false;
	if (scan->depth == DEPTH_MAX)
		return config_refuse(scan->why, token->line,
			"found { inside %d sections, expected at most 2", DEPTH_MAX);
	if (++scan->sections > CONFIG_SECTIONS_MAX)
		return config_refuse(scan->why, token->line,
			"found more than %d sections, expected fewer", CONFIG_SECTIONS_MAX);
	scan->scopes[++scan->depth].name_count = 0;
	scan->scopes[scan->depth].mark = scan->text->mark_count - 1;
	return true;
}

/* A list that is not closed is told by where it began: the file's end says nothing. */
static bool token_refuse(const struct scan *scan, const struct config_token *token)
{
	int size = (int)(token->size < FOUND_MAX ? token->size : FOUND_MAX);

	if (token->kind != KIND_END)
		return config_refuse(scan->why, token->line, "found %.*s, expected %s", size,
			token->start, expected[scan->state]);
	if (scan->state == STATE_ITEM || scan->state == STATE_AFTER_ITEM)
		return config_refuse(scan->why, scan->list_line,
			"found a list without its end, expected } before the end of the file");
	return config_refuse(scan->why, scan->name.line,
		"found the end of the file after %.*s, expected %s",
		(int)(scan->name.size < FOUND_MAX ? scan->name.size : FOUND_MAX), scan->name.start,
		expected[scan->state]);
}

static bool token_take(struct scan *scan, const struct config_token *token)
{
	enum state state = scan->state, next = follows[state][token->kind];

	if (next == STATE_REFUSED)
		return token_refuse(scan, token);
	if (next == STATE_NAMED)
		scan->name = *token;
	if (next == STATE_VALUE && !mark_add(scan, false))
		return false;
	if (next == STATE_ITEM && token->kind == KIND_OPEN)
		scan->list_line = token->line;
	if (next == STATE_START && token->kind == KIND_OPEN && !section_open(scan, token))
		return false;
	if (state == STATE_START && token->kind == KIND_CLOSE) {
		if (scan->depth == 0)
			return config_refuse(scan->why, token->line,
				"found } without a {, expected an option or a section");
		scan->depth--;
	}
	scan->state = next;
	return true;
}

static bool text_scan(struct config_text *text, size_t count, const struct config_why *why)
{
	struct scan scan = {.text = text,
		.why = why,
		.lexer = {why, text->raw, text->raw + count, text->clean, 1},
		.state = STATE_START};
	struct config_token token;

	do {
		if (!config_token_read(&scan.lexer, &token) || !token_take(&scan, &token))
			return false;
	} while (token.kind != KIND_END);
	*scan.lexer.out = '\0';
	if (scan.depth > 0)
		text->open = &text->marks[scan.scopes[scan.depth].mark];
	return true;
}

/* -1: refused; else the octets read. Anything but a regular file is refused before it can block. */
static ssize_t octets_read(int fd, char *buffer, const struct config_why *why)
{
	struct stat status;
	size_t count = 0;
	ssize_t got = 1;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		config_refuse(why, 0, "found a %s, expected a regular file",
			S_ISDIR(status.st_mode) ? "directory" : "device, pipe or socket");
		return -1;
	}
	while (got != 0 && count <= CONFIG_FILE_MAX) {
		got = read(fd, buffer + count, CONFIG_FILE_MAX + 1 - count);
		if (got < 0 && errno != EINTR)
			break;
		count += got > 0 ? (size_t)got : 0;
	}
	if (got < 0) {
		config_refuse(why, 0, "%s", strerror(errno));
		return -1;
	}
	if (count > CONFIG_FILE_MAX) {
		config_refuse(why, 0, "found more than %d octets, expected a configuration file",
			CONFIG_FILE_MAX);
		return -1;
	}
	return (ssize_t)count;
}

bool config_text_load(struct config_text *text, const struct config_why *why)
{
	int fd = open(why->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t count = -1;

	*text = (struct config_text){0};
	if (fd < 0)
		return config_refuse(why, 0, "%s, expected a configuration file", strerror(errno));
	text->raw = malloc(CONFIG_FILE_MAX + 1);
	if (text->raw)
		count = octets_read(fd, text->raw, why);
	else
		config_refuse(why, 0, "out of memory");
	close(fd);
	if (count < 0)
		goto fail;
	/* Each "$" becomes two octets. */
	text->clean = malloc((size_t)count * 2 + 1);
	if (!text->clean) {
		config_refuse(why, 0, "out of memory");
		goto fail;
	}
	if (text_scan(text, (size_t)count, why))
		return true;
fail:
	config_text_free(text);
	return false;
}

void config_text_free(struct config_text *text)
{
	free(text->raw);
	free(text->clean);
	free(text->marks);
	*text = (struct config_text){0};
}

static bool mark_is(const struct config_mark *mark, const char *name)
{
	return mark->size == strlen(name) && !memcmp(mark->name, name, mark->size);
}

const struct config_mark *config_text_section(
	const struct config_text *text, const struct config_mark *after, const char *name)
{
	size_t i = after ? (size_t)(after - text->marks) + 1 : 0;

	for (; i < text->mark_count; i++)
		if (text->marks[i].section && mark_is(&text->marks[i], name))
			return &text->marks[i];
	return NULL;
}

unsigned config_text_line(
	const struct config_text *text, const struct config_mark *section, const char *name)
{
	unsigned depth = section ? section->depth + 1 : 0;
	size_t i = section ? (size_t)(section - text->marks) + 1 : 0;

	for (; i < text->mark_count && text->marks[i].depth >= depth; i++)
		if (text->marks[i].depth == depth && mark_is(&text->marks[i], name))
			return text->marks[i].line;
	return section ? section->line : 0;
}
