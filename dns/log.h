/* dns/log.h - the only printing: one plain sentence, then key=value, to stderr.
 *
 * Any thread may log; a line is one write(2). Control characters, which files and packets could bring in, become '?'.
 * Under systemd each line carries its level as <N> (sd-daemon(3)). */
#ifndef DNS_LOG_H
#define DNS_LOG_H

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6
};

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
