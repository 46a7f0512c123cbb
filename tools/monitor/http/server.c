#include "tools/monitor/http/server.h"

#include "dns/base/http.h"
#include "dns/net/listen_page.h"
#include "tools/monitor/http/facts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct board {
	struct http *http;
	int fd;
	pthread_mutex_t lock; /* of all below */
	struct board_facts facts;
	char *metrics; /* NULL: none yet */
	struct http_sheet status, export;
};

/* --- a visit: libmicrohttpd's thread --- */

static char *metrics_write(void *owner, bool *good)
{
	struct board *board = owner;
	char *text = NULL;
	(void)good;
	pthread_mutex_lock(&board->lock);
	char *end = board_metrics_end(&board->facts);
	if (end && asprintf(&text, "%s%s", board->metrics ? board->metrics : "", end) < 0)
		text = NULL;
	pthread_mutex_unlock(&board->lock);
	free(end);
	return text;
}

static char *health_write(void *owner, bool *good)
{
	struct board *board = owner;
	pthread_mutex_lock(&board->lock);
	char *text = board_health(&board->facts, good);
	pthread_mutex_unlock(&board->lock);
	return text;
}

static bool sheet_send(
	struct board *board, struct MHD_Connection *connection, const struct http_sheet *sheet)
{
	pthread_mutex_lock(&board->lock);
	bool sent = http_sheet_send(connection, sheet);
	pthread_mutex_unlock(&board->lock);
	return sent;
}

static bool status_send(void *owner, struct MHD_Connection *connection)
{
	struct board *board = owner;
	return sheet_send(board, connection, &board->status);
}

static bool export_send(void *owner, struct MHD_Connection *connection)
{
	struct board *board = owner;
	return sheet_send(board, connection, &board->export);
}

static const struct http_page pages[] = {
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", .write = metrics_write},
	{"/health", "application/json", .write = health_write},
	{"/api/status", .send = status_send},
	{"/api/export", .send = export_send},
	{.path = NULL},
};

/* --- the monitor's thread --- */

/* Out of memory the old ones hang on. */
static void sheet_change(struct http_sheet *sheet, struct http_sheet *fresh)
{
	if (!fresh->response)
		return;
	const struct http_sheet old = *sheet;
	*sheet = *fresh;
	*fresh = old;
}

void board_post(struct board *board, const struct inventory *inventory, const json_t *report,
	const char *export)
{
	struct http_sheet status = http_sheet_new(report ? json_dumps(report, JSON_COMPACT) : NULL);
	struct http_sheet sheet = http_sheet_new(export && *export ? strdup(export) : NULL);
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
	http_sheet_free(&status);
	http_sheet_free(&sheet);
	free(metrics);
}

struct board *board_new(const struct config_listen *at, char *why, size_t size)
{
	char found[256];
	struct board *board = calloc(1, sizeof(*board));
	if (!board) {
		snprintf(why, size, "out of memory for metrics");
		return NULL;
	}
	pthread_mutex_init(&board->lock, NULL);
	board->facts.started = time(NULL);
	board->fd = listen_page(at, found, sizeof(found));
	if (board->fd < 0) {
		snprintf(why, size, "metrics: %s", found);
		goto fail;
	}
	board->http = http_start(board->fd, pages,
		"There are /metrics, /health, /api/status and /api/export.\n", board);
	if (board->http)
		return board;
	snprintf(why, size, "cannot start the metrics server");
fail:
	board_free(board);
	return NULL;
}

void board_free(struct board *board)
{
	if (!board)
		return;
	http_stop(board->http);
	if (board->fd >= 0)
		close(board->fd);
	http_sheet_free(&board->status);
	http_sheet_free(&board->export);
	free(board->metrics);
	free(board->facts.state);
	pthread_mutex_destroy(&board->lock);
	free(board);
}
