#include "dns/base/command_line.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { LETTER_LAST = 255, DIGITS_MAX = 9 };

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
	if (!optopt || optopt > LETTER_LAST)
		return argv[optind - 1];
	letter[0] = '-';
	letter[1] = (char)optopt;
	letter[2] = '\0';
	return letter;
}
