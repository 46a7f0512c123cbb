#include "dns/control/takeover_client.h"

#include "dns/base/descriptors.h"
#include "dns/base/why.h"
#include "dns/control/takeover.h"
#include "dns/net/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool refuse(char *why, size_t size, const char *sentence)
{
	return why_write(why, size, "the takeover failed: %s", sentence);
}

static bool refuse_errno(char *why, size_t size, const char *sentence)
{
	bool late = errno == EAGAIN || errno == EWOULDBLOCK;
	return why_write(why, size, "the takeover failed: %s: %s", sentence,
		late    ? "timed out"
		: errno ? strerror(errno)
			: "it closed the connection");
}

static bool socket_connect(struct takeover *takeover, const char *path, char *why, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval timeout = {.tv_sec = TAKEOVER_SECONDS};
	if (!path[0] || strlen(path) >= sizeof(address.sun_path))
		return refuse(why, size, "`control` is \"\", so there is no socket to connect to");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	takeover->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (takeover->fd >= 0 &&
		setsockopt(takeover->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0 &&
		setsockopt(takeover->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) == 0 &&
		connect(takeover->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return true;
	snprintf(why, size,
		"no running server at the control socket %s: %s; start without --takeover", path,
		strerror(errno));
	if (takeover->fd >= 0)
		close(takeover->fd);
	takeover->fd = -1;
	return false;
}

/* What comes. */
struct offer {
	size_t sockets;
	bool control, metrics; /* come first, in this order */
};

static bool offer_receive(struct takeover *takeover, struct offer *offer, char *why, size_t size)
{
	static const char question[] = "{\"verb\":\"takeover\"}\n";
	char line[TAKEOVER_LINE_MAX];
	if (!file_octets_write(takeover->fd, question, sizeof(question) - 1) ||
		!line_receive(takeover->fd, line))
		return refuse_errno(why, size, "the running server did not reply");
	json_t *reply = json_loads(line, 0, NULL);
	const char *no = json_string_value(json_object_get(reply, "why"));
	const json_t *result = json_object_get(reply, "result");
	json_int_t sockets = json_integer_value(json_object_get(result, "sockets"));
	bool good = !no && sockets > 0 && sockets <= LISTEN_GIVEN_MAX;
	if (good) {
		offer->sockets = (size_t)sockets;
		offer->control = json_is_true(json_object_get(result, "control"));
		offer->metrics = json_is_true(json_object_get(result, "metrics"));
	} else {
		refuse(why, size, no ? no : "the running server sent an unknown reply");
	}
	json_decref(reply);
	return good;
}

/* The first one; -1: it is not among them. */
static int given_shift(struct listen_given *given, bool is_there)
{
	if (!is_there || !given->count)
		return -1;
	int fd = given->fds[0];
	memmove(given->fds, given->fds + 1, --given->count * sizeof(*given->fds));
	return fd;
}

/* Where `control` is now, else where it was. */
static bool server_connect(
	struct takeover *takeover, const struct config *config, char *why, size_t size)
{
	char path[CONTROL_PATH_MAX], ignored[512];
	if (socket_connect(takeover, config->control, why, size))
		return true;
	if (!takeover_path_read(config, path) ||
		!socket_connect(takeover, path, ignored, sizeof(ignored)))
		return false;
	control_file_note(&takeover->former, path);
	return true;
}

bool takeover_ask(struct takeover *takeover, const struct config *config, char *why, size_t size)
{
	struct offer offer;
	if (!server_connect(takeover, config, why, size) ||
		!offer_receive(takeover, &offer, why, size))
		return false;
	struct listen_given *given = &takeover->given;
	/* Beside what was counted on; what is too much is seen when it comes. */
	descriptors_raise((uint64_t)descriptors_limit() + offer.sockets);
	given->fds = calloc(offer.sockets, sizeof(*given->fds));
	if (!given->fds)
		return refuse(why, size, "out of memory");
	while (given->count < offer.sockets) {
		ssize_t got = descriptors_receive(
			takeover->fd, given->fds + given->count, offer.sockets - given->count);
		if (got < 0)
			return refuse_errno(
				why, size, "the running server did not send its sockets");
		given->count += (size_t)got;
	}
	takeover->control = given_shift(given, offer.control);
	takeover->metrics = given_shift(given, offer.metrics);
	return true;
}

static bool state_receive(struct takeover *takeover, uint32_t count)
{
	char *text = malloc((size_t)count + 1);
	bool good = text && octets_receive(takeover->fd, text, count);
	takeover->state = good ? json_loadb(text, count, JSON_REJECT_DUPLICATES, NULL) : NULL;
	free(text);
	return json_is_object(takeover->state);
}

static bool turns_receive(struct takeover *takeover)
{
	size_t turns = takeover->turns, places = turns * takeover->workers;
	takeover->keys = calloc(turns + 1, sizeof(*takeover->keys));
	takeover->nexts = calloc(places + 1, sizeof(*takeover->nexts));
	return takeover->keys && takeover->nexts &&
	       octets_receive(takeover->fd, takeover->keys, turns * sizeof(*takeover->keys)) &&
	       octets_receive(takeover->fd, takeover->nexts, places * sizeof(*takeover->nexts));
}

bool takeover_ready(struct takeover *takeover, char *why, size_t size)
{
	struct takeover_head head;
	if (!file_octets_write(takeover->fd, "r", 1) ||
		!octets_receive(takeover->fd, &head, sizeof(head)))
		return refuse_errno(why, size, "the running server did not pause");
	if (head.state > TAKEOVER_STATE_MAX ||
		(uint64_t)head.turns * head.workers > TAKEOVER_TURNS_MAX ||
		head.turns > TAKEOVER_TURNS_MAX)
		return refuse(why, size, "the running server's state is too large");
	takeover->turns = head.turns;
	takeover->workers = head.workers;
	if (state_receive(takeover, head.state) && turns_receive(takeover))
		return true;
	return refuse(why, size, "the running server sent an unknown state");
}

/* Keys that are alike have one and the same turn, as dns/snapshot/build matches them. */
static const uint64_t *key_find(
	const uint64_t *keys, const uint32_t *table, size_t room, uint64_t key)
{
	for (size_t at = key & (room - 1); table[at]; at = (at + 1) & (room - 1))
		if (keys[table[at] - 1] == key)
			return &keys[table[at] - 1];
	return NULL;
}

uint32_t *takeover_nexts(
	const struct takeover *takeover, const struct snapshot *snapshot, unsigned worker)
{
	size_t room = 2;
	while (room < 2 * (size_t)takeover->turns)
		room *= 2;
	uint32_t *table = calloc(room, sizeof(*table));
	uint32_t *nexts = calloc(snapshot->turn_count + 1, sizeof(*nexts));
	if (!table || !nexts || worker >= takeover->workers) {
		free(table);
		free(nexts);
		return NULL;
	}
	const uint32_t *own = takeover->nexts + (size_t)worker * takeover->turns;
	for (uint32_t i = 0; i < takeover->turns; i++) {
		size_t at = takeover->keys[i] & (room - 1);
		while (table[at])
			at = (at + 1) & (room - 1);
		table[at] = i + 1;
	}
	for (size_t i = 0; i < snapshot->turn_count; i++) {
		const uint64_t *key = key_find(takeover->keys, table, room, snapshot->turns[i].key);
		nexts[i] = key ? own[key - takeover->keys] : WORKER_TURN_NEW;
	}
	free(table);
	return nexts;
}

bool takeover_serving(struct takeover *takeover)
{
	char message;
	if (!file_octets_write(takeover->fd, "s", 1) ||
		!octets_receive(takeover->fd, &message, 1) || message != 'l')
		return false;
	close(takeover->fd);
	takeover->fd = -1;
	return true;
}

void takeover_free(struct takeover *takeover)
{
	if (takeover->fd >= 0)
		close(takeover->fd);
	if (takeover->control >= 0)
		close(takeover->control);
	if (takeover->metrics >= 0)
		close(takeover->metrics);
	listen_given_close(&takeover->given);
	json_decref(takeover->state);
	free(takeover->keys);
	free(takeover->nexts);
	*takeover = (struct takeover){.fd = -1, .control = -1, .metrics = -1};
}
