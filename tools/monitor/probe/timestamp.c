#include "tools/monitor/probe/probe.h"

#include <string.h>
#include <time.h>

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
