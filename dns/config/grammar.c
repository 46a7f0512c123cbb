#include "dns/config/grammar.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FOUND_MAX = 64, /* octets of a token that a sentence shows */
	PLACE_MAX = 160, /* octets */
	NAME_MAX_SIZE = 32, /* of an option, which the tables keep */
	NEAR_MAX = 2, /* letters by which a name may be mistyped */
};

struct parser {
	const struct config_why *why;
	struct config_lexer lexer;
	struct config_token token; /* the one to be looked at */
	struct config_token name; /* of the option or section at hand */
	struct config_arena *arena;
	size_t sections;
	size_t count; /* values of a list */
	const char *texts[CONFIG_LIST_MAX];
	unsigned lines[CONFIG_LIST_MAX];
};

static bool token_next(struct parser *parser)
{
	return config_token_read(&parser->lexer, &parser->token);
}

/* The file's end says nothing: the line is that of the last name. */
static bool token_refuse(const struct parser *parser, const char *expected)
{
	const struct config_token *token = &parser->token;

	if (token->kind == KIND_END)
		return config_refuse(parser->why, parser->name.line,
			"found the end of the file after %.*s, expected %s", FOUND_MAX,
			parser->name.text, expected);
	return config_refuse(parser->why, token->line, "found %.*s, expected %s",
		(int)(token->size < FOUND_MAX ? token->size : FOUND_MAX), token->start, expected);
}

static bool no_memory(const struct parser *parser)
{
	return config_refuse(parser->why, 0, "out of memory");
}

static bool token_is_text(const struct parser *parser)
{
	return parser->token.kind == KIND_WORD || parser->token.kind == KIND_STRING;
}

/* "at the top level", "in geo", "in zone "clamav.net"". */
static const char *place_write(const struct config_section *section, char place[PLACE_MAX])
{
	if (!section->parent)
		snprintf(place, PLACE_MAX, "at the top level");
	else if (section->title)
		snprintf(place, PLACE_MAX, "in %s \"%.*s\"", section->table->name, FOUND_MAX,
			section->title);
	else
		snprintf(place, PLACE_MAX, "in %s", section->table->name);
	return place;
}

static const struct config_option *option_find(const struct config_table *table, const char *name)
{
	for (const struct config_option *option = table->options; option->name; option++)
		if (strcmp(option->name, name) == 0)
			return option;
	return NULL;
}

static const struct config_table *table_find(const struct config_table *table, const char *name)
{
	for (table = table->sections; table && table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

/* Letters to be changed, added and taken away between two names (Levenshtein). */
static unsigned letters_differ(const char *name, const char *known)
{
	unsigned row[NAME_MAX_SIZE];
	size_t size = strlen(known);

	for (unsigned k = 0; k <= size; k++)
		row[k] = k;
	for (; *name; name++) {
		unsigned corner = row[0]++;

		for (size_t k = 0; k < size; k++) {
			unsigned changed = corner + (tolower((unsigned char)*name) != known[k]);

			corner = row[k + 1];
			row[k + 1] = (row[k] < corner ? row[k] : corner) + 1;
			if (changed < row[k + 1])
				row[k + 1] = changed;
		}
	}
	return row[size];
}

/* What was meant, by its letters; NULL: nothing is near. */
static const char *name_near(const struct config_table *table, const char *name)
{
	const struct config_option *option = table->options;
	const struct config_table *section = table->sections;
	unsigned least = NEAR_MAX + 1;
	const char *near = NULL;

	for (;;) {
		const char *known = option->name ? option++->name
				    : section    ? section++->name
						 : NULL;
		unsigned letters = known ? letters_differ(name, known) : 0;

		if (!known)
			return near;
		if (letters < least && letters < strlen(known)) {
			near = known;
			least = letters;
		}
	}
}

/* A name of a section around it tells where a } is missing. */
static bool name_refuse(const struct parser *parser, const struct config_section *section)
{
	const char *name = parser->name.text, *near = name_near(section->table, name);
	char place[PLACE_MAX];

	for (const struct config_section *at = section->parent; at; at = at->parent)
		if (option_find(at->table, name) || table_find(at->table, name))
			return config_refuse(parser->why, parser->name.line,
				"found %s %s (opened in line %u), expected it outside: "
				"is a } missing before it?",
				name, place_write(section, place), section->line);
	place_write(section, place);
	if (near)
		return config_refuse(parser->why, parser->name.line,
			"found the unknown option %.*s %s, expected a known one: did you mean %s?",
			FOUND_MAX, name, place, near);
	return config_refuse(parser->why, parser->name.line,
		"found the unknown option %.*s %s, expected one that the manual page lists",
		FOUND_MAX, name, place);
}

static bool twice_refuse(const struct parser *parser, unsigned line)
{
	return config_refuse(parser->why, parser->name.line,
		"found %s a second time, expected it once (line %u has it)", parser->name.text,
		line);
}

/* After { up to }; a comma may be the last. */
static bool list_parse(struct parser *parser)
{
	unsigned line = parser->token.line;
	bool more = true;

	while (token_next(parser) && parser->token.kind != KIND_CLOSE) {
		if (parser->token.kind == KIND_END)
			return config_refuse(
				parser->why, line, "found a list without its end, expected }");
		if (more ? !token_is_text(parser) : parser->token.kind != KIND_COMMA)
			return token_refuse(parser, more ? "a value or }" : ", or }");
		more = !more;
		if (more)
			continue;
		if (parser->count == CONFIG_LIST_MAX)
			return config_refuse(parser->why, parser->name.line,
				"found %s with more than %d values, expected at most that",
				parser->name.text, CONFIG_LIST_MAX);
		parser->texts[parser->count] = parser->token.text;
		parser->lines[parser->count++] = parser->token.line;
	}
	return parser->token.kind == KIND_CLOSE;
}

static bool values_keep(struct parser *parser, struct config_section *section)
{
	size_t texts = parser->count * sizeof(*parser->texts);
	size_t lines = parser->count * sizeof(*parser->lines);
	struct config_given *given = config_arena_take(parser->arena, sizeof(*given));
	char *room = config_arena_take(parser->arena, texts + lines);

	if (!given || !room)
		return no_memory(parser);
	memcpy(room, parser->texts, texts);
	memcpy(room + texts, parser->lines, lines);
	*given = (struct config_given){parser->name.text, parser->name.line, parser->count,
		(const char *const *)(void *)room, (const unsigned *)(void *)(room + texts),
		section->given};
	section->given = given;
	return true;
}

/* From the name of an option to behind its value. */
static bool option_parse(
	struct parser *parser, struct config_section *section, const struct config_option *option)
{
	const struct config_given *before = config_section_given(section, option->name);

	if (before)
		return twice_refuse(parser, before->line);
	if (!token_next(parser))
		return false;
	if (parser->token.kind != KIND_EQUALS)
		return config_refuse(parser->why, parser->name.line,
			"found %s without =, expected = and a value", option->name);
	if (!token_next(parser))
		return false;
	parser->count = 0;
	if (parser->token.kind == KIND_OPEN) {
		if (!option->list)
			return token_refuse(parser, "one value");
		if (!list_parse(parser))
			return false;
	} else {
		if (!token_is_text(parser))
			return token_refuse(parser, "a value");
		parser->texts[0] = parser->token.text;
		parser->lines[parser->count++] = parser->token.line;
	}
	if (!values_keep(parser, section) || !token_next(parser))
		return false;
	/* Then the value was the name of the next option or section. */
	if (parser->lines[0] > parser->name.line &&
		(parser->token.kind == KIND_EQUALS || parser->token.kind == KIND_OPEN ||
			parser->token.kind == KIND_STRING))
		return config_refuse(parser->why, parser->name.line,
			"found %s = without a value, expected one after =", option->name);
	return true;
}

/* With the sections inside that need not be in the file. NULL: no memory. */
static struct config_section *section_new(struct config_arena *arena,
	const struct config_reader *reader, const struct config_table *table,
	struct config_section *parent)
{
	struct config_section *section = config_arena_take(arena, sizeof(*section));

	if (!section)
		return NULL;
	*section = (struct config_section){
		.table = table, .reader = reader, .parent = parent, .inside_end = &section->inside};
	for (table = table->sections; table && table->name; table++)
		if (!table->titled && !section_new(arena, reader, table, section))
			return NULL;
	if (parent) {
		*parent->inside_end = section;
		parent->inside_end = &section->next;
	}
	return section;
}

/* From the name of a section to behind its {. NULL: refused. */
static struct config_section *section_open(
	struct parser *parser, struct config_section *parent, const struct config_table *table)
{
	struct config_section *section;

	section = table->titled ? section_new(parser->arena, parent->reader, table, parent)
				: config_section_next(parent, NULL, table->name);
	if (!section)
		no_memory(parser);
	else if (section->line)
		twice_refuse(parser, section->line);
	else if (++parser->sections > CONFIG_SECTIONS_MAX)
		config_refuse(parser->why, parser->name.line,
			"found more than %d sections, expected fewer", CONFIG_SECTIONS_MAX);
	else if (token_next(parser)) {
		section->line = parser->name.line;
		if (table->titled && !token_is_text(parser)) {
			config_refuse(parser->why, section->line,
				"found %s without a name, expected one before {", table->name);
			return NULL;
		}
		section->title = table->titled ? parser->token.text : NULL;
		if (table->titled && !token_next(parser))
			return NULL;
		if (parser->token.kind == KIND_OPEN)
			return token_next(parser) ? section : NULL;
		token_refuse(parser, "{ after the name of the section");
	}
	return NULL;
}

/* All up to the section's }, or the file's end. */
static bool section_parse(struct parser *parser, struct config_section *section)
{
	while (parser->token.kind == KIND_WORD) {
		const struct config_option *option;
		const struct config_table *table;

		parser->name = parser->token;
		option = option_find(section->table, parser->name.text);
		table = table_find(section->table, parser->name.text);
		if (option) {
			if (!option_parse(parser, section, option))
				return false;
		} else if (table) {
			struct config_section *inside = section_open(parser, section, table);

			if (!inside || !section_parse(parser, inside) || !token_next(parser))
				return false;
		} else {
			return name_refuse(parser, section);
		}
	}
	if (parser->token.kind == (section->parent ? KIND_CLOSE : KIND_END))
		return true;
	if (parser->token.kind == KIND_CLOSE)
		return config_refuse(parser->why, parser->token.line,
			"found } without a {, expected an option or a section");
	if (parser->token.kind == KIND_END) {
		char place[PLACE_MAX];

		return config_refuse(parser->why, section->line,
			"found no } %s, which begins here, expected one before the end of the file",
			place_write(section, place));
	}
	return token_refuse(parser, "an option, a section or }");
}

bool config_tree_load(struct config_tree *tree, const struct config_reader *reader,
	const struct config_table *table)
{
	const struct config_why *why = reader->why;
	struct parser parser = {.why = why, .arena = &tree->arena};

	*tree = (struct config_tree){0};
	if (!file_read(&tree->file, why->file, CONFIG_FILE_MAX, why->text, why->size))
		return false;
	tree->texts = malloc(tree->file.size + 1);
	tree->top = section_new(&tree->arena, reader, table, NULL);
	if (!tree->texts || !tree->top)
		return no_memory(&parser);
	parser.lexer = (struct config_lexer){
		why, tree->file.bytes, tree->file.bytes + tree->file.size, tree->texts, 1};
	return token_next(&parser) && section_parse(&parser, tree->top);
}

void config_tree_free(struct config_tree *tree)
{
	free(tree->file.bytes);
	free(tree->texts);
	config_arena_free(&tree->arena);
}

const struct config_given *config_section_given(
	const struct config_section *section, const char *name)
{
	const struct config_given *given = section->given;

	while (given && strcmp(given->name, name) != 0)
		given = given->next;
	return given;
}

struct config_section *config_section_next(
	const struct config_section *parent, const struct config_section *after, const char *name)
{
	struct config_section *section = after ? after->next : parent->inside;

	while (section && strcmp(section->table->name, name) != 0)
		section = section->next;
	return section;
}
