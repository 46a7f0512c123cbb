#include "dns/control/takeover_server.h"

#include "dns/base/log.h"
#include "dns/control/takeover.h"
#include "dns/load/drain_file.h"
#include "dns/stats/totals_json.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHECK_MS = 20, CHECKS_MAX = 400 }; /* within the other one's patience */

static struct worker_shared *workers_of(const struct takeover_server *give)
{
	return give->reload->workers;
}

static void poll_closed(uv_handle_t *handle)
{
	struct takeover_server *give = handle->data;
	give->polled = false;
}

static void connection_close(struct takeover_server *give)
{
	if (give->fd < 0)
		return;
	uv_poll_stop(&give->poll);
	uv_close((uv_handle_t *)&give->poll, poll_closed);
	uv_timer_stop(&give->timer);
	close(give->fd);
	give->fd = -1;
}

/* Something was forced since: the other one would judge it by what was before. */
static bool was_forced(const struct takeover_server *give)
{
	const struct reload *reload = give->reload;
	return reload->forced != give->forced || (reload->busy && reload->build.force);
}

/* This one goes on. */
static void takeover_abort(struct takeover_server *give, const char *why)
{
	struct worker_shared *workers = workers_of(give);
	for (unsigned i = 0; give->pausing && i < workers->count; i++)
		worker_tell(&workers->workers[i], WORKER_SERVE);
	give->pausing = give->state_sent = false;
	connection_close(give);
	log_line(LOG_LEVEL_WARNING, "Takeover aborted, this server keeps running: %s", why);
}

static void time_is_up(uv_timer_t *timer)
{
	takeover_abort(timer->data, "the new server timed out");
}

/* --- sockets --- */

/* The control and the metrics socket, then column by column the workers' UDP sockets: in the order
 * in which they were bound; then TCP's. *count of them; NULL: no memory. */
static int *descriptors_collect(const struct takeover_server *give, size_t *count)
{
	const struct worker_shared *workers = workers_of(give);
	size_t columns = udp_count(workers->workers[0].udp), at = 0;
	int *fds = calloc(2 + 2 * columns * workers->count, sizeof(*fds));
	if (!fds)
		return NULL;
	fds[at] = control_listener(give->control);
	at += fds[at] >= 0;
	fds[at] = give->metrics;
	at += fds[at] >= 0;
	for (size_t i = 0; i < columns; i++)
		for (unsigned w = 0; w < workers->count; w++) {
			fds[at] = udp_descriptor(workers->workers[w].udp, i);
			at += fds[at] >= 0;
		}
	size_t last = at;
	for (unsigned w = 0; w < workers->count; w++)
		last += tcp_descriptors(workers->workers[w].tcp, fds + last);
	for (size_t i = at; i < last; i++)
		if (fds[i] >= 0)
			fds[at++] = fds[i];
	*count = at;
	return fds;
}

static bool offer_send(struct takeover_server *give)
{
	size_t count = 0;
	int *fds = descriptors_collect(give, &count);
	json_t *offer = json_pack("{s:i, s:{s:I, s:b, s:b}}", "exit", 0, "result", "sockets",
		(json_int_t)(fds ? count : 0), "control", control_listener(give->control) >= 0,
		"metrics", give->metrics >= 0);
	char *text = offer ? json_dumps(offer, JSON_COMPACT) : NULL;
	bool good = fds && text && file_octets_write(give->fd, text, strlen(text)) &&
		    file_octets_write(give->fd, "\n", 1) && descriptors_send(give->fd, fds, count);
	json_decref(offer);
	free(text);
	free(fds);
	return good;
}

/* --- state --- */

static bool turns_send(const struct takeover_server *give, const struct takeover_head *head)
{
	const struct snapshot *snapshot = give->reload->current;
	uint64_t *keys = calloc(head->turns + 1, sizeof(*keys));
	uint32_t *nexts = calloc(head->turns + 1, sizeof(*nexts));
	bool good = keys && nexts;
	for (uint32_t i = 0; good && i < head->turns; i++)
		keys[i] = snapshot->turns[i].key;
	good = good && file_octets_write(give->fd, keys, head->turns * sizeof(*keys));
	for (unsigned w = 0; good && w < head->workers; w++) {
		const struct serving *serving = &workers_of(give)->workers[w].serving;
		for (uint32_t i = 0; i < head->turns; i++)
			nexts[i] = serving->snapshot == snapshot ? serving->turns[i].next
								 : WORKER_TURN_NEW;
		good = file_octets_write(give->fd, nexts, head->turns * sizeof(*nexts));
	}
	free(keys);
	free(nexts);
	return good;
}

static bool state_send(const struct takeover_server *give)
{
	struct takeover_head head = {.turns = (uint32_t)give->reload->current->turn_count,
		.workers = workers_of(give)->count};
	json_t *state = json_pack("{s:o, s:o, s:I}", "counters", totals_json(give->reload->totals),
		"drains", drains_json(refcount_get(give->reload->drains)), "reloaded",
		(json_int_t)give->reload->last.when);
	char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
	if (text && strlen(text) > TAKEOVER_STATE_MAX) { /* counters begin anew, drains do not */
		free(text);
		json_object_del(state, "counters");
		text = json_dumps(state, JSON_COMPACT);
	}
	json_decref(state);
	if ((uint64_t)head.turns * head.workers > TAKEOVER_TURNS_MAX)
		head.turns = 0; /* they begin anew */
	head.state = text ? (uint32_t)strlen(text) : 0;
	bool good = text && file_octets_write(give->fd, &head, sizeof(head)) &&
		    file_octets_write(give->fd, text, head.state) && turns_send(give, &head);
	free(text);
	return good;
}

/* Another worker stands still; all do: now the turns are what they are. */
static void on_worker_paused(uv_async_t *async)
{
	struct takeover_server *give = async->data;
	struct worker_shared *workers = workers_of(give);
	if (give->fd < 0 || !give->pausing || give->state_sent)
		return;
	for (unsigned i = 0; i < workers->count; i++)
		if (!atomic_load(&workers->workers[i].paused))
			return;
	give->state_sent = state_send(give);
	if (!give->state_sent)
		takeover_abort(give, "the state could not be sent");
}

static void on_message(uv_poll_t *poll, int status, int events)
{
	struct takeover_server *give = poll->data;
	struct worker_shared *workers = workers_of(give);
	char message = 0;
	(void)events;
	if (status < 0 || recv(give->fd, &message, 1, MSG_DONTWAIT) != 1) {
		takeover_abort(give, "the new server closed the connection");
	} else if (message == 'r' && !give->pausing && was_forced(give)) {
		takeover_abort(give, "an export was forced in the meantime");
	} else if (message == 'r' && !give->pausing) {
		give->pausing = true;
		uv_timer_start(&give->timer, time_is_up, TAKEOVER_PAUSE_SECONDS * 1000, 0);
		for (unsigned i = 0; i < workers->count; i++)
			worker_tell(&workers->workers[i], WORKER_PAUSE);
	} else if (message == 's' && give->state_sent && file_octets_write(give->fd, "l", 1)) {
		connection_close(give);
		log_line(LOG_LEVEL_NOTICE, "Takeover complete: another server answers now, "
					   "this one finishes its TCP connections and exits");
		give->on_handover_done(give->server);
	} else {
		takeover_abort(give, "the new server sent an unexpected message");
	}
}

static bool connection_open(struct takeover_server *give, int fd)
{
	struct timeval patience = {.tv_sec = 2}; /* the workers may stand still while this waits */
	give->fd = fd;
	if (fcntl(fd, F_SETFL, 0) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
		!offer_send(give) || uv_poll_init(give->loop, &give->poll, fd) != 0) {
		close(fd);
		give->fd = -1;
		return false;
	}
	fcntl(fd, F_SETFL, 0); /* libuv has made it one that does not wait */
	give->polled = true;
	give->poll.data = give;
	uv_timer_start(&give->timer, time_is_up, TAKEOVER_SECONDS * 1000, 0);
	return uv_poll_start(&give->poll, UV_READABLE, on_message) == 0;
}

static void offer_begin(struct takeover_server *give)
{
	int fd = control_detach(give->request);
	give->request = NULL;
	give->forced = give->reload->forced;
	if (fd < 0 || !connection_open(give, fd))
		log_line(LOG_LEVEL_WARNING,
			"Takeover aborted, this server keeps running: its sockets could not be sent");
}

/* What is served must be what state-dir keeps: the other one judges an export by it. */
static void settled_look(uv_timer_t *timer)
{
	struct takeover_server *give = timer->data;
	uv_timer_stop(timer);
	if (reload_is_settled(give->reload)) {
		offer_begin(give);
	} else if (give->looks++ < CHECKS_MAX) {
		uv_timer_start(timer, settled_look, CHECK_MS, 0);
	} else {
		control_reply(give->request, STATUS_FAILED, NULL,
			"the running server is still saving accepted files, try again");
		give->request = NULL;
	}
}

void takeover_server_begin(struct takeover_server *give, struct control_request *request)
{
	uid_t user = control_peer(request)->uid;
	if (user != 0 && user != geteuid()) {
		control_reply(request, STATUS_FAILED, NULL,
			"only root and the user of the running server may take over");
		return;
	}
	if (give->fd >= 0 || give->request || give->polled ||
		uv_is_closing((uv_handle_t *)&give->timer)) {
		control_reply(request, STATUS_FAILED, NULL,
			"another takeover is in progress, or the running server is shutting down");
		return;
	}
	give->successor = control_peer(request)->pid;
	give->request = request;
	give->looks = 0;
	settled_look(&give->timer);
}

bool takeover_server_init(
	struct takeover_server *give, uv_loop_t *loop, struct worker_shared *workers)
{
	give->loop = loop;
	give->fd = give->metrics = -1;
	workers->paused = &give->paused;
	give->paused.data = give->timer.data = give;
	return uv_async_init(loop, &give->paused, on_worker_paused) == 0 &&
	       uv_timer_init(loop, &give->timer) == 0;
}

void takeover_server_stop(struct takeover_server *give)
{
	if (give->request)
		control_reply(
			give->request, STATUS_FAILED, NULL, "the running server is shutting down");
	give->request = NULL;
	if (give->fd >= 0)
		takeover_abort(give, "it is shutting down");
	uv_close((uv_handle_t *)&give->timer, NULL);
	uv_close((uv_handle_t *)&give->paused, NULL);
}
