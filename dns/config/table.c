#include "dns/config/table.h"

#include "dns/config/grammar.h"

#include <confuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libconfuse's sentences, in our form; every one has the same single argument. */
static const struct {
	const char *theirs, *ours;
} sentences[] = {
	{"no such option '%s'", "found %.64s, expected an option or a section that is known here"},
	{"missing equal sign after option '%s'", "found %.64s without =, expected = and a value"},
	{"missing opening brace for section '%s'", "found section %.64s without {, expected one"},
	{"missing title for section '%s'", "found %.64s without a name, expected one before {"},
	{"unexpected token '%s'", "found %.64s, expected one value"},
	{"found duplicate title '%s'", "found \"%.64s\" a second time, expected each name once"},
};

/* libconfuse has one lexer for the process, and callbacks that do not know their caller. */
static pthread_mutex_t parse_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct config_why *parse_why;
static bool parse_refused;

/* A value as it stands in the file. */
struct value {
	unsigned line;
	char text[];
};

struct config_file {
	struct config_text text;
	const struct config_reader *reader;
};

/* The first sentence counts; what libconfuse says after it follows from it. */
static void parse_refuse(cfg_t *cfg, const char *format, va_list arguments)
{
	char sentence[256];

	if (parse_refused)
		return;
	parse_refused = true;
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (strcmp(format, sentences[i].theirs) == 0)
			format = sentences[i].ours;
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	config_refuse(parse_why, (unsigned)cfg->line, "%s", sentence);
}

/* Values are kept as text with their line: libconfuse's own numbers read 010 as 8. */
static int value_keep(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	size_t size = strlen(text) + 1;
	struct value *value = malloc(sizeof(*value) + size);

	(void)opt;
	if (!value)
		return -1;
	value->line = (unsigned)cfg->line;
	memcpy(value->text, text, size);
	*(void **)result = value;
	return 0;
}

static void rows_free(cfg_opt_t *rows)
{
	for (cfg_opt_t *row = rows; row && row->name; row++)
		if (row->type == CFGT_SEC)
			rows_free(row->subopts);
	free(rows);
}

/* A table as libconfuse's rows, ended; NULL: no memory. */
static cfg_opt_t *rows_take(const struct config_table *table)
{
	enum { TITLED = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES };
	const struct config_option *option = table->options;
	const struct config_table *section = table->sections;
	size_t count = 1;
	cfg_opt_t *rows, *row;

	for (; option->name; option++)
		count++;
	for (; section && section->name; section++)
		count++;
	rows = row = calloc(count, sizeof(*rows));
	if (!rows)
		return NULL;
	for (option = table->options; option->name; option++)
		*row++ = (cfg_opt_t)CFG_PTR_CB(
			option->name, NULL, option->list ? CFGF_LIST : CFGF_NONE, value_keep, free);
	for (section = table->sections; section && section->name; section++) {
		cfg_opt_t *inner = rows_take(section);

		if (!inner) {
			rows_free(rows);
			return NULL;
		}
		*row++ = (cfg_opt_t)CFG_SEC(
			section->name, inner, section->titled ? TITLED : CFGF_NONE);
	}
	return rows;
}

/* NULL: refused, and *why written. libconfuse copies the rows. */
static cfg_t *file_parse(const struct config_file *file, const struct config_table *table)
{
	const struct config_why *why = file->reader->why;
	cfg_opt_t *rows = rows_take(table);
	cfg_t *cfg = rows ? cfg_init(rows, CFGF_NONE) : NULL;

	rows_free(rows);
	if (!cfg) {
		config_refuse(why, 0, "out of memory");
		return NULL;
	}
	pthread_mutex_lock(&parse_lock);
	parse_why = why;
	parse_refused = false;
	cfg_set_error_function(cfg, parse_refuse);
	if (cfg_parse_buf(cfg, file->text.clean) != CFG_SUCCESS) {
		if (!parse_refused)
			config_refuse(why, 0, "out of memory");
		cfg_free(cfg);
		cfg = NULL;
	}
	pthread_mutex_unlock(&parse_lock);
	return cfg;
}

static bool given_read(
	const struct config_reader *reader, cfg_opt_t *opt, struct config_given *given)
{
	given->count = cfg_opt_size(opt);
	if (given->count > CONFIG_LIST_MAX)
		return config_refuse(reader->why, given->line,
			"found %s with %zu values, expected at most %d", given->name, given->count,
			CONFIG_LIST_MAX);
	for (size_t i = 0; i < given->count; i++) {
		const struct value *value = cfg_opt_getnptr(opt, (unsigned)i);

		given->texts[i] = value->text;
		given->lines[i] = value->line;
	}
	return true;
}

static bool option_refuse(const struct config_section *section, const char *option, unsigned line)
{
	const struct config_why *why = section->file->reader->why;

	if (!section->title)
		return config_refuse(
			why, line, "found no %s, expected %s = \"...\"", option, option);
	return config_refuse(why, line,
		"found %s \"%.64s\" without %s, expected %s = \"...\" in it", section->table->name,
		section->title, option, option);
}

/* Fills one option's field from the file, or with what it usually is. */
static bool option_read(
	const struct config_section *section, const struct config_option *option, void *record)
{
	const struct config_reader *reader = section->file->reader;
	cfg_opt_t *opt = cfg_getopt(section->parsed, option->name);
	struct config_given given = {.name = option->name};

	given.line = config_table_line(section, option->name);
	given.named = opt->flags & CFGF_MODIFIED;
	if (option->named)
		*((bool *)record + option->named) = given.named;
	if (given.named) {
		if (!given_read(reader, opt, &given))
			return false;
	} else if (option->required) {
		return option_refuse(section, option->name, given.line);
	} else {
		const size_t most = sizeof(option->usual) / sizeof(option->usual[0]);

		for (; given.count < most && option->usual[given.count]; given.count++) {
			given.texts[given.count] = option->usual[given.count];
			given.lines[given.count] = given.line;
		}
	}
	return option->read(reader, option, &given, record);
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
	return cfg_size(parent->parsed, name);
}

/* libconfuse forgets where a section began; it keeps their order, which is that of the marks. */
bool config_table_next(
	const struct config_section *parent, const char *name, struct config_section *section)
{
	const struct config_table *table = parent->table->sections;
	const struct config_mark *after = section->number ? section->mark : parent->mark;

	if (section->number == config_table_count(parent, name))
		return false;
	while (strcmp(table->name, name) != 0)
		table++;
	section->file = parent->file;
	section->table = table;
	section->mark = config_text_section(&parent->file->text, after, name);
	section->parsed = cfg_getnsec(parent->parsed, name, (unsigned)section->number++);
	section->title = cfg_title(section->parsed);
	return true;
}

unsigned config_table_line(const struct config_section *section, const char *option)
{
	if (!option)
		return section->mark ? section->mark->line : 0;
	return config_text_line(&section->file->text, section->mark, option);
}

const struct config_reader *config_table_reader(const struct config_section *section)
{
	return section->file->reader;
}

/* A missing } is told last: a section inside another says better where it was forgotten. */
static bool text_read(struct config_file *file, const struct config_table *table,
	config_table_sections *read, void *record)
{
	const struct config_mark *open = file->text.open;
	struct config_section section = {.file = file, .table = table};
	bool done = false;

	section.parsed = file_parse(file, table);
	if (!section.parsed)
		return false;
	if (open)
		config_refuse(file->reader->why, open->line,
			"found section %.*s without its end, expected } before the end of the file",
			(int)open->size, open->name);
	else
		done = read(&section, record);
	cfg_free(section.parsed);
	return done;
}

bool config_table_parse(const struct config_reader *reader, const struct config_table *table,
	config_table_sections *read, void *record)
{
	struct config_file file = {.reader = reader};
	bool done;

	reader->arena->path = config_arena_text(reader->arena, reader->why->file);
	if (!reader->arena->path)
		return config_refuse(reader->why, 0, "out of memory");
	if (!config_text_load(&file.text, reader->why))
		return false;
	done = text_read(&file, table, read, record);
	config_text_free(&file.text);
	return done;
}

bool config_table_load(const char *path, const struct config_option *options, void *record,
	struct config_arena *arena, char *why, size_t size)
{
	const struct config_table table = {"", options, .titled = false};
	const struct config_why place = {path, why, size};

	*arena = (struct config_arena){0};
	return config_table_parse(
		&(struct config_reader){&place, arena}, &table, config_table_read, record);
}
