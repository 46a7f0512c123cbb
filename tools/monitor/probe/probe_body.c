#include "tools/monitor/probe/probe.h"

#include "geo/stamp.h"

#include <stdio.h>
#include <string.h>

enum { QUOTED_MAX = 48 /* octets shown */ };
static const int64_t STAMP_LAST = 253402300799; /* 9999-12-31T23:59:59Z */

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
