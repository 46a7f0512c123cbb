/* tools/monitor/probe/http_error.h - why a transfer failed, in an operator's words. */
#ifndef TOOLS_MONITOR_PROBE_HTTP_ERROR_H
#define TOOLS_MONITOR_PROBE_HTTP_ERROR_H

#include <curl/curl.h>
#include <stdint.h>

enum { TRANSFER_WHY_MAX = 160 };

/* `error` is libcurl's own text; `limit_seconds` is what the whole time was. */
void transfer_why(CURL *easy, CURLcode code, uint32_t limit_seconds, const char *error,
	char why[TRANSFER_WHY_MAX]);

#endif
