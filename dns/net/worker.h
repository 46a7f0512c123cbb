/* dns/net/worker.h - one serving thread: its loop, its sockets, the snapshot in use, its turns. */
#ifndef DNS_NET_WORKER_H
#define DNS_NET_WORKER_H

#include "dns/net/listen.h"
#include "dns/net/tcp.h"
#include "dns/net/udp.h"

#include <poll.h>
#include <stdatomic.h>
#include <uv.h>

/* A snapshot on its way to a worker, with memory for its turns. */
struct worker_handover {
	const struct snapshot *snapshot;
	const uint32_t *
		/* where turns go on that another process has had: turn_count of them,
		 * WORKER_TURN_NEW where there is none; NULL: none at all. Read before it is handed
		 * over */
		nexts;
	struct turn
		*turns; /* turn_count of them, not filled; owned by the totals of the snapshot */
	struct ping_counts *pings; /* likewise, and empty */
};

/* What the workers of one server share; each field has one meaning and is only counted. */
struct worker_shared {
	struct tcp_shared tcp;
	uv_async_t *taken; /* sent when a worker has swapped its snapshot */
	uv_async_t *paused; /* sent when a worker has paused */
	struct worker *workers;
	unsigned count;
	/* sockets of addresses that are listened on no more stay; set while the workers are
	 * paused */
	bool keep_unlisted;
};

enum { WORKER_TURN_NEW = UINT32_MAX };

enum worker_command {
	WORKER_SERVE,
	/* Nothing at all: another process may have begun to serve. It stands still between two
	 * packets, `paused` tells when; its turns may be read meanwhile. */
	WORKER_PAUSE,
	WORKER_STOP, /* it answers what was read, and ends */
	/* A paused one finishes its TCP connections, and ends: another process has its sockets. */
	WORKER_HAND_OVER
};

struct worker {
	/* Written by this worker alone. */
	struct serving serving;
	uint64_t random; /* state of the generator that turns start from */
	struct udp *udp;
	struct tcp *tcp;
	struct pollfd *fds; /* the UDP sockets, then libuv's descriptor */
	bool active; /* libuv callbacks have left watchers that only a turn of the loop registers */

	/* Between threads. */
	_Atomic(struct worker_handover *) next; /* the mailbox; empty: NULL */
	_Atomic(const struct snapshot *) served; /* what it serves from now on */
	_Atomic uint64_t beat; /* ms of uv_hrtime: its last sign of life */
	_Atomic(enum worker_command) command; /* what it is to do */
	atomic_bool paused; /* it does nothing until `resume` */
	uv_sem_t resume;

	uv_async_t mailbox;
	uv_loop_t loop;
	uv_thread_t thread;
	struct worker_shared *shared;
};

/* Prepares worker `number` with its sockets, which it takes over. False: one sentence. */
bool worker_init(struct worker *worker, struct worker_shared *shared,
	struct listen_sockets *sockets, char *why, size_t size);
/* Starts its thread on a first snapshot. It is paused: WORKER_SERVE lets it begin. */
bool worker_start(struct worker *worker, struct worker_handover *first);
/* Puts a handover into the mailbox, which must be empty; `served` tells when it was taken. */
void worker_hand(struct worker *worker, struct worker_handover *next);
void worker_tell(struct worker *worker, enum worker_command command);
/* Waits for its end. */
void worker_join(struct worker *worker);
void worker_free(struct worker *worker);

/* Asks for a sign of life: `beat` will tell when it was given. */
void worker_ping(struct worker *worker);
uint64_t worker_beat(const struct worker *worker);

/* One for each worker, freed by the worker that takes it. NULL: no memory. */
struct worker_handover **worker_handovers_new(const struct snapshot *snapshot, unsigned count);
/* Of those that were not taken, with their turns. */
void worker_handovers_free(struct worker_handover **handovers, unsigned count);

#endif
