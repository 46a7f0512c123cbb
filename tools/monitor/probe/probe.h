/* tools/monitor/probe/probe.h - one check of one address: what is asked over HTTP, and what the reply says.
 *
 * GET http://ADDRESS:PORT/timestamp with Host: db.XY.ZONE and User-Agent: ClamAV-MirrorCheck/VERSION; then, where they are
 * configured, /local_test and the first 512 octets of each database, over the same connection where it stays open. No
 * redirects, no proxy, no more than a bounded number of octets whatever is sent, one time limit for everything. What it
 * finds may be published, so nothing is quoted that came from an address that is not global. */
#ifndef TOOLS_MONITOR_PROBE_PROBE_H
#define TOOLS_MONITOR_PROBE_PROBE_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/probe/http_client.h"
#include "tools/monitor/targets/target.h"

enum { PROBE_QUOTE_MAX = 100 };

/* What one check has found. Whether the stamp is fresh enough is the judge's question. */
struct observation {
	int64_t at; /* Unix seconds at its end */
	bool good; /* reached, understood, and all but the stamp's age as it should be */
	int64_t stamp; /* Unix seconds; 0: none was understood */
	uint32_t milliseconds; /* of /timestamp, from the connect on */
	uint32_t versions[TARGET_DATABASES]; /* 0: not asked, or not there */
	int64_t skew; /* seconds that its Date is ahead of our clock, where that is more than a day; else 0 */
	char why[TARGET_REASON_MAX]; /* not good: "connect: timed out", "HTTP 503", "timestamp: found …"; printable ASCII */
};

struct probe;
typedef void probe_ended(void *owner, const struct observation *seen);

/* One check at a time, again and again. `settings` must outlive it. NULL: no memory. */
struct probe *probe_new(struct transfers *transfers, const struct settings *settings,
	probe_ended *ended, void *owner);
/* Checks a target, which must stay until the end. `versions`: what the databases must have (or one less); all 0: they are
 * not asked for. False: no memory, nothing has begun. */
bool probe_start(struct probe *probe, const struct target *target,
	const uint32_t versions[TARGET_DATABASES]);
/* Gives it up without a word. */
void probe_stop(struct probe *probe);
/* NULL: nothing. */
void probe_free(struct probe *probe);

/* A body of /timestamp, in the accepted forms: Unix seconds, RFC 3339, HTTP date (RFC 9110 5.6.7); white space around it is
 * fine. Never 0 or beyond the year 9999. False: none of them. */
bool probe_stamp(const char *body, size_t size, int64_t *stamp);
/* One of the three forms of an HTTP date. */
bool probe_date(const char *text, int64_t *seconds);
/* The octets in quotes, what is not plain ASCII as \xHH, cut with "..." where they are many. Returns text. */
const char *probe_quote(const char *octets, size_t size, char text[PROBE_QUOTE_MAX]);

#endif
