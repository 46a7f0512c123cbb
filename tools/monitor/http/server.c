#include "tools/monitor/http/server.h"

#include "dns/base/http_timeout.h"
#include "dns/net/listen_page.h"
#include "tools/monitor/http/facts.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = DEADLINES_MAX,
	ADDRESS_CONNECTIONS_MAX = CONNECTIONS_MAX / 2,
	VISIT_SECONDS =
		10, /* from accept to the last octet of the reply, as in dns/stats/metrics_server.c */
	REQUEST_OCTETS = 16 << 10, /* of a connection: its request line and headers */
	TAG_MAX = 24
};

/* A text that hangs until the next one; libmicrohttpd counts who still sends it. */
struct sheet {
	struct MHD_Response *response; /* NULL: there is none yet */
	char tag[TAG_MAX]; /* its ETag */
};

struct board {
	struct MHD_Daemon *daemon;
	struct deadlines *deadlines;
	int fd;
	pthread_mutex_t lock; /* of all below */
	struct board_facts facts;
	char *metrics; /* NULL: none yet */
	struct sheet status, export;
};

/* --- a visit: libmicrohttpd's thread --- */

/* One request for each connection, so that the connection's time is the request's; takes over `response`. */
static enum MHD_Result response_send(
	struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result =
		response ? MHD_queue_response(connection, status, response) : MHD_NO;
	if (response)
		MHD_destroy_response(response);
	return result;
}

/* NULL: no memory. `text` is taken over, or is for ever. */
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

static enum MHD_Result text_send(
	struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct MHD_Response *response = response_new(text, "text/plain", MHD_RESPMEM_PERSISTENT);
	if (response && status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	return response_send(connection, status, response);
}

static enum MHD_Result made_send(
	struct MHD_Connection *connection, unsigned status, char *text, const char *type)
{
	if (!text)
		return text_send(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "No memory.\n");
	struct MHD_Response *response = response_new(text, type, MHD_RESPMEM_MUST_FREE);
	if (response)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return response_send(connection, status, response);
}

static enum MHD_Result metrics_send(struct board *board, struct MHD_Connection *connection)
{
	char *text = NULL;
	pthread_mutex_lock(&board->lock);
	char *end = board_metrics_end(&board->facts);
	if (end && asprintf(&text, "%s%s", board->metrics ? board->metrics : "", end) < 0)
		text = NULL;
	pthread_mutex_unlock(&board->lock);
	free(end);
	return made_send(connection, MHD_HTTP_OK, text, "text/plain; version=0.0.4; charset=utf-8");
}

static enum MHD_Result health_send(struct board *board, struct MHD_Connection *connection)
{
	bool healthy = false;
	pthread_mutex_lock(&board->lock);
	char *text = board_health(&board->facts, &healthy);
	pthread_mutex_unlock(&board->lock);
	return made_send(connection, healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, text,
		"application/json");
}

static enum MHD_Result unchanged_send(struct MHD_Connection *connection, const char *tag)
{
	struct MHD_Response *response =
		response_new("", "application/json", MHD_RESPMEM_PERSISTENT);
	if (response)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, tag);
	return response_send(connection, MHD_HTTP_NOT_MODIFIED, response);
}

static enum MHD_Result sheet_send(
	struct board *board, struct MHD_Connection *connection, const struct sheet *sheet)
{
	const char *known = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
	enum MHD_Result result = MHD_NO;
	pthread_mutex_lock(&board->lock);
	bool there = sheet->response, same = there && known && strcmp(known, sheet->tag) == 0;
	if (there && !same)
		result = MHD_queue_response(connection, MHD_HTTP_OK, sheet->response);
	pthread_mutex_unlock(&board->lock);
	if (same)
		return unchanged_send(connection, known);
	if (!there)
		return text_send(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			"Nothing has been checked yet.\n");
	return result;
}

static enum MHD_Result status_send(struct board *board, struct MHD_Connection *connection)
{
	return sheet_send(board, connection, &board->status);
}

static enum MHD_Result export_send(struct board *board, struct MHD_Connection *connection)
{
	return sheet_send(board, connection, &board->export);
}

static const struct page {
	const char *path;
	enum MHD_Result (*send)(struct board *board, struct MHD_Connection *connection);
} pages[] = {
	{"/metrics", metrics_send},
	{"/health", health_send},
	{"/api/status", status_send},
	{"/api/export", export_send},
};

/* Answered when the headers are there: a body that follows is not read, its connection is closed. */
static enum MHD_Result asked(void *owner, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *body, size_t *body_size,
	void **request)
{
	(void)version, (void)body, (void)body_size, (void)request;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return text_send(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			"Only GET and HEAD are understood.\n");
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		if (strcmp(path, pages[i].path) == 0)
			return pages[i].send(owner, connection);
	return text_send(connection, MHD_HTTP_NOT_FOUND,
		"There are /metrics, /health, /api/status and /api/export.\n");
}

/* Called when a connection begins, and before its socket is closed. */
static void connection_seen(void *owner, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct board *board = owner;
	(void)socket_context;
	int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		deadline_end(board->deadlines, fd);
	else if (!deadline_begin(board->deadlines, fd))
		shutdown(fd, SHUT_RDWR);
}

/* --- the monitor's thread --- */

static void sheet_free(struct sheet *sheet)
{
	if (sheet->response)
		MHD_destroy_response(sheet->response);
	sheet->response = NULL;
}

/* FNV-1a; takes over `text`. */
static struct sheet sheet_new(char *text)
{
	struct sheet sheet = {0};
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

/* Out of memory the old ones hang on. */
static void sheet_change(struct sheet *sheet, struct sheet *fresh)
{
	if (!fresh->response)
		return;
	const struct sheet old = *sheet;
	*sheet = *fresh;
	*fresh = old;
}

void board_post(struct board *board, const struct inventory *inventory, const json_t *report,
	const char *export)
{
	struct sheet status = sheet_new(report ? json_dumps(report, JSON_COMPACT) : NULL);
	struct sheet sheet = sheet_new(export && *export ? strdup(export) : NULL);
	char *metrics = board_metrics(inventory), *state = strdup(inventory->settings->state);
	pthread_mutex_lock(&board->lock);
	sheet_change(&board->status, &status);
	sheet_change(&board->export, &sheet);
	if (metrics) {
		char *old = board->metrics;
		board->metrics = metrics;
		metrics = old;
	}
	free(board->facts.state);
	board->facts.state = state;
	board->facts.exported = inventory->exported;
	board->facts.suspect = inventory->outage.active;
	memcpy(board->facts.suspect_why, inventory->suspect_why, sizeof(board->facts.suspect_why));
	pthread_mutex_unlock(&board->lock);
	sheet_free(&status);
	sheet_free(&sheet);
	free(metrics);
}

struct board *board_new(const struct config_listen *at, char *why, size_t size)
{
	char found[256];
	struct board *board = calloc(1, sizeof(*board));
	if (!board) {
		snprintf(why, size, "no memory for metrics");
		return NULL;
	}
	pthread_mutex_init(&board->lock, NULL);
	board->facts.started = time(NULL);
	board->fd = listen_page(at, found, sizeof(found));
	if (board->fd < 0) {
		snprintf(why, size, "metrics: %s", found);
		goto fail;
	}
	board->deadlines = deadlines_new(VISIT_SECONDS);
	if (board->deadlines)
		board->daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0,
			NULL, NULL, asked, board, MHD_OPTION_LISTEN_SOCKET, board->fd,
			MHD_OPTION_NOTIFY_CONNECTION, connection_seen, board,
			MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
			MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)ADDRESS_CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)VISIT_SECONDS,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_OCTETS, MHD_OPTION_END);
	if (board->daemon)
		return board;
	snprintf(why, size, "the metrics page cannot be started");
fail:
	board_free(board);
	return NULL;
}

void board_free(struct board *board)
{
	if (!board)
		return;
	if (board->daemon) {
		MHD_quiesce_daemon(board->daemon);
		MHD_stop_daemon(board->daemon);
	}
	deadlines_free(board->deadlines);
	if (board->fd >= 0)
		close(board->fd);
	sheet_free(&board->status);
	sheet_free(&board->export);
	free(board->metrics);
	free(board->facts.state);
	pthread_mutex_destroy(&board->lock);
	free(board);
}
