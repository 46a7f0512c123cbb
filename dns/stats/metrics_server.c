#include "dns/stats/metrics_server.h"

#include "dns/base/http.h"
#include "dns/stats/health.h"
#include "dns/stats/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct metrics {
	struct totals *totals;
	struct http *http; /* NULL: not started */
	int fd;
};

static const struct http_page pages[] = {
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", .write = metrics_page},
	{"/health", "application/json", .write = health_page},
	{.path = NULL},
};

struct metrics *metrics_inherit(int fd, struct totals *totals, char *why, size_t size)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	if (!metrics) {
		close(fd);
		snprintf(why, size, "out of memory for metrics");
		return NULL;
	}
	metrics->totals = totals;
	metrics->fd = fd;
	return metrics;
}

int metrics_socket(const struct metrics *metrics)
{
	return metrics->fd;
}

bool metrics_start(struct metrics *metrics, char *why, size_t size)
{
	metrics->http = http_start(
		metrics->fd, pages, "Not found: use /metrics or /health.\n", metrics->totals);
	if (!metrics->http)
		snprintf(why, size, "cannot start the metrics server");
	return metrics->http;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	http_stop(metrics->http);
	close(metrics->fd);
	free(metrics);
}
