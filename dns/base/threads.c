#include "dns/base/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	DEFAULT = 4, /* libuv's */
	MOST = 1024, /* libuv's */
	LOOKS_MAX = 1000,
	LOOK_NS = 1000000
};

struct trial {
	pthread_t thread;
	pid_t number;
};

/* Everybody is there at the same time. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *trial_run(void *argument)
{
	struct trial *trial = argument;
	trial->number = gettid();
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return NULL;
}

/* As libuv reads it. */
static unsigned threads_wanted(void)
{
	const char *set = getenv("UV_THREADPOOL_SIZE");
	unsigned count = set ? (unsigned)atoi(set) : DEFAULT;
	if (count == 0)
		return 1;
	return count > MOST ? MOST : count;
}

/* A thread that has been joined counts until the kernel has let go of it. */
static void trial_end(struct trial *trial)
{
	const struct timespec pause = {.tv_nsec = LOOK_NS};
	pthread_join(trial->thread, NULL);
	for (int i = 0; i < LOOKS_MAX && tgkill(getpid(), trial->number, 0) == 0; i++)
		nanosleep(&pause, NULL);
}

bool threads_ready(char *why, size_t size)
{
	static bool ready;
	static struct trial trials[MOST];
	unsigned wanted = threads_wanted(), made = 0;
	int fault = 0;
	if (ready)
		return true;
	pthread_mutex_lock(&gate);
	while (made < wanted && fault == 0) {
		fault = pthread_create(&trials[made].thread, NULL, trial_run, &trials[made]);
		made += fault == 0;
	}
	pthread_mutex_unlock(&gate);
	while (made)
		trial_end(&trials[--made]);
	ready = fault == 0;
	if (!ready)
		snprintf(why, size,
			"cannot create a thread: %s (raise TasksMax= of the unit, or ulimit -u)",
			strerror(fault));
	return ready;
}
