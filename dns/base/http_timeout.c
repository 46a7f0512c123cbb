#include "dns/base/http_timeout.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { FREE = -1 };

struct slot {
	int fd; /* FREE: unused */
	struct timespec due; /* monotonic */
};

struct deadlines {
	pthread_mutex_t
		/* of all below; held over a shutdown, so that no thread closes that socket
		 * meanwhile */
		lock;
	pthread_cond_t changed;
	pthread_t thread;
	unsigned seconds;
	bool ending;
	struct slot slots[DEADLINES_MAX];
};

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Shuts down what is due, and lets it go: its owner has been told. NULL: nothing is left; else
 * who is due first. */
static const struct slot *slots_look(struct deadlines *deadlines)
{
	struct timespec now;
	const struct slot *first = NULL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	for (unsigned i = 0; i < DEADLINES_MAX; i++) {
		struct slot *slot = &deadlines->slots[i];
		if (slot->fd == FREE)
			continue;
		if (!is_later(&slot->due, &now)) {
			shutdown(slot->fd, SHUT_RDWR);
			slot->fd = FREE;
		} else if (!first || is_later(&first->due, &slot->due)) {
			first = slot;
		}
	}
	return first;
}

static void *run(void *argument)
{
	struct deadlines *deadlines = argument;
	pthread_mutex_lock(&deadlines->lock);
	while (!deadlines->ending) {
		const struct slot *first = slots_look(deadlines);
		if (first) {
			struct timespec due = first->due;
			pthread_cond_timedwait(&deadlines->changed, &deadlines->lock, &due);
		} else {
			pthread_cond_wait(&deadlines->changed, &deadlines->lock);
		}
	}
	pthread_mutex_unlock(&deadlines->lock);
	return NULL;
}

struct deadlines *deadlines_new(unsigned seconds)
{
	struct deadlines *deadlines = calloc(1, sizeof(*deadlines));
	pthread_condattr_t clock;
	if (!deadlines)
		return NULL;
	deadlines->seconds = seconds;
	for (unsigned i = 0; i < DEADLINES_MAX; i++)
		deadlines->slots[i].fd = FREE;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC); /* that of `due` */
	pthread_cond_init(&deadlines->changed, &clock);
	pthread_condattr_destroy(&clock);
	pthread_mutex_init(&deadlines->lock, NULL);
	if (pthread_create(&deadlines->thread, NULL, run, deadlines) == 0)
		return deadlines;
	pthread_cond_destroy(&deadlines->changed);
	pthread_mutex_destroy(&deadlines->lock);
	free(deadlines);
	return NULL;
}

void deadlines_free(struct deadlines *deadlines)
{
	if (!deadlines)
		return;
	pthread_mutex_lock(&deadlines->lock);
	deadlines->ending = true;
	pthread_cond_signal(&deadlines->changed);
	pthread_mutex_unlock(&deadlines->lock);
	pthread_join(deadlines->thread, NULL);
	pthread_cond_destroy(&deadlines->changed);
	pthread_mutex_destroy(&deadlines->lock);
	free(deadlines);
}

/* FREE finds a free one. */
static struct slot *slot_find(struct deadlines *deadlines, int fd)
{
	for (unsigned i = 0; i < DEADLINES_MAX; i++)
		if (deadlines->slots[i].fd == fd)
			return &deadlines->slots[i];
	return NULL;
}

bool deadline_begin(struct deadlines *deadlines, int fd)
{
	pthread_mutex_lock(&deadlines->lock);
	struct slot *slot = slot_find(deadlines, FREE);
	if (slot) {
		slot->fd = fd;
		clock_gettime(CLOCK_MONOTONIC, &slot->due);
		slot->due.tv_sec += deadlines->seconds;
		pthread_cond_signal(&deadlines->changed);
	}
	pthread_mutex_unlock(&deadlines->lock);
	return slot;
}

void deadline_end(struct deadlines *deadlines, int fd)
{
	pthread_mutex_lock(&deadlines->lock);
	struct slot *slot = slot_find(deadlines, fd);
	if (slot)
		slot->fd = FREE;
	pthread_mutex_unlock(&deadlines->lock);
}
