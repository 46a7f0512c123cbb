#include "dns/base/systemd.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

enum { STATUS_SIZE = 256 };

void systemd_ready(void)
{
	sd_notify(0, "READY=1");
}

/* Type=notify-reload knows by the time whether this is the reload that it asked for. */
void systemd_reloading(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		(unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000);
}

void systemd_stopping(const char *what)
{
	sd_notifyf(0, "STOPPING=1\nSTATUS=Shutting down: %s", what);
}

void systemd_successor(pid_t pid)
{
	sd_notifyf(0, "MAINPID=%ld", (long)pid);
}

/* A line end in it would begin another assignment. */
void systemd_status(const char *format, ...)
{
	char line[STATUS_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			*c = '?';
	sd_notifyf(0, "STATUS=%s", line);
}

uint64_t systemd_watchdog(void)
{
	uint64_t microseconds = 0;
	if (sd_watchdog_enabled(0, &microseconds) <= 0)
		return 0;
	return microseconds < 1000 ? 1 : microseconds / 1000;
}

void systemd_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}
