#include "dns/base/log.h"

#include "dns/base/log_out.h"
#include "dns/base/log_text.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PREFIX_MAX = 64, DETAIL_USUAL = 2 /* info */ };

static const struct {
	unsigned detail;
	const char *name;
} levels[] = {
	[LOG_LEVEL_ERROR] = {0, "error"},
	[LOG_LEVEL_WARNING] = {1, "warning"},
	[LOG_LEVEL_NOTICE] = {2, "info"},
	[LOG_LEVEL_INFO] = {2, "info"},
	[LOG_LEVEL_DEBUG] = {3, "debug"},
};

static bool runs;
static atomic_uint most_detail = DETAIL_USUAL, warnings;

/* Is stderr the journal's socket, as $JOURNAL_STREAM says (systemd.exec(5))? */
static bool journal_listens(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;
	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

static size_t prefix_write(char *line, enum log_level level, bool timed)
{
	time_t now = time(NULL);
	struct tm utc;
	if (journal_listens())
		return (size_t)snprintf(line, PREFIX_MAX, "<%d>", (int)level);
	if (!timed)
		return 0;
	size_t size = strftime(line, PREFIX_MAX, "%Y-%m-%dT%H:%M:%SZ ", gmtime_r(&now, &utc));
	return size + (size_t)snprintf(line + size, PREFIX_MAX - size, "%s ", levels[level].name);
}

/* A line with its end; its octets. */
__attribute__((format(printf, 4, 0))) static size_t line_write(char line[LOG_OUT_LINE_MAX],
	enum log_level level, bool timed, const char *format, va_list arguments)
{
	size_t size = prefix_write(line, level, timed);
	size += log_text_write(line + size, LOG_OUT_LINE_MAX - size, format, arguments);
	line[size] = '\n';
	return size + 1;
}

__attribute__((format(printf, 4, 5))) static size_t line_print(
	char line[LOG_OUT_LINE_MAX], enum log_level level, bool timed, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	size_t size = line_write(line, level, timed, format, arguments);
	va_end(arguments);
	return size;
}

static size_t lost_write(char line[LOG_OUT_LINE_MAX], uint64_t count)
{
	return line_print(line, LOG_LEVEL_WARNING, true,
		"Log lines were lost: the log could not be written dropped=%llu",
		(unsigned long long)count);
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LOG_OUT_LINE_MAX];
	va_list arguments;
	if (level <= LOG_LEVEL_WARNING)
		atomic_fetch_add(&warnings, 1);
	if (levels[level].detail > (runs ? atomic_load(&most_detail) : DETAIL_USUAL))
		return;
	va_start(arguments, format);
	log_out_line(line, line_write(line, level, runs, format, arguments));
	va_end(arguments);
}

unsigned log_warnings(void)
{
	return atomic_load(&warnings);
}

void log_refuse(const char *why)
{
	char line[LOG_OUT_LINE_MAX];
	log_out_line(line, line_print(line, LOG_LEVEL_ERROR, false, "%s", why));
}

void log_run(void)
{
	runs = true;
}

void log_serve(void)
{
	log_run();
	log_out_start(lost_write);
}

void log_detail_set(unsigned detail)
{
	atomic_store(&most_detail, detail);
}
