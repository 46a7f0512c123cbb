#include "dns/net/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { ROUNDS_MAX = 4, DRAIN_ROUNDS = 64, NS_IN_MS = 1000000 };

/* xorshift64*: turns want to start apart, clients must be unable to guess them. */
static uint32_t random_below(struct worker *worker, uint32_t bound)
{
	worker->random ^= worker->random >> 12;
	worker->random ^= worker->random << 25;
	worker->random ^= worker->random >> 27;
	return (uint32_t)((worker->random * 0x2545F4914F6CDD1D >> 32) * bound >> 32);
}

/* Runs between two batches: nothing of the old snapshot is in use. Turns that were there go on, new
 * ones start at a random place. */
static void snapshot_take(struct worker *worker, struct worker_handover *next)
{
	const struct snapshot *snapshot = next->snapshot;
	for (size_t i = 0; i < snapshot->turn_count; i++) {
		const struct snapshot_turn *turn = &snapshot->turns[i];
		next->turns[i].next = worker->serving.turns && turn->before != TURN_NEW
					      ? worker->serving.turns[turn->before].next
					      : random_below(worker, turn->period);
		if (next->nexts && next->nexts[i] < turn->period)
			next->turns[i].next = next->nexts[i];
		next->turns[i].first = next->turns[i].next;
	}
	worker->serving.snapshot = snapshot;
	worker->serving.turns = next->turns;
	worker->serving.pings = next->pings;
	free(next);
	atomic_store_explicit(&worker->served, snapshot, memory_order_release);
}

static void beat(struct worker *worker)
{
	atomic_store_explicit(&worker->beat, uv_hrtime() / NS_IN_MS, memory_order_relaxed);
}

static void mailbox_open(uv_async_t *mailbox)
{
	struct worker *worker = mailbox->data;
	struct worker_handover *next =
		atomic_exchange_explicit(&worker->next, NULL, memory_order_acquire);
	worker->active = true;
	beat(worker);
	udp_drops_count(worker->udp, worker->serving.counters);
	if (next) {
		snapshot_take(worker, next);
		uv_async_send(worker->shared->taken);
	}
}

/* One turn of everything: UDP on the bare sockets, the rest by libuv, whose descriptor is polled
 * beside them. A callback may have added watchers, which libuv registers only in its next turn. */
static void worker_turn(struct worker *worker, size_t count)
{
	struct pollfd *fds = worker->fds;
	uv_update_time(&worker->loop); /* what timers are due by */
	int timeout = worker->active ? 0 : uv_backend_timeout(&worker->loop);
	bool more = true;
	if (poll(fds, count + 1, timeout) < 0)
		return;
	for (unsigned round = 0; more && round < ROUNDS_MAX; round++) {
		more = false;
		for (size_t i = 0; i < count; i++)
			if (fds[i].revents)
				more |= udp_serve(worker->udp, &worker->serving, i);
	}
	if (fds[count].revents || worker->active || uv_backend_timeout(&worker->loop) == 0) {
		worker->active = tcp_turn(worker->tcp);
		uv_run(&worker->loop, UV_RUN_NOWAIT);
	}
}

static enum worker_command command_get(const struct worker *worker)
{
	return atomic_load_explicit(&worker->command, memory_order_acquire);
}

/* Told to pause again before it has begun to serve again, it stays paused: the server
 * that takes over may be reading what it has. */
static void pause_until_resumed(struct worker *worker)
{
	udp_drops_count(worker->udp, worker->serving.counters);
	do {
		atomic_store(&worker->paused, true);
		uv_async_send(worker->shared->paused);
		uv_sem_wait(&worker->resume);
		atomic_store(&worker->paused, false);
	} while (atomic_load(&worker->command) == WORKER_PAUSE);
}

/* What has arrived is still answered, but a flood does not hold up the end. */
static void udp_finish(struct worker *worker, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned round = 0;
			round < DRAIN_ROUNDS && udp_serve(worker->udp, &worker->serving, i);
			round++)
			;
}

static void worker_run(void *argument)
{
	struct worker *worker = argument;
	size_t count = udp_count(worker->udp);
	if (command_get(worker) == WORKER_PAUSE)
		pause_until_resumed(worker);
	tcp_begin(worker->tcp, !worker->shared->keep_unlisted);
	if (!worker->shared->keep_unlisted)
		udp_leave(worker->udp, &worker->serving);
	udp_poll_fill(worker->udp, worker->fds);
	worker->fds[count] = (struct pollfd){.fd = uv_backend_fd(&worker->loop), .events = POLLIN};
	worker->active = true;
	while (command_get(worker) <= WORKER_PAUSE) {
		if (command_get(worker) == WORKER_PAUSE)
			pause_until_resumed(worker);
		else
			worker_turn(worker, count);
	}
	if (command_get(worker) == WORKER_STOP) {
		udp_finish(worker, count);
		tcp_stop(worker->tcp);
	} else {
		udp_close(worker->udp);
		tcp_leave(worker->tcp);
	}
	uv_close((uv_handle_t *)&worker->mailbox, NULL);
	uv_run(&worker->loop, UV_RUN_DEFAULT);
}

static struct worker_handover *handover_new(const struct snapshot *snapshot)
{
	struct worker_handover *handover = malloc(sizeof(*handover));
	struct turn *turns = calloc(snapshot->turn_count + 1, sizeof(*turns));
	struct ping_counts *pings = ping_counts_new(snapshot);
	if (!handover || !turns || !pings) {
		free(handover);
		free(turns);
		ping_counts_free(pings);
		return NULL;
	}
	*handover = (struct worker_handover){.snapshot = snapshot, .turns = turns, .pings = pings};
	return handover;
}

struct worker_handover **worker_handovers_new(const struct snapshot *snapshot, unsigned count)
{
	struct worker_handover **handovers = calloc(count, sizeof(struct worker_handover *));
	for (unsigned i = 0; handovers && i < count; i++) {
		handovers[i] = handover_new(snapshot);
		if (!handovers[i]) {
			worker_handovers_free(handovers, i);
			return NULL;
		}
	}
	return handovers;
}

void worker_handovers_free(struct worker_handover **handovers, unsigned count)
{
	for (unsigned i = 0; handovers && i < count; i++) {
		free(handovers[i]->turns);
		ping_counts_free(handovers[i]->pings);
		free(handovers[i]);
	}
	free(handovers);
}

bool worker_init(struct worker *worker, struct worker_shared *shared,
	struct listen_sockets *sockets, char *why, size_t size)
{
	size_t number = (size_t)(worker - shared->workers);
	struct listen_socket *own = &sockets->list[number * sockets->count];
	worker->shared = shared;
	snprintf(why, size, "out of memory or file descriptors for a worker");
	if (getrandom(&worker->random, sizeof(worker->random), 0) < 0 || !worker->random)
		worker->random = uv_hrtime() | 1;
	if (uv_loop_init(&worker->loop) != 0 ||
		uv_async_init(&worker->loop, &worker->mailbox, mailbox_open) != 0 ||
		uv_sem_init(&worker->resume, 0) != 0)
		return false;
	worker->mailbox.data = worker;
	worker->serving.counters = counters_new();
	worker->serving.answer = malloc(sizeof(*worker->serving.answer));
	worker->udp = udp_new(own, sockets->count);
	worker->fds = calloc(sockets->count + 1, sizeof(*worker->fds));
	if (!worker->serving.counters || !worker->serving.answer || !worker->udp || !worker->fds)
		return false;
	struct tcp_place place = {&worker->loop, &worker->serving, &shared->tcp, &worker->active};
	worker->tcp = tcp_new(&place, own, sockets->count, why, size);
	return worker->tcp;
}

bool worker_start(struct worker *worker, struct worker_handover *first)
{
	snapshot_take(worker, first);
	udp_drops_count(worker->udp, worker->serving.counters);
	atomic_store_explicit(&worker->command, WORKER_PAUSE, memory_order_relaxed);
	beat(worker);
	return uv_thread_create(&worker->thread, worker_run, worker) == 0;
}

void worker_hand(struct worker *worker, struct worker_handover *next)
{
	atomic_store_explicit(&worker->next, next, memory_order_release);
	uv_async_send(&worker->mailbox);
}

void worker_ping(struct worker *worker)
{
	uv_async_send(&worker->mailbox);
}

uint64_t worker_beat(const struct worker *worker)
{
	return atomic_load_explicit(&worker->beat, memory_order_relaxed);
}

/* One that may be paused already is woken by `resume`, any other by its mailbox. */
void worker_tell(struct worker *worker, enum worker_command command)
{
	enum worker_command before = atomic_exchange(&worker->command, command);
	if (before == WORKER_PAUSE && command != WORKER_PAUSE)
		uv_sem_post(&worker->resume);
	uv_async_send(&worker->mailbox);
}

void worker_join(struct worker *worker)
{
	uv_thread_join(&worker->thread);
}

void worker_free(struct worker *worker)
{
	free(atomic_exchange(&worker->next, NULL)); /* its turns and pings belong to the totals */
	udp_free(worker->udp);
	tcp_free(worker->tcp);
	free(worker->serving.counters);
	free(worker->serving.answer);
	free(worker->fds);
	uv_sem_destroy(&worker->resume);
	uv_loop_close(&worker->loop);
}
