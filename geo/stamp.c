#include "geo/stamp.h"

#include <string.h>
#include <time.h>

/* `count` digits, or -1. */
static int stamp_digits(const char *text, int count)
{
	int value = 0;
	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* "Z" or "+hh:mm" to seconds east of UTC. */
static bool stamp_offset(const char *text, int *seconds)
{
	*seconds = 0;
	if ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0')
		return true;
	if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 || text[3] != ':')
		return false;
	int hours = stamp_digits(text + 1, 2), minutes = stamp_digits(text + 4, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*seconds = (hours * 60 + minutes) * (text[0] == '-' ? -60 : 60);
	return true;
}

bool stamp_parse(const char *text, int64_t *seconds)
{
	static const char pattern[] = "0000-00-00T00:00:00";
	if (strlen(text) < sizeof pattern)
		return false;
	for (size_t i = 0; pattern[i]; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';
		bool same = text[i] == pattern[i] || (pattern[i] == 'T' && text[i] == 't');
		if (pattern[i] == '0' ? !digit : !same)
			return false;
	}
	struct tm tm = {.tm_year = stamp_digits(text, 4) - 1900,
		.tm_mon = stamp_digits(text + 5, 2) - 1,
		.tm_mday = stamp_digits(text + 8, 2),
		.tm_hour = stamp_digits(text + 11, 2),
		.tm_min = stamp_digits(text + 14, 2)};
	int month = tm.tm_mon, day = tm.tm_mday, second = stamp_digits(text + 17, 2), offset;
	if (tm.tm_hour > 23 || tm.tm_min > 59 || second > 60) /* 60: a leap second */
		return false;
	*seconds = timegm(&tm); /* puts a wrong date right: then it differs */
	if (tm.tm_mon != month || tm.tm_mday != day)
		return false;
	const char *rest = text + sizeof pattern - 1;
	if (rest[0] == '.' && stamp_digits(rest + 1, 1) >= 0)
		rest += 1 + strspn(rest + 1, "0123456789");
	if (!stamp_offset(rest, &offset))
		return false;
	*seconds += second - offset;
	return true;
}

const char *stamp_write(int64_t seconds, char text[STAMP_TEXT_MAX])
{
	struct tm tm;
	time_t when = (time_t)seconds;
	if (!gmtime_r(&when, &tm) || strftime(text, STAMP_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		text[0] = '\0';
	return text;
}
