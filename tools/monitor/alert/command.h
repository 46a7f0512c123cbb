/* tools/monitor/alert/command.h - runs the alert command, one change after the other. */
#ifndef TOOLS_MONITOR_ALERT_COMMAND_H
#define TOOLS_MONITOR_ALERT_COMMAND_H

#include <stdbool.h>
#include <uv.h>

struct alert_command;

/* A run has ended, or could not begin. */
typedef void alert_ran(void *owner, bool good);

/* A program gets SIGTERM after `limit_ms`, SIGKILL a sixth of it later. NULL: no memory. */
struct alert_command *alert_command_new(
	uv_loop_t *loop, unsigned limit_ms, alert_ran *ran, void *owner);
/* Runs `program` when all before it have ended; takes over `json`. False: too many wait, or no
 * memory. */
bool alert_command_add(struct alert_command *command, const char *program, char *json);
bool alert_command_busy(const struct alert_command *command);
/* Ends the program that runs; the loop must run once more. */
void alert_command_free(struct alert_command *command);

#endif
