#include "tools/ctl/client.h"

#include "dns/base/clock.h"
#include "dns/base/why.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* One exchange under way. */
struct exchange {
	const char *path;
	unsigned seconds;
	uint64_t end; /* by clock_ms */
	int socket;
	char *text;
	size_t size, room;
	struct reply *reply;
	char *why; /* its own */
};

static bool fail_connect(const struct exchange *exchange, int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return why_write(exchange->why, REPLY_WHY_MAX,
			"no server is listening on %s (%s): "
			"start mirrorns, or give its socket with -s; explain, pools and diff work without a server: --config FILE",
			exchange->path, strerror(error));
	case EACCES:
	case EPERM:
		exchange->reply->denied = true;
		return why_write(exchange->why, REPLY_WHY_MAX,
			"%s: permission denied (%s): "
			"run as root or join the group set with control-group",
			exchange->path, strerror(error));
	case EAGAIN:
	case EINPROGRESS:
		return why_write(exchange->why, REPLY_WHY_MAX,
			"%s: timed out connecting after %u s: see the log of the server",
			exchange->path, exchange->seconds);
	}
	return why_write(exchange->why, REPLY_WHY_MAX, "cannot connect to %s: %s", exchange->path,
		strerror(error));
}

static bool exchange_connect(struct exchange *exchange)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = exchange->seconds};
	if (strlen(exchange->path) >= sizeof(address.sun_path) || !*exchange->path) {
		exchange->reply->status = STATUS_WRONG;
		return why_write(exchange->why, REPLY_WHY_MAX,
			"\"%s\" is not a valid socket path: expected 1 to %zu octets",
			exchange->path, sizeof(address.sun_path) - 1);
	}
	memcpy(address.sun_path, exchange->path, strlen(exchange->path));
	exchange->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (exchange->socket < 0)
		return why_write(exchange->why, REPLY_WHY_MAX, "cannot create a socket: %s",
			strerror(errno));
	setsockopt(exchange->socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return connect(exchange->socket, (struct sockaddr *)&address, sizeof(address)) == 0 ||
	       fail_connect(exchange, errno);
}

/* Waits until the socket may be read or written. */
static bool exchange_wait(struct exchange *exchange, short events)
{
	for (;;) {
		struct pollfd fd = {.fd = exchange->socket, .events = events};
		long long left = (long long)(exchange->end - clock_ms());
		int ready = left > 0 ? poll(&fd, 1, (int)left) : 0;
		if (ready > 0)
			return true;
		if (ready == 0)
			return why_write(exchange->why, REPLY_WHY_MAX,
				"no reply within %u s from the server at %s: see its log",
				exchange->seconds, exchange->path);
		if (errno != EINTR)
			return why_write(exchange->why, REPLY_WHY_MAX, "poll: %s", strerror(errno));
	}
}

static bool exchange_send(struct exchange *exchange, const char *text, size_t size)
{
	while (size > 0) {
		if (!exchange_wait(exchange, POLLOUT))
			return false;
		ssize_t sent = send(exchange->socket, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (sent < 0) /* it may have said why before it closed */
			return errno == EPIPE || errno == ECONNRESET ||
			       why_write(exchange->why, REPLY_WHY_MAX, "cannot write to %s: %s",
				       exchange->path, strerror(errno));
		text += sent;
		size -= (size_t)sent;
	}
	return true;
}

static bool exchange_room(struct exchange *exchange)
{
	if (exchange->size < exchange->room)
		return true;
	if (exchange->room == CLIENT_REPLY_MAX)
		return why_write(exchange->why, REPLY_WHY_MAX,
			"the reply of the server at %s is longer than %d MiB", exchange->path,
			CLIENT_REPLY_MAX >> 20);
	size_t room = exchange->room ? 4 * exchange->room : 65536;
	if (room > CLIENT_REPLY_MAX)
		room = CLIENT_REPLY_MAX;
	char *text = realloc(exchange->text, room);
	if (!text)
		return why_write(exchange->why, REPLY_WHY_MAX, "out of memory for the reply");
	exchange->text = text;
	exchange->room = room;
	return true;
}

/* Up to the first newline. */
static bool exchange_receive(struct exchange *exchange)
{
	for (;;) {
		if (!exchange_room(exchange) || !exchange_wait(exchange, POLLIN))
			return false;
		char *at = exchange->text + exchange->size;
		ssize_t got =
			recv(exchange->socket, at, exchange->room - exchange->size, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return why_write(exchange->why, REPLY_WHY_MAX,
				"the server at %s closed the connection %s: see its log",
				exchange->path,
				exchange->size ? "in the middle of its reply" : "without a reply");
		const char *end = memchr(at, '\n', (size_t)got);
		exchange->size += (size_t)got;
		if (!end)
			continue;
		exchange->size = (size_t)(end - exchange->text);
		return true;
	}
}

static bool reply_parse(const struct exchange *exchange)
{
	json_error_t error;
	struct reply *reply = exchange->reply;
	json_t *root = json_loadb(exchange->text, exchange->size, JSON_REJECT_DUPLICATES, &error);
	json_t *status = json_object_get(root, "exit"), *why = json_object_get(root, "why");
	json_int_t value = json_integer_value(status);
	if (!json_is_integer(status) || value < STATUS_GOOD || value > STATUS_WRONG ||
		(why && !json_is_string(why)) ||
		(value != STATUS_GOOD && !why && !json_object_get(root, "result"))) {
		json_decref(root);
		return why_write(reply->why, REPLY_WHY_MAX,
			"the server at %s sent a reply that is not understood: "
			"is it mirrorns " MIRRORNS_VERSION "?",
			exchange->path);
	}
	reply->status = (int)value;
	snprintf(reply->why, sizeof(reply->why), "%s", why ? json_string_value(why) : "");
	reply->result = json_incref(json_object_get(root, "result"));
	json_decref(root);
	return true;
}

void client_ask(const char *path, const json_t *request, unsigned seconds, struct reply *reply)
{
	struct exchange exchange = {.path = path,
		.seconds = seconds,
		.end = clock_ms() + 1000ULL * seconds,
		.socket = -1,
		.reply = reply,
		.why = reply->why};
	char *line = json_dumps(request, JSON_COMPACT);
	size_t size = line ? strlen(line) : 0;
	*reply = (struct reply){.status = STATUS_FAILED};
	if (!line) {
		why_write(reply->why, REPLY_WHY_MAX, "out of memory for the request");
	} else if (size + 1 > CLIENT_REQUEST_MAX) {
		reply->status = STATUS_WRONG;
		why_write(reply->why, REPLY_WHY_MAX, "the command line is longer than %d octets",
			CLIENT_REQUEST_MAX);
	} else if (exchange_connect(&exchange)) {
		line[size] = '\n'; /* in the place of its NUL */
		if (exchange_send(&exchange, line, size + 1) && exchange_receive(&exchange))
			reply_parse(&exchange);
	}
	if (exchange.socket >= 0)
		close(exchange.socket);
	free(exchange.text);
	free(line);
}
