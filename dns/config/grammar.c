#include "dns/config/grammar.h"

#include "dns/base/file.h"
#include "dns/config/include.h"
#include "geo/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FOUND_MAX = CONFIG_FOUND_MAX,
	DEPTH_MAX = 8, /* of files that include files */
};

#define INCLUDE "include"

struct parser {
	const struct config_why *why;
	struct config_lexer lexer;
	struct config_token token; /* the one to be looked at */
	struct config_token name; /* of the option or section at hand */
	struct config_arena *arena; /* of the tree */
	struct config_arena *files; /* of the reader: has the names of included files */
	struct config_section *top;
	unsigned depth; /* of included files */
	unsigned include; /* the line of the file's include; 0: none so far */
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

static bool twice_refuse(const struct parser *parser, unsigned line)
{
	char place[CONFIG_PLACE_MAX];
	return config_refuse(parser->why, parser->name.line,
		"found %s a second time, expected it once (%s has it)", parser->name.text,
		config_line_place(parser->why->arena, line, parser->name.line, place));
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

static bool include_parse(struct parser *parser, struct config_section *top);

/* All up to the section's }, or the file's end. */
static bool section_parse(struct parser *parser, struct config_section *section)
{
	while (parser->token.kind == KIND_WORD) {
		const struct config_option *option;
		const struct config_table *table;
		parser->name = parser->token;
		option = config_option_find(section->table, parser->name.text);
		table = config_table_find(section->table, parser->name.text);
		if (!section->parent && strcmp(parser->name.text, INCLUDE) == 0) {
			if (!include_parse(parser, section))
				return false;
		} else if (option) {
			if (!option_parse(parser, section, option))
				return false;
		} else if (table) {
			struct config_section *inside = section_open(parser, section, table);
			if (!inside || !section_parse(parser, inside) || !token_next(parser))
				return false;
		} else {
			return config_name_refuse(
				parser->why, section, parser->name.text, parser->name.line);
		}
	}
	if (parser->token.kind == (section->parent ? KIND_CLOSE : KIND_END))
		return true;
	if (parser->token.kind == KIND_CLOSE)
		return config_refuse(parser->why, parser->token.line,
			"found } without a {, expected an option or a section");
	if (parser->token.kind == KIND_END) {
		char place[CONFIG_PLACE_MAX];
		return config_refuse(parser->why, section->line,
			"found no } %s, which begins here, expected one before the end of the file",
			config_place_write(section, place));
	}
	return token_refuse(parser, "an option, a section or }");
}

/* What is read goes on in the sections of the file around it. `line`: of the include; 0: none. */
static bool file_parse(struct parser *parser, const char *path, unsigned line)
{
	const struct config_why *why = parser->why;
	struct file file = {.bytes = NULL};
	char sentence[CONFIG_PLACE_MAX + 256], *texts;
	bool good = false;
	if (!file_read(&file, path, CONFIG_FILE_MAX, sentence, sizeof(sentence))) {
		if (line)
			return config_refuse(why, line, "in include: %s", sentence);
		snprintf(why->text, why->size, "%s", sentence);
		return false;
	}
	texts = config_arena_take(parser->arena, file.size + 1);
	if (!texts) {
		no_memory(parser);
	} else {
		unsigned first = line ? (unsigned)parser->files->include_count : 0;
		parser->lexer = (struct config_lexer){why,
			file.bytes + utf8_mark_size(file.bytes, file.size), file.bytes + file.size,
			texts, first * CONFIG_FILE_LINES + 1};
		good = token_next(parser) && section_parse(parser, parser->top);
	}
	free(file.bytes);
	return good;
}

/* Is it one of those that were read, under whatever name? */
static bool file_is_known(const struct parser *parser, const char *path)
{
	struct file_stamp stamp = file_stamp(path);
	for (size_t i = 0; stamp.inode && i <= parser->files->include_count; i++) {
		struct file_stamp seen =
			file_stamp(i ? parser->files->includes[i - 1] : parser->why->file);
		if (seen.inode == stamp.inode && seen.device == stamp.device)
			return true;
	}
	return false;
}

static bool file_include(void *context, const char *path, unsigned line)
{
	struct parser *parser = context;
	struct config_arena *files = parser->files;
	if (file_is_known(parser, path))
		return config_refuse(parser->why, line,
			"found include of %.200s, which has been read already, expected each file "
			"once",
			path);
	if (files->include_count == CONFIG_INCLUDES_MAX)
		return config_refuse(parser->why, line,
			"found more than %d included files, expected fewer", CONFIG_INCLUDES_MAX);
	files->includes[files->include_count] = config_arena_text(files, path);
	if (!files->includes[files->include_count])
		return no_memory(parser);
	files->include_count++;
	parser->include = 0;
	return file_parse(parser, path, line);
}

/* As if the text of the files stood there. */
static bool include_parse(struct parser *parser, struct config_section *top)
{
	static const struct config_option include = {.name = INCLUDE, .list = true};
	struct parser outer;
	bool good;
	if (parser->include)
		return twice_refuse(parser, parser->include);
	parser->include = parser->name.line;
	if (!option_parse(parser, top, &include))
		return false;
	top->given = top->given->next;
	if (parser->depth == DEPTH_MAX)
		return config_refuse(parser->why, parser->include,
			"found files that include files %d deep, expected at most %d",
			DEPTH_MAX + 1, DEPTH_MAX);
	if (!parser->files->includes)
		parser->files->includes =
			config_arena_take(parser->files, CONFIG_INCLUDES_MAX * sizeof(char *));
	good = parser->files->includes || no_memory(parser);
	outer = *parser;
	parser->depth++;
	for (size_t i = 0; good && i < outer.count; i++)
		good = config_include_each(
			parser->why, outer.lines[i], outer.texts[i], file_include, parser);
	outer.sections = parser->sections;
	*parser = outer;
	return good;
}

bool config_tree_load(struct config_tree *tree, const struct config_reader *reader,
	const struct config_table *table)
{
	struct parser parser = {.why = reader->why, .arena = &tree->arena, .files = reader->arena};
	*tree = (struct config_tree){0};
	parser.top = tree->top = section_new(&tree->arena, reader, table, NULL);
	return tree->top ? file_parse(&parser, reader->why->file, 0) : no_memory(&parser);
}

void config_tree_free(struct config_tree *tree)
{
	config_arena_free(&tree->arena);
}
