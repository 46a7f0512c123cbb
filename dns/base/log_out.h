/* dns/base/log_out.h - lines on their way to the standard error, whole and one after the other.
 *
 * Any thread may send one. At first the sender of a line waits for its reader. From log_out_start
 * on a thread of this file's waits for it, and no one else: what it has not written yet is kept, up
 * to 1 MiB, and lines that come then are counted and not kept. What others share, the description
 * and its flags, stays as it is. */
#ifndef DNS_BASE_LOG_OUT_H
#define DNS_BASE_LOG_OUT_H

#include <stddef.h>
#include <stdint.h>

enum { LOG_OUT_LINE_MAX = 8192 }; /* octets of a line, with its end */

/* Writes the line that says that `count` lines were dropped; it comes where they are missing. */
typedef size_t log_out_lost(char line[LOG_OUT_LINE_MAX], uint64_t count);

/* Without a thread it stays as it was. An exit waits for at most a second, as log_out_flush
 * does. */
void log_out_start(log_out_lost *lost);
/* With its end, in one write(2) where that takes it all. */
void log_out_line(const char *line, size_t size);
/* Waits until all is written, or for a second. */
void log_out_flush(void);
uint64_t log_out_dropped(void);

#endif
