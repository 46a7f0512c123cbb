/* dns/base/systemd.h - what systemd and the server tell one another (sd_notify(3), sd_listen_fds(3)).
 *
 * Where systemd has not started us, telling does nothing and there are no sockets. For the main thread alone. */
#ifndef DNS_BASE_SYSTEMD_H
#define DNS_BASE_SYSTEMD_H

#include "dns/config/config.h"

#include <sys/types.h>

/* Every worker serves: once after the start, and after each service_reloading. */
void service_ready(void);
void service_reloading(void);
/* It ends, and what is still done meanwhile. */
void service_stopping(const char *what);
/* Another process goes on with the service. */
void service_successor(pid_t pid);

/* How it goes, in one short line for `systemctl status`. */
void service_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds within which systemd wants a sign of life; 0: it waits for none. */
uint64_t service_watchdog(void);
void service_alive(void);

/* The sockets of one configured address that systemd has bound; -1: it has not. */
struct service_socket {
	int udp, tcp;
};

/* One for each configured address, or NULL and one sentence: a socket of another kind, or that `listen` does not name,
 * or no memory. service_sockets_free closes them, but for those that were taken out (-1). */
struct service_socket *service_sockets_take(const struct config *config, char *why, size_t size);
void service_sockets_free(struct service_socket *sockets, const struct config *config);

#endif
