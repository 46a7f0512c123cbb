#include "dns/metrics.h"

#include "dns/health.h"
#include "dns/metrics_page.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 16,
	IDLE_SECONDS = 10,
	REQUEST_OCTETS = 16 << 10, /* of a connection: its request line and headers */
};

struct metrics {
	struct ledger *ledger;
	struct MHD_Daemon *daemon; /* NULL: not started */
	int fd;
};

struct page {
	const char *path, *type;
	/* malloc'ed; NULL: no memory. *good false: 503. */
	char *(*write)(struct ledger *ledger, bool *good);
};

static const struct page pages[] = {
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", metrics_page},
	{"/health", "application/json", health_page},
};

static enum MHD_Result text_send(
	struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result page_send(
	struct MHD_Connection *connection, const struct page *page, struct ledger *ledger)
{
	bool good = true;
	char *text = page->write(ledger, &good);
	if (!text)
		return text_send(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "No memory.\n");
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	enum MHD_Result result = MHD_queue_response(
		connection, good ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, response);
	MHD_destroy_response(response);
	return result;
}

/* Answered when the headers are there: a body that follows is not read, its connection is closed. */
static enum MHD_Result asked(void *owner, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *body, size_t *body_size,
	void **request)
{
	const struct metrics *metrics = owner;
	(void)version, (void)body, (void)body_size, (void)request;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return text_send(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			"Only GET and HEAD are understood.\n");
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		if (strcmp(path, pages[i].path) == 0)
			return page_send(connection, &pages[i], metrics->ledger);
	return text_send(connection, MHD_HTTP_NOT_FOUND, "There are /metrics and /health.\n");
}

struct metrics *metrics_inherit(int fd, struct ledger *ledger, char *why, size_t size)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	if (!metrics) {
		close(fd);
		snprintf(why, size, "no memory for metrics");
		return NULL;
	}
	metrics->ledger = ledger;
	metrics->fd = fd;
	return metrics;
}

struct metrics *metrics_new(
	const struct config_listen *at, struct ledger *ledger, char *why, size_t size)
{
	char found[256];
	int fd = listen_page(at, found, sizeof(found));
	if (fd >= 0)
		return metrics_inherit(fd, ledger, why, size);
	snprintf(why, size, "metrics: %s", found);
	return NULL;
}

int metrics_socket(const struct metrics *metrics)
{
	return metrics->fd;
}

bool metrics_start(struct metrics *metrics, char *why, size_t size)
{
	/* poll(2): with epoll, 0.9.75 keeps what a client has left behind until it is idle for long. */
	metrics->daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL,
		NULL, asked, metrics, MHD_OPTION_LISTEN_SOCKET, metrics->fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX / 2,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_OCTETS, MHD_OPTION_END);
	if (!metrics->daemon)
		snprintf(why, size, "the metrics page cannot be started");
	return metrics->daemon;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	if (metrics->daemon) {
		/* Else the socket would be shut down, for whoever shares it, too. */
		MHD_quiesce_daemon(metrics->daemon);
		MHD_stop_daemon(metrics->daemon);
	}
	close(metrics->fd);
	free(metrics);
}
