#include "dns/base/log_out.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { KEPT_MAX = 1 << 20 };

/* One is filled while the other is written. */
static struct lines {
	char text[KEPT_MAX];
	size_t size;
} halves[2];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t come = PTHREAD_COND_INITIALIZER, gone;
static struct lines *filling = &halves[0];
static bool threaded, writing, full;
static uint64_t dropped;
static log_out_lost *lost_write;

/* --- the descriptor --- */

/* False: it is lost. Another process may have made the description non-blocking. */
static bool octets_write(const char *octets, size_t size, size_t *done)
{
	for (*done = 0; *done < size;) {
		ssize_t some = write(STDERR_FILENO, octets + *done, size - *done);
		if (some >= 0)
			*done += (size_t)some;
		else if (errno == EAGAIN)
			poll(&(struct pollfd){STDERR_FILENO, POLLOUT, 0}, 1, -1);
		else if (errno != EINTR)
			return false;
	}
	return true;
}

/* After a part of a line, as on a disk that is full, the next one begins on a new line. */
static bool line_write(const char *line, size_t size)
{
	static bool torn;
	size_t done;
	if (torn && !octets_write("\n", 1, &done))
		return false;
	torn = false;
	bool whole = octets_write(line, size, &done);
	torn = !whole && done > 0;
	return whole;
}

/* --- the thread --- */

static uint64_t lines_write(const struct lines *lines)
{
	uint64_t lost = 0;
	for (size_t at = 0, size; at < lines->size; at += size) {
		const char *line = lines->text + at;
		size = (size_t)((const char *)memchr(line, '\n', lines->size - at) - line) + 1;
		lost += !line_write(line, size);
	}
	return lost;
}

/* All that was dropped until a half is taken came after the last line in it. */
static void *run(void *owner)
{
	static char line[LOG_OUT_LINE_MAX];
	uint64_t said = 0;
	(void)owner;
	pthread_mutex_lock(&lock);
	for (;;) {
		while (filling->size == 0)
			pthread_cond_wait(&come, &lock);
		struct lines *taken = filling;
		filling = taken == &halves[0] ? &halves[1] : &halves[0];
		filling->size = 0;
		uint64_t count = dropped - said;
		writing = true;
		full = false;
		pthread_mutex_unlock(&lock);
		uint64_t failed = lines_write(taken);
		if (count && line_write(line, lost_write(line, count)))
			said += count;
		pthread_mutex_lock(&lock);
		dropped += failed;
		writing = false;
		pthread_cond_broadcast(&gone);
	}
	return NULL;
}

void log_out_start(log_out_lost *lost)
{
	pthread_condattr_t clock;
	pthread_t thread;
	lost_write = lost;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&gone, &clock);
	pthread_condattr_destroy(&clock);
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		return;
	pthread_setname_np(thread, "log");
	pthread_detach(thread);
	threaded = true;
	atexit(log_out_flush);
}

/* --- from outside --- */

void log_out_line(const char *line, size_t size)
{
	pthread_mutex_lock(&lock);
	full |= threaded && size > KEPT_MAX - filling->size;
	if (!threaded) {
		dropped += !line_write(line, size);
	} else if (full) {
		dropped++;
	} else {
		memcpy(filling->text + filling->size, line, size);
		filling->size += size;
		pthread_cond_signal(&come);
	}
	pthread_mutex_unlock(&lock);
}

void log_out_flush(void)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_mutex_lock(&lock);
	while (threaded && (writing || filling->size) &&
		pthread_cond_timedwait(&gone, &lock, &until) == 0)
		;
	pthread_mutex_unlock(&lock);
}

uint64_t log_out_dropped(void)
{
	pthread_mutex_lock(&lock);
	uint64_t count = dropped;
	pthread_mutex_unlock(&lock);
	return count;
}
