/* tools/ctl/command.h - the command line: what is asked of whom. */
#ifndef TOOLS_CTL_COMMAND_H
#define TOOLS_CTL_COMMAND_H

#include "tools/ctl/verb.h"

#include <stdbool.h>
#include <stddef.h>

enum command_result {
	COMMAND_ASK,
	COMMAND_HELP, /* of the verb, or of all if it is NULL */
	COMMAND_VERSION,
	COMMAND_WRONG, /* the sentence is written */
};

struct command {
	const struct verb *verb;
	const char *socket;
	const char *config; /* NULL: ask a server */
	bool json, watch, html, ready;
	json_t *request; /* to be freed */
};

enum command_result command_parse(
	struct command *command, int count, char **arguments, char *why, size_t size);
void command_help(void);

#endif
