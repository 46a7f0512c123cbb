/* dns/base/http_timeout.h - sockets that are shut down when their time is over, whatever their
 * other end does until then.
 *
 * A thread of its own waits for the one that is due first, and sleeps while there is none. The
 * sockets stay their owner's, who closes them: a shutdown wakes the thread that reads or writes.
 * Any thread may call. */
#ifndef DNS_BASE_HTTP_TIMEOUT_H
#define DNS_BASE_HTTP_TIMEOUT_H

#include <stdbool.h>

enum { DEADLINES_MAX = 16 /* sockets at a time */ };

struct deadlines;

/* NULL: no memory, or no thread. */
struct deadlines *deadlines_new(unsigned seconds);
/* No socket is shut down any more; NULL: nothing. */
void deadlines_free(struct deadlines *deadlines);

/* The time of `fd` begins now. False: there are too many. */
bool deadline_begin(struct deadlines *deadlines, int fd);
/* To be called before `fd` is closed: its number may be another file's then. */
void deadline_end(struct deadlines *deadlines, int fd);

#endif
