#include "dns/stats/metrics_server.h"

#include "dns/base/http_timeout.h"
#include "dns/stats/health.h"
#include "dns/stats/metrics.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = DEADLINES_MAX,
	ADDRESS_CONNECTIONS_MAX = CONNECTIONS_MAX / 2,
	/* From accept to the last octet of the reply. libmicrohttpd's own time-out begins anew with each octet: whoever
	 * drips would keep a connection for ever. */
	VISIT_SECONDS = 10,
	REQUEST_OCTETS = 16 << 10, /* of a connection: its request line and headers */
};

struct metrics {
	struct ledger *ledger;
	struct MHD_Daemon *daemon; /* NULL: not started */
	struct deadlines *deadlines; /* of its connections; NULL: not started */
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

/* One request for each connection, so that the connection's time is the request's; takes over `response`. */
static enum MHD_Result response_send(
	struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

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
	return response_send(connection, status, response);
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
	return response_send(
		connection, good ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, response);
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

/* Called when a connection begins, and before its socket is closed. */
static void connection_seen(void *owner, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct metrics *metrics = owner;
	(void)socket_context;
	int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		deadline_end(metrics->deadlines, fd);
	else if (!deadline_begin(metrics->deadlines, fd))
		shutdown(fd, SHUT_RDWR);
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

int metrics_socket(const struct metrics *metrics)
{
	return metrics->fd;
}

bool metrics_start(struct metrics *metrics, char *why, size_t size)
{
	metrics->deadlines = deadlines_new(VISIT_SECONDS);
	/* poll(2): with epoll, 0.9.75 keeps what a client has left behind until it is idle for long. */
	if (metrics->deadlines)
		metrics->daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0,
			NULL, NULL, asked, metrics, MHD_OPTION_LISTEN_SOCKET, metrics->fd,
			MHD_OPTION_NOTIFY_CONNECTION, connection_seen, metrics,
			MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
			MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)ADDRESS_CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)VISIT_SECONDS,
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
	deadlines_free(metrics->deadlines);
	close(metrics->fd);
	free(metrics);
}
