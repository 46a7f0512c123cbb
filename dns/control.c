#include "dns/control.h"

#include "dns/log.h"
#include "dns/plain.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BACKLOG = 64,
	ROOM = 1024, /* octets of a request at first; four times as many when they are full */
	VERB_MAX = 32, /* octets of an unknown verb that the reply repeats */
	STOP_MS = 500, /* that a verb under way has to reply in, once the server ends */
};

/* RUNNING is the verb's: without a limit of time, as a reload takes what it takes. */
enum state { ASKING, RUNNING, REPLYING, CLOSING };

/* One connection. */
struct control_request {
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_write_t write;
	struct control *control;
	struct control_request *older, *newer; /* in the order of their coming */
	struct ucred peer;
	enum state state;
	uint64_t left_ms; /* of its time: CONTROL_SECONDS for asking and taking together */
	unsigned handles; /* that are not closed yet */
	char *in;
	size_t in_size, in_room;
	json_t *arguments;
	char *out;
};

/* libuv has both handles until it says so: the last one frees the request. */
static void handle_closed(uv_handle_t *handle)
{
	struct control_request *request = handle->data;
	if (--request->handles)
		return;
	json_decref(request->arguments);
	free(request->in);
	free(request->out);
	free(request);
}

static void list_push(struct control_request *request)
{
	struct control *control = request->control;
	request->older = control->newest;
	*(control->newest ? &control->newest->newer : &control->oldest) = request;
	control->newest = request;
	control->count++;
}

static void list_remove(struct control_request *request)
{
	struct control *control = request->control;
	*(request->newer ? &request->newer->older : &control->newest) = request->older;
	*(request->older ? &request->older->newer : &control->oldest) = request->newer;
	control->count--;
}

static void request_close(struct control_request *request)
{
	if (request->state == CLOSING)
		return;
	request->state = CLOSING;
	list_remove(request);
	uv_close((uv_handle_t *)&request->pipe, handle_closed);
	uv_close((uv_handle_t *)&request->timer, handle_closed);
}

static void time_is_up(uv_timer_t *timer)
{
	request_close(timer->data);
}

static void replied(uv_write_t *write, int status)
{
	(void)status;
	request_close(write->data);
}

/* Takes over `reply`. */
static void reply_send(struct control_request *request, json_t *reply)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;
	json_decref(reply);
	size_t size = text ? strlen(text) : 0;
	request->state = REPLYING;
	request->out = text ? realloc(text, size + 2) : NULL;
	if (!request->out) {
		free(text);
		request_close(request);
		return;
	}
	request->out[size] = '\n';
	uv_buf_t buffer = uv_buf_init(request->out, (unsigned)size + 1);
	request->write.data = request;
	uv_timer_start(&request->timer, time_is_up, request->left_ms, 0);
	if (uv_write(&request->write, (uv_stream_t *)&request->pipe, &buffer, 1, replied) != 0)
		request_close(request);
}

void control_reply(
	struct control_request *request, enum control_exit status, json_t *result, const char *why)
{
	json_t *reply = json_pack("{s:i}", "exit", (int)status);
	if (why && reply)
		json_object_set_new(reply, "why", plain_json(why));
	if (result && reply)
		json_object_set(reply, "result", result);
	json_decref(result);
	reply_send(request, reply);
}

int control_detach(struct control_request *request)
{
	uv_os_fd_t fd;
	int own = uv_fileno((uv_handle_t *)&request->pipe, &fd) == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0)
								     : -1;
	request_close(request);
	return own;
}

const json_t *control_arguments(const struct control_request *request)
{
	return request->arguments;
}

void *control_owner(const struct control_request *request)
{
	return request->control->owner;
}

const struct ucred *control_peer(const struct control_request *request)
{
	return &request->peer;
}

/* Before it is done, so that a change is on record whatever becomes of it. */
static void change_say(const struct control_request *request, const char *verb)
{
	const char *glob = json_string_value(json_object_get(request->arguments, "glob"));
	bool force = json_is_true(json_object_get(request->arguments, "force"));
	log_line(LOG_LEVEL_NOTICE,
		"A change was asked for on the control socket verb=%s glob=%.256s force=%s "
		"uid=%ld gid=%ld pid=%ld",
		verb, glob ? glob : "", force ? "yes" : "no", (long)request->peer.uid,
		(long)request->peer.gid, (long)request->peer.pid);
}

static void verb_run(struct control_request *request)
{
	const char *name = json_string_value(json_object_get(request->arguments, "verb"));
	const struct control_verb *verb = request->control->verbs;
	char why[128];
	while (name && verb->name && strcmp(verb->name, name) != 0)
		verb++;
	if (!name || !verb->name) {
		snprintf(why, sizeof(why), "%s%.*s%s", name ? "there is no verb \"" : "", VERB_MAX,
			name ? name : "the request names no verb", name ? "\"" : "");
		control_reply(request, CONTROL_WRONG, NULL, why);
		return;
	}
	if (verb->changes)
		change_say(request, name);
	verb->run(request);
}

/* A whole line, or all that comes. */
static void request_take(struct control_request *request, size_t size)
{
	json_error_t error;
	uv_read_stop((uv_stream_t *)&request->pipe);
	request->left_ms = uv_timer_get_due_in(&request->timer) + 1;
	uv_timer_stop(&request->timer);
	request->state = RUNNING;
	request->arguments = json_loadb(request->in, size, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(request->arguments))
		verb_run(request);
	else
		control_reply(request, CONTROL_WRONG, NULL,
			"the request is not one JSON object on one line");
}

static void in_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct control_request *request = handle->data;
	(void)suggested;
	if (request->in_size == request->in_room && request->in_room < CONTROL_REQUEST_MAX) {
		size_t room = request->in_room ? 4 * request->in_room : ROOM;
		char *grown = realloc(request->in, room);
		if (grown) {
			request->in = grown;
			request->in_room = room;
		}
	}
	*buffer = uv_buf_init(request->in + request->in_size,
		(unsigned)(request->in_room - request->in_size)); /* none left: UV_ENOBUFS */
}

static void in_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct control_request *request = stream->data;
	(void)buffer;
	if (count == 0)
		return;
	if (count < 0 && count != UV_EOF && count != UV_ENOBUFS) {
		request_close(request);
		return;
	}
	char *end = count > 0 ? memchr(request->in + request->in_size, '\n', (size_t)count) : NULL;
	request->in_size += count > 0 ? (size_t)count : 0;
	if (end)
		request_take(request, (size_t)(end - request->in));
	else if (count == UV_EOF && !request->in_size)
		request_close(request);
	else if (count == UV_EOF || request->in_size >= CONTROL_REQUEST_MAX || count == UV_ENOBUFS)
		request_take(request, 0); /* no line: of no use, which the reply says */
}

/* Room for one more: whoever has been asking for longest goes. False: all have asked and wait for the answer. */
static bool room_make(struct control *control)
{
	struct control_request *request = control->oldest;
	if (control->count <= CONTROL_CLIENTS_MAX)
		return true;
	while (request && request->state != ASKING)
		request = request->newer;
	if (!request || request == control->newest)
		return false;
	request_close(request);
	return true;
}

static void connected(uv_stream_t *listener, int status)
{
	struct control *control = listener->data;
	struct control_request *request = status == 0 ? calloc(1, sizeof(*request)) : NULL;
	if (!request || uv_pipe_init(control->loop, &request->pipe, 0) != 0) {
		free(request);
		return;
	}
	uv_timer_init(control->loop, &request->timer); /* cannot fail */
	request->pipe.data = request->timer.data = request;
	request->handles = 2;
	request->control = control;
	request->left_ms = CONTROL_SECONDS * 1000;
	list_push(request);
	uv_os_fd_t fd;
	socklen_t size = sizeof(request->peer);
	if (uv_accept(listener, (uv_stream_t *)&request->pipe) != 0 ||
		uv_fileno((uv_handle_t *)&request->pipe, &fd) != 0 ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &request->peer, &size) != 0) {
		request_close(request);
	} else if (!room_make(control)) {
		control_reply(request, CONTROL_FAILED, NULL,
			"the server has too many requests under way, ask again later");
	} else {
		uv_timer_start(&request->timer, time_is_up, request->left_ms, 0);
		uv_read_start((uv_stream_t *)&request->pipe, in_alloc, in_read);
	}
}

bool control_start(struct control *control, uv_loop_t *loop, int fd,
	const struct control_verb *verbs, void *owner)
{
	*control = (struct control){.loop = loop, .verbs = verbs, .owner = owner};
	if (uv_pipe_init(loop, &control->listener, 0) != 0) {
		close(fd);
		return false;
	}
	control->open = true;
	control->listener.data = control;
	if (uv_pipe_open(&control->listener, fd) != 0) {
		close(fd);
		return false;
	}
	return uv_listen((uv_stream_t *)&control->listener, BACKLOG, connected) == 0;
}

int control_listener(const struct control *control)
{
	uv_os_fd_t fd;
	if (!control->open || uv_fileno((const uv_handle_t *)&control->listener, &fd) != 0)
		return -1;
	return fd;
}

void control_stop(struct control *control)
{
	if (!control->open)
		return;
	control->open = false;
	uv_close((uv_handle_t *)&control->listener, NULL);
	for (struct control_request *request = control->oldest, *next; request; request = next) {
		next = request->newer;
		request->left_ms = STOP_MS;
		if (request->state != RUNNING)
			request_close(request);
	}
}
