#include "dns/base/http.h"

#include "dns/base/http_timeout.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	CONNECTIONS_MAX = DEADLINES_MAX,
	ADDRESS_CONNECTIONS_MAX = CONNECTIONS_MAX / 2,
	/* From accept to the last octet of the reply. libmicrohttpd's own time-out begins anew with
	 * each octet: a client that drips would keep a connection for ever. */
	VISIT_SECONDS = 10,
	REST_NS = 20000000, /* where descriptors have run out */
	REQUEST_OCTETS = 16 << 10, /* of a connection: its request line and headers */
};

struct http {
	struct MHD_Daemon *daemon;
	struct deadlines *deadlines; /* of its connections */
	const struct http_page *pages;
	const char *missing;
	void *owner;
};

/* One request for each connection, so that the connection's time is the request's. NULL: no
 * memory. */
static struct MHD_Response *response_new(
	const char *text, const char *type, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)text, mode);
	if (!response) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free((void *)text);
		return NULL;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return response;
}

/* Takes over `response`, with one header more. */
static bool response_send(struct MHD_Connection *connection, unsigned status,
	struct MHD_Response *response, const char *header, const char *value)
{
	if (!response)
		return false;
	if (header)
		MHD_add_response_header(response, header, value);
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result == MHD_YES;
}

static bool text_send(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return response_send(connection, status,
		response_new(text, "text/plain", MHD_RESPMEM_PERSISTENT),
		status == MHD_HTTP_METHOD_NOT_ALLOWED ? MHD_HTTP_HEADER_ALLOW : NULL, "GET, HEAD");
}

static bool page_send(const struct http_page *page, void *owner, struct MHD_Connection *connection)
{
	if (page->send)
		return page->send(owner, connection);
	bool good = true;
	char *text = page->write(owner, &good);
	if (!text)
		return text_send(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "Out of memory.\n");
	return response_send(connection, good ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
		response_new(text, page->type, MHD_RESPMEM_MUST_FREE),
		MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
}

/* Answered when the headers are there: a body that follows is not read, its connection is
 * closed. */
static enum MHD_Result asked(void *owner, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *body, size_t *body_size,
	void **request)
{
	const struct http *http = owner;
	const struct http_page *page = http->pages;
	(void)version, (void)body, (void)body_size, (void)request;
	bool sent;
	while (page->path && strcmp(path, page->path) != 0)
		page++;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		sent = text_send(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			"Only GET and HEAD are supported.\n");
	else if (page->path)
		sent = page_send(page, http->owner, connection);
	else
		sent = text_send(connection, MHD_HTTP_NOT_FOUND, http->missing);
	return sent ? MHD_YES : MHD_NO;
}

/* Called when a connection begins, and before its socket is closed. */
static void connection_seen(void *owner, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct http *http = owner;
	(void)socket_context;
	int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		deadline_end(http->deadlines, fd);
	else if (!deadline_begin(http->deadlines, fd))
		shutdown(fd, SHUT_RDWR);
}

/* Where no descriptor is left for a first connection, libmicrohttpd tries again without end, and
 * says so each time: it rests here meanwhile. It says nothing else of use. */
static void said(void *owner, const char *format, va_list arguments)
{
	const struct timespec rest = {.tv_nsec = REST_NS};
	(void)owner, (void)format, (void)arguments;
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		nanosleep(&rest, NULL);
}

void http_sheet_free(struct http_sheet *sheet)
{
	if (sheet->response)
		MHD_destroy_response(sheet->response);
	sheet->response = NULL;
}

/* FNV-1a. */
struct http_sheet http_sheet_new(char *text)
{
	struct http_sheet sheet = {0};
	uint64_t hash = 0xCBF29CE484222325u;
	if (!text)
		return sheet;
	for (const char *at = text; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001B3u;
	snprintf(sheet.tag, sizeof(sheet.tag), "\"%016" PRIx64 "\"", hash);
	sheet.response = response_new(text, "application/json", MHD_RESPMEM_MUST_FREE);
	if (sheet.response) {
		MHD_add_response_header(sheet.response, MHD_HTTP_HEADER_ETAG, sheet.tag);
		MHD_add_response_header(sheet.response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	}
	return sheet;
}

bool http_sheet_send(struct MHD_Connection *connection, const struct http_sheet *sheet)
{
	const char *known = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
	if (!sheet->response)
		return text_send(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			"Nothing has been checked yet.\n");
	if (known && strcmp(known, sheet->tag) == 0)
		return response_send(connection, MHD_HTTP_NOT_MODIFIED,
			response_new("", "application/json", MHD_RESPMEM_PERSISTENT),
			MHD_HTTP_HEADER_ETAG, known);
	return MHD_queue_response(connection, MHD_HTTP_OK, sheet->response) == MHD_YES;
}

struct http *http_start(int fd, const struct http_page *pages, const char *missing, void *owner)
{
	struct http *http = calloc(1, sizeof(*http));
	if (!http)
		return NULL;
	*http = (struct http){NULL, deadlines_new(VISIT_SECONDS), pages, missing, owner};
	/* poll(2): with epoll, 0.9.75 keeps what a client has left behind until it is idle for
	 * long. */
	if (http->deadlines)
		http->daemon = MHD_start_daemon(
			MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL,
			NULL, asked, http, MHD_OPTION_EXTERNAL_LOGGER, said, NULL,
			MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_CONNECTION, connection_seen,
			http, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
			MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)ADDRESS_CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)VISIT_SECONDS,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_OCTETS, MHD_OPTION_END);
	if (http->daemon)
		return http;
	http_stop(http);
	return NULL;
}

void http_stop(struct http *http)
{
	if (!http)
		return;
	if (http->daemon) {
		/* Else the socket would be shut down, for another process that shares it, too. */
		MHD_quiesce_daemon(http->daemon);
		MHD_stop_daemon(http->daemon);
	}
	deadlines_free(http->deadlines);
	free(http);
}
