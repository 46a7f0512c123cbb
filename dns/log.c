#include "dns/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 8192 };

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

void log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_SIZE];
	int start = journal_listens() ? snprintf(line, sizeof(line), "<%d>", (int)level) : 0;
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(line + start, sizeof(line) - (size_t)start, format, arguments);
	va_end(arguments);
	if (size < 0)
		return;
	size += start;
	if (size > LINE_MAX_SIZE - 1)
		size = LINE_MAX_SIZE - 1;
	for (int i = 0; i < size; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
			line[i] = '?';
	line[size] = '\n';
	/* Nobody is left to be told when stderr is gone. */
	ssize_t written = write(STDERR_FILENO, line, (size_t)size + 1);
	(void)written;
}
