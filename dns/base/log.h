/* dns/base/log.h - the only printing: one plain sentence, then key=value, to stderr.
 *
 * Any thread may log. What comes from outside is a `%s`: how it is shown says dns/base/log_text.h.
 * Under systemd each line carries its level as <N> (sd-daemon(3)); elsewhere a program that runs,
 * and does not just check or do one thing, begins its lines with the time in UTC and the level. Who
 * waits for the log says dns/base/log_out.h. */
#ifndef DNS_BASE_LOG_H
#define DNS_BASE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5, /* is shown as info */
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Lines of the level warning or worse so far. */
unsigned log_warnings(void);
/* What ends a start: an error, without time and level in front. */
void log_refuse(const char *why);

/* The program runs, from now on. */
void log_run(void);
/* It serves, too: no thread waits any more for the reader of the log, see dns/base/log_out.h. */
void log_serve(void);
/* As the option `log-level`: 0 errors alone, 1 warnings too, 2 what else happens, 3 all. Only a
 * program that runs keeps to it. */
void log_detail_set(unsigned detail);

#endif
