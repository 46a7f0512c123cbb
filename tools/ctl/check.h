/* tools/ctl/check.h - one line for whoever watches over servers: is all well? (Nagios plugin
 * API) */
#ifndef TOOLS_CTL_CHECK_H
#define TOOLS_CTL_CHECK_H

#include "tools/ctl/command.h"

/* Its exit statuses. */
enum check_state { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

/* Asks the server, prints the line; returns the exit status. */
int check_run(const struct command *command);
/* The line of a command line that is wrong; likewise. */
int check_wrong(const char *why);

#endif
