/* dns/base/threads.h - libuv's thread pool, which a program can do without.
 *
 * libuv makes all of its threads when the first work is queued, and aborts the process where one
 * cannot be made. */
#ifndef DNS_BASE_THREADS_H
#define DNS_BASE_THREADS_H

#include <stdbool.h>
#include <stddef.h>

/* To be called before each use of the pool, on one and the same thread: as many threads as the pool
 * has are made and end again, until that has gone well once. False: one sentence, the pool must not
 * be used, a later call tries again. */
bool threads_ready(char *why, size_t size);

#endif
