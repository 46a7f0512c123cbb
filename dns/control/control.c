#include "dns/control/control.h"

#include "dns/base/json.h"
#include "dns/base/log.h"
#include "dns/query/counters.h"

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
	UNSENT_MAX =
		64 << 10, /* octets of a reply: who leaves more of it unread is the first to go */
	STOP_MS = 500, /* that a verb under way has to reply in, once the server ends */
};

/* RUNNING is the verb's: without a limit of time, as a reload takes what it takes. */
enum state { ASKING, WAITING, RUNNING, REPLYING, CLOSING };

/* One connection. */
struct control_request {
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_write_t write;
	struct control *control;
	TAILQ_ENTRY(control_request) by_coming;
	struct ucred peer;
	enum state state;
	uint64_t left_ms; /* of its time: CONTROL_SECONDS for asking and taking together */
	unsigned handles; /* that are not closed yet */
	char *in;
	size_t in_size, in_room;
	json_t *arguments;
	const char *change; /* the verb, if it is one that changes something; else NULL */
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

static void request_close(struct control_request *request)
{
	if (request->state == CLOSING)
		return;
	request->state = CLOSING;
	TAILQ_REMOVE(&request->control->requests, request, by_coming);
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

/* A change is on record with what became of it; `why` NULL: it was accepted. */
static void change_say(const struct control_request *request, const json_t *result, const char *why)
{
	const json_t *arguments = request->arguments;
	const struct ucred *peer = &request->peer;
	const char *outcome = why ? "refused" : "accepted", *reason = why ? why : "none";
	const char *force = field_true(arguments, "force") ? "yes" : "no";
	if (!request->change)
		return;
	if (!json_is_string(json_object_get(arguments, "glob")))
		log_line(LOG_LEVEL_NOTICE,
			"Command %s verb=%s force=%s uid=%ld gid=%ld pid=%ld reason=%s", outcome,
			request->change, force, (long)peer->uid, (long)peer->gid, (long)peer->pid,
			reason);
	else
		log_line(LOG_LEVEL_NOTICE,
			"Command %s verb=%s glob=%.256s for_seconds=%lld why=%.256s force=%s "
			"addresses=%lld uid=%ld gid=%ld pid=%ld reason=%s",
			outcome, request->change, field_text(arguments, "glob"),
			(long long)field_number(arguments, "for_seconds"),
			field_text(arguments, "why"), force,
			(long long)field_number(result, "addresses"), (long)peer->uid,
			(long)peer->gid, (long)peer->pid, reason);
}

void control_reply(
	struct control_request *request, enum exit_status status, json_t *result, const char *why)
{
	json_t *reply = json_pack("{s:i}", "exit", (int)status);
	change_say(request, result, why);
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
	change_say(request, NULL, NULL);
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
	return request->control->place.owner;
}

const struct ucred *control_peer(const struct control_request *request)
{
	return &request->peer;
}

static void verb_run(struct control_request *request)
{
	const char *name = json_string_value(json_object_get(request->arguments, "verb"));
	const struct control_verb *verb = request->control->place.verbs;
	char why[128];
	while (name && verb->name && strcmp(verb->name, name) != 0)
		verb++;
	if (!name || !verb->name) {
		snprintf(why, sizeof(why), "%s%.*s%s", name ? "unknown verb \"" : "", VERB_MAX,
			name ? name : "the request has no verb", name ? "\"" : "");
		control_reply(request, STATUS_WRONG, NULL, why);
		return;
	}
	request->change = verb->changes ? verb->name : NULL;
	verb->run(request);
}

/* One verb a turn of the loop: who waits may still give way, and no client waits for one that
 * asks again and again. Root's come first. */
static void turn_begun(uv_idle_t *turn)
{
	const struct control *control = turn->data;
	struct control_request *i, *next = NULL;
	TAILQ_FOREACH_REVERSE(i, &control->requests, control_requests, by_coming)
	if (i->state == WAITING && (!next || i->peer.uid == 0 || next->peer.uid != 0))
		next = i;
	if (!next) {
		uv_idle_stop(turn);
		return;
	}
	next->state = RUNNING;
	if (json_is_object(next->arguments))
		verb_run(next);
	else
		control_reply(
			next, STATUS_WRONG, NULL, "the request is not a JSON object on one line");
}

/* A whole line, or all that comes. */
static void request_take(struct control_request *request, size_t size)
{
	json_error_t error;
	uv_read_stop((uv_stream_t *)&request->pipe);
	request->left_ms = uv_timer_get_due_in(&request->timer) + 1;
	uv_timer_stop(&request->timer);
	request->state = WAITING;
	request->arguments = json_loadb(request->in, size, JSON_REJECT_DUPLICATES, &error);
	uv_idle_start(&request->control->turn, turn_begun);
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

/* Those that a bound holds together, each a part of the next but for root. */
enum crowd { CROWD_UID, CROWD_OTHERS, CROWD_ALL, CROWDS };

static const unsigned crowd_max[CROWDS] = {
	[CROWD_UID] = CONTROL_UID_MAX,
	[CROWD_OTHERS] = CONTROL_CLIENTS_MAX - CONTROL_ROOT_OWN,
	[CROWD_ALL] = CONTROL_CLIENTS_MAX,
};

static bool crowd_has(enum crowd crowd, const struct control_request *request, uid_t uid)
{
	return crowd == CROWD_ALL || (crowd == CROWD_OTHERS && request->peer.uid != 0) ||
	       (crowd == CROWD_UID && request->peer.uid == uid);
}

static unsigned crowd_count(const struct control *control, enum crowd crowd, uid_t uid)
{
	unsigned count = 0;
	const struct control_request *i;
	TAILQ_FOREACH(i, &control->requests, by_coming)
	count += crowd_has(crowd, i, uid);
	return count;
}

/* Who goes first: a large reply that is not taken; else the oldest of the user that has most. A
 * verb under way is done all the same, and its client stays. NULL: none may go. */
static struct control_request *leaver_find(
	const struct control *control, enum crowd crowd, const struct control_request *newcomer)
{
	struct control_request *i, *leaver = NULL;
	size_t most = 0;
	TAILQ_FOREACH(i, &control->requests, by_coming)
	{
		uv_stream_t *stream = (uv_stream_t *)&i->pipe;
		size_t weight = uv_stream_get_write_queue_size(stream) > UNSENT_MAX
					? SIZE_MAX
					: crowd_count(control, CROWD_UID, i->peer.uid);
		if (i == newcomer || i->state == RUNNING || weight <= most ||
			!crowd_has(crowd, i, newcomer ? newcomer->peer.uid : 0))
			continue;
		leaver = i;
		most = weight;
	}
	return leaver;
}

static bool crowd_close(
	struct control *control, enum crowd crowd, const struct control_request *newcomer)
{
	struct control_request *leaver = leaver_find(control, crowd, newcomer);
	if (leaver) {
		request_close(leaver);
		counter_add(control->place.closed, 1);
	}
	return leaver;
}

/* False: all who could go have asked, and wait for the answer. */
static bool room_make(const struct control_request *newcomer)
{
	struct control *control = newcomer->control;
	for (enum crowd crowd = 0; crowd < CROWDS; crowd++)
		if (crowd_count(control, crowd, newcomer->peer.uid) > crowd_max[crowd] &&
			!crowd_close(control, crowd, newcomer))
			return false;
	return true;
}

/* Whose room it is shows once it is here: room_make. */
static enum accept_room listener_room(struct acceptor *acceptor, bool make)
{
	(void)acceptor;
	(void)make;
	return ACCEPT_FREE;
}

static void listener_take(
	struct acceptor *acceptor, int fd, const struct sockaddr_storage *nameless)
{
	struct control *control = acceptor->data;
	struct control_request *request = calloc(1, sizeof(*request));
	socklen_t size = sizeof(request->peer);
	(void)nameless;
	if (!request || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &request->peer, &size) != 0 ||
		uv_pipe_init(control->place.loop, &request->pipe, 0) != 0) {
		free(request);
		close(fd);
		return;
	}
	uv_timer_init(control->place.loop, &request->timer); /* cannot fail */
	request->pipe.data = request->timer.data = request;
	request->handles = 2;
	request->control = control;
	request->left_ms = CONTROL_SECONDS * 1000;
	TAILQ_INSERT_TAIL(&control->requests, request, by_coming);
	if (uv_pipe_open(&request->pipe, fd) != 0) {
		close(fd);
		request_close(request);
	} else if (!room_make(request)) {
		counter_add(control->place.closed, 1);
		control_reply(request, STATUS_FAILED, NULL,
			"the server has too many requests in progress, try again later");
	} else {
		uv_timer_start(&request->timer, time_is_up, request->left_ms, 0);
		uv_read_start((uv_stream_t *)&request->pipe, in_alloc, in_read);
	}
}

static void listener_none(struct acceptor *acceptor, enum accept_none why)
{
	struct control *control = acceptor->data;
	if (why == ACCEPT_SCARCE)
		counter_add(control->place.closed, 1);
}

static bool listener_yield(struct acceptor *acceptor)
{
	return crowd_close(acceptor->data, CROWD_ALL, NULL);
}

bool control_start(struct control *control, int fd, const struct control_place *place)
{
	static const struct acceptor_owner owner = {
		listener_room, listener_take, listener_none, listener_yield};
	*control = (struct control){.place = *place};
	TAILQ_INIT(&control->requests);
	if (acceptor_init(&control->acceptor, place->loop, fd, ACCEPT_RESERVE_CONTROL) != 0) {
		close(fd);
		return false;
	}
	uv_idle_init(place->loop, &control->turn); /* cannot fail */
	control->turn.data = control;
	control->open = true;
	control->acceptor.owner = &owner;
	control->acceptor.data = control;
	return acceptor_start(&control->acceptor, BACKLOG) == 0;
}

int control_listener(const struct control *control)
{
	return control->open ? control->acceptor.fd : -1;
}

void control_stop(struct control *control)
{
	if (!control->open)
		return;
	control->open = false;
	acceptor_close(&control->acceptor);
	uv_close((uv_handle_t *)&control->turn, NULL);
	struct control_request *request = TAILQ_FIRST(&control->requests), *next;
	for (; request; request = next) {
		next = TAILQ_NEXT(request, by_coming);
		request->left_ms = STOP_MS;
		if (request->state != RUNNING)
			request_close(request);
	}
}
