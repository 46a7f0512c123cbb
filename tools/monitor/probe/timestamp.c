#include "tools/monitor/probe/timestamp.h"

#include "geo/stamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { QUOTED_MAX = 48 /* octets shown */ };
static const int64_t STAMP_LAST = 253402300799; /* 9999-12-31T23:59:59Z */

/* RFC 9110 5.6.7: two digits that look more than 50 years ahead are of the last century. */
static void century_set(struct tm *tm)
{
	struct tm now;
	time_t clock = time(NULL);
	if (!gmtime_r(&clock, &now))
		return;
	while (tm->tm_year > now.tm_year + 50)
		tm->tm_year -= 100;
	while (tm->tm_year + 100 <= now.tm_year + 50)
		tm->tm_year += 100;
}

bool probe_date(const char *text, int64_t *seconds)
{
	static const struct {
		const char *form;
		bool short_year;
	} forms[] = {
		{"%a, %d %b %Y %H:%M:%S GMT", false},
		{"%a, %d-%b-%y %H:%M:%S GMT", true}, /* %a takes whole names, too */
		{"%a %b %e %H:%M:%S %Y", false},
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i].form, &tm);
		if (!end || *end)
			continue;
		if (forms[i].short_year)
			century_set(&tm);
		int day = tm.tm_mday;
		*seconds = timegm(&tm); /* puts a wrong date right: then it differs */
		return tm.tm_mday == day;
	}
	return false;
}

static bool is_space(char octet)
{
	return octet == ' ' || (octet >= '\t' && octet <= '\r');
}

static bool seconds_parse(const char *text, int64_t *seconds)
{
	size_t length = strspn(text, "0123456789");
	if (length == 0 || length > 12 || text[length])
		return false;
	*seconds = 0;
	for (size_t i = 0; i < length; i++)
		*seconds = *seconds * 10 + (text[i] - '0');
	return true;
}

bool probe_stamp(const char *body, size_t size, int64_t *stamp)
{
	char text[64];
	while (size && is_space(body[0]))
		body++, size--;
	while (size && is_space(body[size - 1]))
		size--;
	if (size == 0 || size >= sizeof(text) || memchr(body, '\0', size))
		return false;
	memcpy(text, body, size);
	text[size] = '\0';
	return (seconds_parse(text, stamp) || stamp_parse(text, stamp) ||
		       probe_date(text, stamp)) &&
	       *stamp > 0 && *stamp <= STAMP_LAST;
}

const char *probe_quote(const char *octets, size_t size, char text[PROBE_QUOTE_MAX])
{
	enum { TAIL = sizeof("\"...") };
	size_t at = 1, taken = 0;
	text[0] = '"';
	for (; taken < size && taken < QUOTED_MAX; taken++) {
		unsigned char octet = (unsigned char)octets[taken];
		bool plain = octet >= ' ' && octet <= '~' && octet != '"' && octet != '\\';
		if (at + (plain ? 1 : 4) + TAIL > PROBE_QUOTE_MAX)
			break;
		if (plain)
			text[at++] = (char)octet;
		else
			at += (size_t)sprintf(text + at, "\\x%02X", octet);
	}
	strcpy(text + at, taken < size ? "\"..." : "\"");
	return text;
}
