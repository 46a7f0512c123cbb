#include "dns/config/table.h"

static bool option_refuse(const struct config_section *section, const char *option)
{
	const struct config_why *why = section->reader->why;
	if (!section->title)
		return config_refuse(
			why, section->line, "found no %s, expected %s = \"...\"", option, option);
	return config_refuse(why, section->line,
		"found %s \"%.64s\" without %s, expected %s = \"...\" in it", section->table->name,
		section->title, option, option);
}

/* Fills one option's field from the file, or with what it usually is. */
static bool option_read(
	const struct config_section *section, const struct config_option *option, void *record)
{
	enum { MOST = sizeof(option->usual) / sizeof(*option->usual) };
	const struct config_given *given = config_section_given(section, option->name);
	const unsigned lines[MOST] = {section->line, section->line};
	struct config_given usual = {.name = option->name,
		.line = section->line,
		.texts = option->usual,
		.lines = lines};
	if (option->named)
		*((bool *)record + option->named) = given != NULL;
	if (!given && option->required)
		return option_refuse(section, option->name);
	while (usual.count < MOST && option->usual[usual.count])
		usual.count++;
	return option->read(section->reader, option, given ? given : &usual, record);
}

bool config_table_read(const struct config_section *section, void *record)
{
	const struct config_option *option = section->table->options;
	for (; option->name; option++)
		if (!option_read(section, option, record))
			return false;
	return true;
}

size_t config_table_count(const struct config_section *parent, const char *name)
{
	const struct config_section *section = NULL;
	size_t count = 0;
	while ((section = config_section_next(parent, section, name)))
		count++;
	return count;
}

unsigned config_table_line(const struct config_section *section, const char *option)
{
	const struct config_given *given = config_section_given(section, option);
	return given ? given->line : section->line;
}

bool config_table_parse(const struct config_reader *reader, const struct config_table *table,
	config_table_sections *read, void *record)
{
	struct config_tree tree;
	bool done;
	reader->arena->path = config_arena_text(reader->arena, reader->why->file);
	if (!reader->arena->path)
		return config_refuse(reader->why, 0, "out of memory");
	done = config_tree_load(&tree, reader, table) && read(tree.top, record);
	config_tree_free(&tree);
	return done;
}

bool config_table_load(const char *path, const struct config_option *options, void *record,
	struct config_arena *arena, char *why, size_t size)
{
	const struct config_table table = {"", options, .titled = false};
	const struct config_why place = {path, arena, why, size};
	*arena = (struct config_arena){0};
	return config_table_parse(
		&(struct config_reader){&place, arena}, &table, config_table_read, record);
}
