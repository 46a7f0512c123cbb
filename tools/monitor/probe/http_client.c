#include "tools/monitor/probe/http_client.h"

#include "tools/monitor/probe/http_error.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>

enum {
	BUFFER_SIZE = 4096,
	SWITCHING = 101,
	/* tcpi_bytes_received in Linux's struct tcp_info, in units of 8 octets; libc's, which uv.h
	 * brings, ends before it. */
	RECEIVED_AT = 16
};

struct transfers {
	CURLM *multi;
	uv_loop_t *loop;
	uv_timer_t timer;
	transfer_trace *trace; /* NULL: nobody looks on */
	void *trace_owner;
};

struct transfer {
	struct transfers *all;
	CURL *easy;
	const struct transfer_calls *calls;
	void *owner;
	struct curl_slist *headers, *connects; /* of the present ask */
	uint32_t limit_seconds;
	uint64_t most;
	bool running, silent, left, begun; /* begun: the final headers are through */
	size_t head_size;
	char error[CURL_ERROR_SIZE];
	struct transfer_reply reply;
};

/* A socket of libcurl's under watch. */
struct socket_watch {
	uv_poll_t poll;
	struct transfers *all;
	struct transfer *transfer;
	curl_socket_t socket;
};

/* The end of the first certificate, the server's own; 0: none came. */
static int64_t expires_find(CURL *easy)
{
	static const char name[] = "Expire date:";
	struct curl_certinfo *chain = NULL;
	struct tm tm = {0};
	curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain);
	for (const struct curl_slist *line = chain && chain->num_of_certs ? chain->certinfo[0]
									  : NULL;
		line; line = line->next)
		if (strncmp(line->data, name, sizeof(name) - 1) == 0 &&
			strptime(line->data + sizeof(name) - 1, "%b %d %H:%M:%S %Y GMT", &tm))
			return timegm(&tm);
	return 0;
}

static void transfer_ended(struct transfer *transfer, CURLcode code)
{
	struct transfer_reply *reply = &transfer->reply;
	curl_off_t microseconds = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &reply->status);
	curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &microseconds);
	reply->milliseconds = (uint32_t)(microseconds / 1000);
	reply->expires = expires_find(transfer->easy);
	/* libcurl takes a connection that is closed among the headers for their end. */
	bool broken = !code && !transfer->begun;
	reply->end = transfer->left   ? TRANSFER_LEFT
		     : code || broken ? TRANSFER_FAILED
				      : TRANSFER_WHOLE;
	if (broken)
		snprintf(reply->why, sizeof(reply->why),
			"incomplete reply: its headers did not end");
	/* libcurl's words for these are the system's; others may quote the server. */
	bool system = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
		      code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION;
	if (reply->end == TRANSFER_FAILED && !reply->why[0])
		transfer_why(transfer->easy, code, transfer->limit_seconds,
			transfer->silent && !system ? "" : transfer->error, reply->why);
	transfer_stop(transfer);
	transfer->calls->done(transfer->owner, reply);
}

/* Tells owners what has ended; they may start and stop transfers meanwhile. */
static void transfers_reap(struct transfers *transfers)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(transfers->multi, &left))) {
		char *transfer = NULL;
		CURLcode code = message->data.result;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		transfer_ended((struct transfer *)(void *)transfer, code);
	}
}

/* Octets read from a TCP socket since its connect; 0: the kernel does not say. */
static uint64_t octets_read(int socket)
{
	uint64_t info[RECEIVED_AT + 1];
	socklen_t size = sizeof(info);
	int unread = 0;
	if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, info, &size) != 0 || size < sizeof(info) ||
		ioctl(socket, FIONREAD, &unread) != 0)
		return 0;
	/* What came between the two calls is unread, but not among the received. */
	uint64_t received = info[RECEIVED_AT];
	return received > (unsigned)unread ? received - (unsigned)unread : 0;
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
	struct socket_watch *watch = poll->data;
	struct transfers *transfers = watch->all;
	/* Of an error libcurl learns more by trying than by being told. */
	int running, flags = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT
					: (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
						  (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
	/* Some octets of HTTP, like a chunk's extension, no callback ever sees. libcurl reads some
	 * hundred KB in a turn. */
	if (watch->transfer->running && octets_read(watch->socket) > watch->transfer->most) {
		snprintf(watch->transfer->reply.why, TRANSFER_WHY_MAX,
			"more than %" PRIu64 " octets came", watch->transfer->most);
		transfer_ended(watch->transfer, CURLE_RECV_ERROR);
		return;
	}
	/* The watch may be gone after this. */
	curl_multi_socket_action(transfers->multi, watch->socket, flags, &running);
	transfers_reap(transfers);
}

static void handle_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static struct socket_watch *watch_new(struct transfers *transfers, curl_socket_t socket)
{
	struct socket_watch *watch = malloc(sizeof(*watch));
	if (!watch || uv_poll_init_socket(transfers->loop, &watch->poll, socket) != 0) {
		free(watch);
		return NULL;
	}
	watch->poll.data = watch;
	watch->all = transfers;
	watch->transfer = NULL;
	watch->socket = socket;
	curl_multi_assign(transfers->multi, socket, watch);
	return watch;
}

/* A socket that cannot be watched makes its transfer run into its time limit: an error told to
 * libcurl here would end all the others. */
static int socket_changed(CURL *easy, curl_socket_t socket, int what, void *all, void *own)
{
	struct transfers *transfers = all;
	struct socket_watch *watch = own;
	char *transfer = NULL;
	if (what == CURL_POLL_REMOVE) {
		if (watch) {
			uv_poll_stop(&watch->poll);
			uv_close((uv_handle_t *)&watch->poll, handle_closed);
			curl_multi_assign(transfers->multi, socket, NULL);
		}
		return 0;
	}
	if (!watch)
		watch = watch_new(transfers, socket);
	if (watch && curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer) == CURLE_OK)
		watch->transfer = (struct transfer *)(void *)transfer;
	if (watch && watch->transfer)
		uv_poll_start(&watch->poll,
			(what & CURL_POLL_IN ? UV_READABLE : 0) |
				(what & CURL_POLL_OUT ? UV_WRITABLE : 0),
			socket_ready);
	return 0;
}

static void time_out(uv_timer_t *timer)
{
	struct transfers *transfers = timer->data;
	int running;
	curl_multi_socket_action(transfers->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	transfers_reap(transfers);
}

static int timer_changed(CURLM *multi, long milliseconds, void *all)
{
	struct transfers *transfers = all;
	(void)multi;
	if (milliseconds < 0)
		uv_timer_stop(&transfers->timer);
	else
		uv_timer_start(&transfers->timer, time_out, (uint64_t)milliseconds, 0);
	return 0;
}

struct transfers *transfers_new(uv_loop_t *loop, unsigned connections)
{
	struct transfers *transfers = calloc(1, sizeof(*transfers));
	if (!transfers || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(transfers);
		return NULL;
	}
	transfers->multi = curl_multi_init();
	if (!transfers->multi) {
		curl_global_cleanup();
		free(transfers);
		return NULL;
	}
	transfers->loop = loop;
	uv_timer_init(loop, &transfers->timer);
	transfers->timer.data = transfers;
	curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
	curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETDATA, transfers);
	curl_multi_setopt(transfers->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
	curl_multi_setopt(transfers->multi, CURLMOPT_TIMERDATA, transfers);
	curl_multi_setopt(transfers->multi, CURLMOPT_MAXCONNECTS, (long)connections);
	return transfers;
}

void transfers_free(struct transfers *transfers)
{
	if (!transfers)
		return;
	curl_multi_cleanup(transfers->multi);
	curl_global_cleanup();
	uv_close((uv_handle_t *)&transfers->timer, handle_closed);
}

/* Copies a header's value if `line` is that header. */
static void field_copy(const char *line, size_t size, const char *name, char *value)
{
	size_t length = strlen(name);
	if (size <= length || line[length] != ':' || strncasecmp(line, name, length) != 0)
		return;
	const char *from = line + length + 1, *end = line + size;
	while (from < end && (*from == ' ' || *from == '\t'))
		from++;
	while (end > from && strchr(" \t\r\n", end[-1]))
		end--;
	snprintf(value, TRANSFER_FIELD_MAX, "%.*s", (int)(end - from), from);
}

/* One line of the headers; another count than `count` ends the transfer. */
static size_t header_came(char *line, size_t one, size_t count, void *own)
{
	struct transfer *transfer = own;
	struct transfer_reply *reply = &transfer->reply;
	long status = 0;
	(void)one;
	transfer->head_size += count;
	if (transfer->head_size > TRANSFER_HEAD_MAX) {
		snprintf(reply->why, sizeof(reply->why), "more than %d octets of headers",
			TRANSFER_HEAD_MAX);
		return 0;
	}
	if (transfer->begun) /* trailers */
		return count;
	field_copy(line, count, "Date", reply->date);
	field_copy(line, count, "Last-Modified", reply->modified);
	field_copy(line, count, "Location", reply->location);
	if (line[0] != '\r' && line[0] != '\n')
		return count;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 && status != SWITCHING) /* RFC 9110 15.2: another reply follows */
		return count;
	transfer->begun = true;
	transfer->left = !transfer->calls->head(transfer->owner, status) || !transfer->calls->take;
	return transfer->left ? 0 : count;
}

static size_t body_came(char *octets, size_t one, size_t count, void *own)
{
	struct transfer *transfer = own;
	(void)one;
	if (transfer->calls->take(transfer->owner, octets, count))
		return count;
	transfer->left = true;
	return 0;
}

void transfers_trace(struct transfers *transfers, transfer_trace *trace, void *owner)
{
	transfers->trace = trace;
	transfers->trace_owner = owner;
}

/* libcurl says some things in words alone. */
static int debug_told(CURL *easy, curl_infotype kind, char *text, size_t size, void *all)
{
	static const char connected[] = "Connected to ", secured[] = "SSL connection using ";
	const struct transfers *transfers = all;
	size_t lead = 0;
	(void)easy;
	enum trace_kind told = kind == CURLINFO_HEADER_OUT ? TRACE_SENT : TRACE_CAME;
	if (kind == CURLINFO_TEXT && strncmp(text, connected, sizeof(connected) - 1) == 0) {
		told = TRACE_CONNECTED;
	} else if (kind == CURLINFO_TEXT && strncmp(text, secured, sizeof(secured) - 1) == 0) {
		told = TRACE_SECURED;
		lead = sizeof(secured) - 1;
	} else if (kind != CURLINFO_HEADER_OUT && kind != CURLINFO_HEADER_IN) {
		return 0;
	}
	transfers->trace(transfers->trace_owner, told, text + lead, size - lead);
	return 0;
}

struct transfer *transfer_new(
	struct transfers *transfers, const struct transfer_calls *calls, void *owner)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));
	CURL *easy = transfer ? curl_easy_init() : NULL;
	if (!easy) {
		free(transfer);
		return NULL;
	}
	transfer->all = transfers;
	transfer->easy = easy;
	transfer->calls = calls;
	transfer->owner = owner;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_came);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_came);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "ClamAV-MirrorCheck/" MIRRORNS_VERSION);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* never waits for a resolver's thread */
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
	if (transfers->trace) {
		curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, debug_told);
		curl_easy_setopt(easy, CURLOPT_DEBUGDATA, transfers);
		curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	}
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	/* A session that is taken up again would show no certificate. */
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	if (getenv("SSL_CERT_FILE"))
		curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
	return transfer;
}

static bool transfer_set(struct transfer *transfer, const struct transfer_ask *ask)
{
	CURL *easy = transfer->easy;
	char host[TRANSFER_HOST_MAX + sizeof("Host: ")], connect[TRANSFER_FIELD_MAX];
	if (ask->host) {
		snprintf(host, sizeof(host), "Host: %s", ask->host);
		transfer->headers = curl_slist_append(NULL, host);
	}
	if (ask->connect) {
		snprintf(connect, sizeof(connect), "::%s", ask->connect);
		transfer->connects = curl_slist_append(NULL, connect);
	}
	if ((ask->host && !transfer->headers) || (ask->connect && !transfer->connects))
		return false;
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer->connects);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)ask->fresh);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	curl_easy_setopt(easy, CURLOPT_RANGE, ask->range);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, ask->secure ? "http,https" : "http");
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, (long)ask->last);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
		(long)(ask->left_milliseconds ? ask->left_milliseconds : 1));
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(ask->left_milliseconds ? ask->left_milliseconds : 1));
	return curl_easy_setopt(easy, CURLOPT_URL, ask->url) == CURLE_OK;
}

bool transfer_start(struct transfer *transfer, const struct transfer_ask *ask)
{
	transfer_stop(transfer);
	memset(&transfer->reply, 0, sizeof(transfer->reply));
	transfer->error[0] = '\0';
	transfer->left = transfer->begun = false;
	transfer->head_size = 0;
	transfer->limit_seconds = ask->limit_seconds;
	transfer->most = ask->most;
	transfer->silent = ask->silent;
	transfer->running = transfer_set(transfer, ask) &&
			    curl_multi_add_handle(transfer->all->multi, transfer->easy) == CURLM_OK;
	if (!transfer->running)
		transfer_stop(transfer);
	return transfer->running;
}

void transfer_stop(struct transfer *transfer)
{
	if (transfer->running)
		curl_multi_remove_handle(transfer->all->multi, transfer->easy);
	transfer->running = false;
	curl_slist_free_all(transfer->headers);
	curl_slist_free_all(transfer->connects);
	transfer->headers = transfer->connects = NULL;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	transfer_stop(transfer);
	curl_easy_cleanup(transfer->easy);
	free(transfer);
}
