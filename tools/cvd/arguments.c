#include "tools/cvd/arguments.h"

#include "tools/cvd/digits.h"
#include "tools/cvd/version_string.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	TEXT_SHOWN_MAX = 200,
	HOST_MAX = 253,
	REFRESH_DEFAULT = 1800,
	REFRESH_MAX = 7200, /* clients ignore a string that is three hours old */
	SHARE_DEFAULT = 80,
	PORT_DEFAULT = 80,
};

enum kind { KIND_FLAG, KIND_TEXT, KIND_HOST, KIND_RECOMMENDED, KIND_NUMBER, KIND_SPAN };

static const struct option {
	const char *name;
	const char *value; /* what it is called in the help; NULL: it takes none */
	const char *needs; /* means nothing without this one */
	enum kind kind;
	int64_t least, most; /* of a number */
	size_t offset; /* in struct arguments */
	const char *summary;
} options[] = {
	{"-o", "FILE", NULL, KIND_TEXT, 0, 0, offsetof(struct arguments, output),
		"write the string to FILE, whose present one is the floor, instead of printing it"},
	{"--version", "V", NULL, KIND_RECOMMENDED, 0, 0, offsetof(struct arguments, recommended),
		"recommended version of ClamAV, field 0 (default: as in FILE)"},
	{"--warn", "0|1", NULL, KIND_NUMBER, 0, 1, offsetof(struct arguments, warn),
		"may clients tell that they are outdated? (default: as in FILE, else 1)"},
	{"--flevel", "N", NULL, KIND_NUMBER, 0, DIGITS_CLIENT_MAX,
		offsetof(struct arguments, flevel),
		"functionality level (default: as in the header of daily)"},
	{"--safebrowsing", "N", NULL, KIND_NUMBER, 0, DIGITS_CLIENT_MAX,
		offsetof(struct arguments, safebrowsing),
		"its version where DIR has no such file (default: as in FILE, else 0)"},
	{"--force", NULL, NULL, KIND_FLAG, 0, 0, offsetof(struct arguments, force),
		"let a version go back, and the functionality level jump"},
	{"--names", "DIR2", NULL, KIND_TEXT, 0, 0, offsetof(struct arguments, names),
		"also write DIR2/main.cvd and so on, for the <db>.cvd names"},
	{"--watch", NULL, "-o", KIND_FLAG, 0, 0, offsetof(struct arguments, watch),
		"stay, and write again when a database changes"},
	{"--refresh", "30m", "--watch", KIND_SPAN, 1, REFRESH_MAX,
		offsetof(struct arguments, refresh), "and at least so often"},
	{"--verify-mirrors", "EXPORT", "-o", KIND_TEXT, 0, 0, offsetof(struct arguments, export),
		"hold a new version back until the mirrors in service have it"},
	{"--share", "PERCENT", "--verify-mirrors", KIND_NUMBER, 1, 100,
		offsetof(struct arguments, share), "so many of their addresses (default: 80)"},
	{"--host", "NAME", "--verify-mirrors", KIND_HOST, 0, 0, offsetof(struct arguments, host),
		"ask each by this name (default: its own)"},
	{"--port", "PORT", "--verify-mirrors", KIND_NUMBER, 1, 65535,
		offsetof(struct arguments, port), "at this port (default: 80)"},
};
enum { OPTIONS = sizeof(options) / sizeof(*options) };

/* One command line under way. */
struct parsing {
	struct arguments *arguments;
	char **next; /* word */
	bool given[OPTIONS];
	bool only_directory; /* "--" was there */
	enum arguments_result word;
	char *why;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static bool wrong(
	struct parsing *parsing, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(parsing->why, parsing->size, format, arguments);
	va_end(arguments);
	parsing->word = ARGUMENTS_WRONG;
	return false;
}

static bool wrong_value(struct parsing *parsing, const struct option *option, const char *text,
	const char *expected)
{
	return wrong(parsing, "%s is \"%.*s\", expected %s", option->name, TEXT_SHOWN_MAX, text,
		expected);
}

/* --- values --- */

static bool span_parse(const char *text, int64_t *seconds)
{
	static const char units[] = "smhd";
	static const int64_t unit_seconds[] = {1, 60, 3600, 86400};
	size_t size = strlen(text);
	const char *unit = size ? strchr(units, text[size - 1]) : NULL;
	if (!unit || !digits_parse(text, size - 1, INT32_MAX, seconds))
		return false;
	*seconds *= unit_seconds[unit - units];
	return true;
}

static bool host_is_plausible(const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at >= 0x7F)
			return false;
	return *text && strlen(text) <= HOST_MAX;
}

static bool text_take(struct parsing *parsing, const struct option *option, const char *text)
{
	if (option->kind == KIND_HOST && !host_is_plausible(text))
		return wrong_value(parsing, option, text, "a host name");
	if (option->kind == KIND_RECOMMENDED && !version_string_recommended_fits(text))
		return wrong_value(parsing, option, text,
			"a version like 1.0.9: at most 255 printable characters, no blank, no "
			"colon");
	if (!*text)
		return wrong_value(parsing, option, text, "a path");
	*(const char **)((char *)parsing->arguments + option->offset) = text;
	return true;
}

static bool number_take(struct parsing *parsing, const struct option *option, const char *text)
{
	char expected[96];
	int64_t number;
	bool span = option->kind == KIND_SPAN;
	bool good = span ? span_parse(text, &number)
			 : digits_parse(text, strlen(text), option->most, &number);
	if (!good || number < option->least || number > option->most) {
		snprintf(expected, sizeof(expected),
			span ? "a duration like 30s or 30m, from %" PRId64 "s to %" PRId64 "s"
			     : "a number from %" PRId64 " to %" PRId64,
			option->least, option->most);
		return wrong_value(parsing, option, text, expected);
	}
	*(int64_t *)((char *)parsing->arguments + option->offset) = number;
	return true;
}

static bool value_take(struct parsing *parsing, const struct option *option, const char *text)
{
	switch (option->kind) {
	case KIND_FLAG:
		*(bool *)((char *)parsing->arguments + option->offset) = true;
		return true;
	case KIND_TEXT:
	case KIND_HOST:
	case KIND_RECOMMENDED:
		return text_take(parsing, option, text);
	case KIND_NUMBER:
	case KIND_SPAN:
		return number_take(parsing, option, text);
	}
	return false;
}

/* --- words --- */

/* "--name" or, where it takes a value, "--name=value". */
static bool option_is(const struct option *option, const char *word)
{
	size_t size = strlen(option->name);
	return strncmp(word, option->name, size) == 0 &&
	       (!word[size] || (option->value && option->name[1] == '-' && word[size] == '='));
}

static bool option_take(struct parsing *parsing, const char *word)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *option = &options[i];
		if (!option_is(option, word))
			continue;
		const char *text = word[strlen(option->name)] ? strchr(word, '=') + 1 : NULL;
		if (option->value && !text)
			text = *parsing->next ? *parsing->next++ : NULL;
		if (option->value && !text)
			return wrong(parsing, "%s needs a value, %s", option->name, option->value);
		parsing->given[i] = true;
		return value_take(parsing, option, text);
	}
	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
		parsing->word = ARGUMENTS_HELP;
	else if (strcmp(word, "-V") == 0)
		parsing->word = ARGUMENTS_VERSION;
	else
		return wrong(parsing, "there is no option \"%.*s\": mirrorns-cvd --help",
			TEXT_SHOWN_MAX, word);
	return false;
}

static bool directory_take(struct parsing *parsing, const char *word)
{
	if (!*word)
		return wrong(parsing, "DIR is \"\", expected the directory of the databases");
	if (parsing->arguments->directory)
		return wrong(parsing,
			"\"%.*s\" is one word too many behind DIR: mirrorns-cvd --help",
			TEXT_SHOWN_MAX, word);
	parsing->arguments->directory = word;
	return true;
}

static bool is_given(const struct parsing *parsing, const char *name)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (strcmp(options[i].name, name) == 0)
			return parsing->given[i];
	return false;
}

static bool whole_check(struct parsing *parsing)
{
	if (!parsing->arguments->directory)
		return wrong(parsing,
			"DIR is missing, the directory of the databases: mirrorns-cvd "
			"--help");
	for (size_t i = 0; i < OPTIONS; i++)
		if (parsing->given[i] && options[i].needs && !is_given(parsing, options[i].needs))
			return wrong(parsing, "%s is given without %s, which it needs",
				options[i].name, options[i].needs);
	return true;
}

enum arguments_result arguments_parse(
	struct arguments *arguments, char **words, char *why, size_t size)
{
	struct parsing parsing = {.arguments = arguments, .next = words, .why = why, .size = size};
	*arguments = (struct arguments){
		.warn = -1,
		.flevel = -1,
		.safebrowsing = -1,
		.share = SHARE_DEFAULT,
		.port = PORT_DEFAULT,
		.refresh = REFRESH_DEFAULT,
	};
	parsing.word = ARGUMENTS_RUN;
	while (*parsing.next) {
		const char *word = *parsing.next++;
		bool option = word[0] == '-' && word[1] && !parsing.only_directory;
		if (option && strcmp(word, "--") == 0) {
			parsing.only_directory = true;
			continue;
		}
		if (!(option ? option_take : directory_take)(&parsing, word))
			return parsing.word;
	}
	whole_check(&parsing);
	return parsing.word;
}

void arguments_help(void)
{
	printf("usage: mirrorns-cvd DIR [-o FILE] [--version V] [OPTION ...]\n\n"
	       "The version string for current.cvd, from the headers of DIR's databases.\n\n");
	for (size_t i = 0; i < OPTIONS; i++)
		printf("  %s%s%s\n      %s\n", options[i].name, options[i].value ? " " : "",
			options[i].value ? options[i].value : "", options[i].summary);
	printf("  -h, --help\n      this\n  -V\n      the version of this program\n\n"
	       "Exit status: 0 done, 1 failed, 2 the command line or a file named on it is wrong.\n"
	       "mirrorns-cvd(8) says more.\n");
}
