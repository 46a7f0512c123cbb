#include "dns/base/threads.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum {
	DEFAULT = 4, /* libuv's */
	MOST = 1024, /* libuv's */
	LOOKS_MAX = 1000,
	LOOK_NS = 1000000
};

struct trial {
	uv_thread_t thread;
	pid_t number;
};

/* Everybody is there at the same time. */
static uv_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void trial_run(void *argument)
{
	struct trial *trial = argument;
	trial->number = gettid();
	uv_mutex_lock(&gate);
	uv_mutex_unlock(&gate);
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
	uv_thread_join(&trial->thread);
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
	uv_mutex_lock(&gate);
	while (made < wanted && fault == 0) {
		fault = uv_thread_create(&trials[made].thread, trial_run, &trials[made]);
		made += fault == 0;
	}
	uv_mutex_unlock(&gate);
	while (made)
		trial_end(&trials[--made]);
	ready = fault == 0;
	if (!ready)
		snprintf(why, size,
			"no more threads can be made: %s (raise the limit of tasks: TasksMax= of "
			"the "
			"unit, ulimit -u)",
			uv_strerror(fault));
	return ready;
}
