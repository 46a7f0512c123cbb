#include "tools/cvd/arguments.h"

#include "dns/base/command_line.h"
#include "dns/base/why.h"
#include "tools/cvd/digits.h"
#include "tools/cvd/version_string.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

enum {
	TEXT_SHOWN_MAX = 200,
	HOST_MAX = 253,
	REFRESH_DEFAULT = 1800,
	REFRESH_MAX = 7200, /* clients ignore a string that is three hours old */
	SHARE_DEFAULT = 80,
	PORT_DEFAULT = 80,
	ROW_FIRST = 256, /* of what getopt_long() returns: behind the letters */
};

enum kind { KIND_FLAG, KIND_TEXT, KIND_HOST, KIND_RECOMMENDED, KIND_NUMBER, KIND_SPAN };

static const struct row {
	const char *name;
	const char *value; /* what it is called in the help; NULL: it takes none */
	const char *needs; /* means nothing without this one */
	enum kind kind;
	int64_t least, most; /* of a number */
	size_t offset; /* in struct arguments */
	const char *summary;
} rows[] = {
	{"-o", "FILE", NULL, KIND_TEXT, 0, 0, offsetof(struct arguments, output),
		"write the string to FILE, whose versions are the minimum, instead of printing it"},
	{"--version", "V", NULL, KIND_RECOMMENDED, 0, 0, offsetof(struct arguments, recommended),
		"recommended version of ClamAV, field 0 (default: as in FILE)"},
	{"--warn", "0|1", NULL, KIND_NUMBER, 0, 1, offsetof(struct arguments, warn),
		"whether clients may warn that they are outdated (default: as in FILE, else 1)"},
	{"--flevel", "N", NULL, KIND_NUMBER, 0, DIGITS_CLIENT_MAX,
		offsetof(struct arguments, flevel),
		"functionality level (default: as in the header of daily)"},
	{"--safebrowsing", "N", NULL, KIND_NUMBER, 0, DIGITS_CLIENT_MAX,
		offsetof(struct arguments, safebrowsing),
		"its version if DIR has no such database (default: as in FILE, else 0)"},
	{"--force", NULL, NULL, KIND_FLAG, 0, 0, offsetof(struct arguments, force),
		"accept lower versions and a large increase of the functionality level"},
	{"--names", "DIR2", NULL, KIND_TEXT, 0, 0, offsetof(struct arguments, names),
		"also write DIR2/main.cvd and so on, for the <db>.cvd names"},
	{"--watch", NULL, "-o", KIND_FLAG, 0, 0, offsetof(struct arguments, watch),
		"keep running, and write again when a database changes"},
	{"--refresh", "30m", "--watch", KIND_SPAN, 1, REFRESH_MAX,
		offsetof(struct arguments, refresh), "and at least this often"},
	{"--verify-mirrors", "EXPORT", "-o", KIND_TEXT, 0, 0, offsetof(struct arguments, export),
		"hold a new version back until the mirrors in service have it"},
	{"--share", "PERCENT", "--verify-mirrors", KIND_NUMBER, 1, 100,
		offsetof(struct arguments, share),
		"percentage of their addresses that must have it (default: 80)"},
	{"--host", "NAME", "--verify-mirrors", KIND_HOST, 0, 0, offsetof(struct arguments, host),
		"host name in the requests (default: the mirror's own)"},
	{"--port", "PORT", "--verify-mirrors", KIND_NUMBER, 1, 65535,
		offsetof(struct arguments, port), "port of the mirrors (default: 80)"},
};
enum { ROWS = sizeof(rows) / sizeof(*rows), ROW_OUTPUT = 0 };

/* One command line under way. */
struct parsing {
	struct arguments *arguments;
	bool given[ROWS];
	char *why;
	size_t size;
};

static bool wrong_value(
	struct parsing *parsing, const struct row *row, const char *text, const char *expected)
{
	return why_write(parsing->why, parsing->size, "%s is \"%.*s\", expected %s", row->name,
		TEXT_SHOWN_MAX, text, expected);
}

static bool host_is_plausible(const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at >= 0x7F)
			return false;
	return *text && strlen(text) <= HOST_MAX;
}

static bool text_take(struct parsing *parsing, const struct row *row, const char *text)
{
	if (row->kind == KIND_HOST && !host_is_plausible(text))
		return wrong_value(parsing, row, text, "a host name");
	if (row->kind == KIND_RECOMMENDED && !version_string_recommended_fits(text))
		return wrong_value(parsing, row, text,
			"a version like 1.0.9: up to 255 printable characters, no blank or colon");
	if (!*text)
		return wrong_value(parsing, row, text, "a path");
	*(const char **)((char *)parsing->arguments + row->offset) = text;
	return true;
}

static bool number_take(struct parsing *parsing, const struct row *row, const char *text)
{
	char expected[96];
	int64_t number;
	bool span = row->kind == KIND_SPAN;
	bool good = span ? command_line_duration(text, row->most, &number)
			 : digits_parse(text, strlen(text), row->most, &number);
	if (!good || number < row->least || number > row->most) {
		snprintf(expected, sizeof(expected),
			span ? "a duration like 30s or 30m, from %" PRId64 "s to %" PRId64 "s"
			     : "a number from %" PRId64 " to %" PRId64,
			row->least, row->most);
		return wrong_value(parsing, row, text, expected);
	}
	*(int64_t *)((char *)parsing->arguments + row->offset) = number;
	return true;
}

static bool value_take(struct parsing *parsing, const struct row *row, const char *text)
{
	switch (row->kind) {
	case KIND_FLAG:
		*(bool *)((char *)parsing->arguments + row->offset) = true;
		return true;
	case KIND_TEXT:
	case KIND_HOST:
	case KIND_RECOMMENDED:
		return text_take(parsing, row, text);
	case KIND_NUMBER:
	case KIND_SPAN:
		return number_take(parsing, row, text);
	}
	return false;
}

/* --- the whole --- */

static bool whole_check(struct parsing *parsing, char **words)
{
	struct arguments *arguments = parsing->arguments;
	arguments->directory = words[0];
	if (!words[0])
		return why_write(parsing->why, parsing->size,
			"DIR, the database directory, is missing: see mirrorns-cvd --help");
	if (!*words[0])
		return why_write(parsing->why, parsing->size,
			"DIR is \"\", expected the database directory");
	if (words[1])
		return why_write(parsing->why, parsing->size,
			"unexpected argument \"%.*s\": see mirrorns-cvd --help", TEXT_SHOWN_MAX,
			words[1]);
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < ROWS && parsing->given[i] && rows[i].needs; k++)
			if (!parsing->given[k] && strcmp(rows[k].name, rows[i].needs) == 0)
				return why_write(parsing->why, parsing->size, "%s requires %s",
					rows[i].name, rows[i].needs);
	return true;
}

/* Ends with what getopt_long() returned last: -1, a letter, or '?' with the sentence written. */
static int options_take(struct parsing *parsing, int count, char **words)
{
	struct option longs[ROWS + 2] = {{"help", no_argument, NULL, 'h'}};
	char letter[3];
	int code;
	for (int i = ROW_OUTPUT + 1; i < ROWS; i++)
		longs[i] = (struct option){rows[i].name + 2,
			rows[i].value ? required_argument : no_argument, NULL, ROW_FIRST + i};
	opterr = optind = 0;
	while ((code = getopt_long(count, words, ":o:hV", longs, NULL)) != -1) {
		if (code == 'h' || code == 'V')
			break;
		if (code == '?') {
			why_write(parsing->why, parsing->size,
				"unknown option \"%.*s\": see mirrorns-cvd --help", TEXT_SHOWN_MAX,
				command_line_refused(words, letter));
			return code;
		}
		int which = code == ':' ? optopt : code;
		const struct row *row = &rows[which == 'o' ? ROW_OUTPUT : which - ROW_FIRST];
		if (code == ':')
			why_write(parsing->why, parsing->size, "%s needs a value: %s", row->name,
				row->value);
		if (code == ':' || !value_take(parsing, row, optarg))
			return '?';
		parsing->given[row - rows] = true;
	}
	return code;
}

enum arguments_result arguments_parse(
	struct arguments *arguments, int count, char **words, char *why, size_t size)
{
	struct parsing parsing = {.arguments = arguments, .why = why, .size = size};
	*arguments = (struct arguments){
		.warn = -1,
		.flevel = -1,
		.safebrowsing = -1,
		.share = SHARE_DEFAULT,
		.port = PORT_DEFAULT,
		.refresh = REFRESH_DEFAULT,
	};
	int code = options_take(&parsing, count, words);
	if (code == 'h')
		return ARGUMENTS_HELP;
	if (code == 'V')
		return ARGUMENTS_VERSION;
	return code == -1 && whole_check(&parsing, words + optind) ? ARGUMENTS_RUN
								   : ARGUMENTS_WRONG;
}

void arguments_help(void)
{
	printf("usage: mirrorns-cvd DIR [-o FILE] [--version V] [OPTION ...]\n\n"
	       "Generates the version string of current.cvd from the databases in DIR.\n\n");
	for (size_t i = 0; i < ROWS; i++)
		printf("  %s%s%s\n      %s\n", rows[i].name, rows[i].value ? " " : "",
			rows[i].value ? rows[i].value : "", rows[i].summary);
	printf("  -h, --help\n      print this help\n  -V\n      print the version\n\n"
	       "Exit status: 0 success, 1 failure, 2 wrong command line or file named on it.\n"
	       "See mirrorns-cvd(8).\n");
}
