/* dns/server/server.h - one server from its start to its end: what is loaded, bound, started, and
 * stopped in which order. */
#ifndef DNS_SERVER_SERVER_H
#define DNS_SERVER_SERVER_H

#include <stdbool.h>

/* Serves until it is told to end. `takeover`: from the server that runs, whose sockets it gets.
 * Returns the exit status. */
int server_run(const char *path, bool takeover);

#endif
