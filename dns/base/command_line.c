#include "dns/base/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 9 };

bool command_line_duration(const char *text, int64_t most, int64_t *seconds)
{
	static const char units[] = "smhd";
	static const int64_t unit_seconds[] = {1, 60, 3600, 86400};
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : NULL;
	if (!digits || digits > DIGITS_MAX || !unit || text[digits + 1])
		return false;
	*seconds = atoll(text) * unit_seconds[unit - units];
	return *seconds <= most;
}

const char *command_line_refused(char *const *argv, char letter[3])
{
	const char *word = argv[optind - 1];
	if (strncmp(word, "--", 2) == 0 && optopt != '-')
		return word;
	letter[0] = '-';
	letter[1] = (char)optopt;
	letter[2] = '\0';
	return letter;
}

const char *command_line_sentence(char *const *argv, int option, char *text, size_t size)
{
	char letter[3];
	snprintf(text, size, option == ':' ? "%.64s needs a value" : "unknown option %.64s",
		command_line_refused(argv, letter));
	return text;
}

const char *command_line_rest(int argc, char *const *argv, char *text, size_t size)
{
	if (optind >= argc)
		return NULL;
	snprintf(text, size, "unexpected argument \"%.64s\"", argv[optind]);
	return text;
}
