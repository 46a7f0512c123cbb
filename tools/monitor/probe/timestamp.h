/* tools/monitor/probe/timestamp.h - when a mirror was last synchronized, as its timestamp file
 * says; and what of a body is quoted. */
#ifndef TOOLS_MONITOR_PROBE_TIMESTAMP_H
#define TOOLS_MONITOR_PROBE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBE_QUOTE_MAX = 100 };

/* One of the three forms of an HTTP date. */
bool probe_date(const char *text, int64_t *seconds);

/* A body of /timestamp, in the accepted forms: Unix seconds, RFC 3339, HTTP date (RFC 9110 5.6.7);
 * white space around it is fine. Never 0 or beyond the year 9999. False: none of them. */
bool probe_stamp(const char *body, size_t size, int64_t *stamp);

/* The octets in quotes, what is not plain ASCII as \xHH, cut with "..." where they are many.
 * Returns text. */
const char *probe_quote(const char *octets, size_t size, char text[PROBE_QUOTE_MAX]);

#endif
