/* dns/base/systemd.h - what systemd and the server tell one another (sd_notify(3)).
 *
 * Where systemd has not started us, telling does nothing. For the main thread alone. */
#ifndef DNS_BASE_SYSTEMD_H
#define DNS_BASE_SYSTEMD_H

#include <stdint.h>
#include <sys/types.h>

/* Every worker serves: once after the start, and after each systemd_reloading. */
void systemd_ready(void);
void systemd_reloading(void);
/* It ends, and what is still done meanwhile. */
void systemd_stopping(const char *what);
/* Another process goes on with the service. */
void systemd_successor(pid_t pid);

/* How it goes, in one short line for `systemctl status`. */
void systemd_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds within which systemd wants a sign of life; 0: it waits for none. */
uint64_t systemd_watchdog(void);
void systemd_alive(void);

#endif
