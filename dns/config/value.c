#include "dns/config/value.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A path, and the line that names it. */
struct path {
	unsigned line;
	char text[];
};

struct unit {
	char letter; /* after the digits; 0: none */
	uint64_t factor;
};

/* What a number may be written with, and how a refusal tells of it. */
struct scale {
	struct unit units[6]; /* the last one's factor is 0 */
	const char *quote, *expected, *counted;
};

static const struct scale count_scale = {{{0, 1}}, "", "a number", ""};
static const struct scale duration_scale = {
	{{0, 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}, "\"",
	"a duration like 30s, 10m, 2h or 1d,", " seconds"};
static const struct scale size_scale = {{{0, 1}, {'K', 1 << 10}, {'M', 1 << 20}, {'G', 1 << 30}},
	"\"", "a size like 512K, 256M or 1G,", " octets"};

void *config_field(const struct config_option *option, void *record)
{
	return (unsigned char *)record + option->field;
}

void *config_list_take(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record, size_t width)
{
	void *list = config_arena_take(reader->arena, given->count * width);
	if (!list) {
		config_refuse(reader->why, 0, "out of memory");
		return NULL;
	}
	memcpy(config_field(option, record), &list, sizeof(list));
	memcpy((unsigned char *)record + option->count, &given->count, sizeof(given->count));
	return list;
}

/* The field has the width that the row says, whatever its type's name. */
static void number_store(const struct config_option *option, void *record, uint64_t value)
{
	void *field = config_field(option, record);
	switch (option->width) {
	case sizeof(uint8_t):
		*(uint8_t *)field = (uint8_t)value;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)field = (uint16_t)value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)field = (uint32_t)value;
		break;
	default:
		*(uint64_t *)field = value;
	}
}

/* Decimal digits, 010 being ten, and one of the units; false: another text, or more than `most`. */
static bool scaled_parse(const char *text, const struct unit *units, uint64_t most, uint64_t *value)
{
	uint64_t number = 0;
	const char *at = text;
	for (; *at >= '0' && *at <= '9'; at++) {
		number = number * 10 + (uint64_t)(*at - '0');
		if (number > most)
			return false;
	}
	if (at == text || (*at && at[1]))
		return false;
	for (size_t i = 0; units[i].factor; i++)
		if (units[i].letter == *at) {
			*value = number * units[i].factor;
			return number <= most / units[i].factor;
		}
	return false;
}

static bool scaled_read(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record, const struct scale *scale)
{
	const char *text = given->texts[0];
	uint64_t value = 0;
	if (option->empty && !*text)
		return true;
	if (!scaled_parse(text, scale->units, option->most, &value) || value < option->least)
		return config_refuse(reader->why, given->lines[0],
			"found %s = %s%.64s%s, expected %s from %llu to %llu%s", given->name,
			scale->quote, text, scale->quote, scale->expected,
			(unsigned long long)option->least, (unsigned long long)option->most,
			scale->counted);
	number_store(option, record, value);
	return true;
}

bool config_read_number(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	return scaled_read(reader, option, given, record, &count_scale);
}

bool config_duration_parse(const char *text, uint64_t most, uint64_t *seconds)
{
	return scaled_parse(text, duration_scale.units, most, seconds);
}

bool config_read_duration(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	return scaled_read(reader, option, given, record, &duration_scale);
}

bool config_read_size(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	return scaled_read(reader, option, given, record, &size_scale);
}

bool config_read_choice(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	enum { WORDS = sizeof(option->words) / sizeof(*option->words) };
	const char *const *words = option->words;
	char expected[WORDS * 16] = "";
	for (size_t i = 0; i < WORDS && words[i]; i++) {
		if (strcmp(given->texts[0], words[i]) == 0) {
			number_store(option, record, i);
			return true;
		}
		bool last = i + 1 == WORDS || !words[i + 1];
		size_t used = strlen(expected);
		snprintf(expected + used, sizeof(expected) - used, "%s\"%s\"",
			i == 0 ? ""
			: last ? " or "
			       : ", ",
			words[i]);
	}
	return config_refuse(reader->why, given->lines[0], "found %s = \"%.64s\", expected %s",
		given->name, given->texts[0], expected);
}

/* In any case; every second one is true. */
bool config_read_bool(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(given->texts[0], words[i]) == 0) {
			number_store(option, record, i % 2);
			return true;
		}
	return config_refuse(reader->why, given->lines[0],
		"found %s = %.64s, expected true or false", given->name, given->texts[0]);
}

bool config_read_text(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	size_t size = strlen(given->texts[0]);
	char *text;
	if (size > option->most)
		return config_refuse(reader->why, given->lines[0],
			"found %s with %zu octets, expected at most %llu", given->name, size,
			(unsigned long long)option->most);
	text = config_arena_text(reader->arena, given->texts[0]);
	if (!text)
		return config_refuse(reader->why, 0, "out of memory");
	*(const char **)config_field(option, record) = text;
	return true;
}

bool config_read_texts(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	const char **list = config_list_take(reader, option, given, record, sizeof(*list));
	for (size_t i = 0; list && i < given->count; i++) {
		if (strlen(given->texts[i]) > option->most)
			return config_refuse(reader->why, given->lines[i],
				"found %s with %zu octets, expected at most %llu", given->name,
				strlen(given->texts[i]), (unsigned long long)option->most);
		list[i] = config_arena_text(reader->arena, given->texts[i]);
		if (!list[i])
			return config_refuse(reader->why, 0, "out of memory");
	}
	return list != NULL;
}

/* Relative to the folder of the file that has the line, unless it begins with a slash. */
bool config_read_path(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record)
{
	const char *text = given->texts[0];
	const char *file = config_line_file(reader->arena, given->lines[0]);
	const char *slash = strrchr(file, '/');
	size_t folder = slash && *text != '/' ? (size_t)(slash - file) + 1 : 0;
	struct path *path;
	if (!*text && !option->empty)
		return config_refuse(reader->why, given->lines[0],
			"found %s = \"\", expected a path", given->name);
	if (!*text)
		return true;
	path = config_arena_take(reader->arena, sizeof(*path) + folder + strlen(text) + 1);
	if (!path)
		return config_refuse(reader->why, 0, "out of memory");
	path->line = given->lines[0];
	memcpy(path->text, file, folder);
	memcpy(path->text + folder, text, strlen(text));
	*(char **)config_field(option, record) = path->text;
	return true;
}

unsigned config_path_line(const char *path)
{
	return ((const struct path *)(const void *)(path - offsetof(struct path, text)))->line;
}
