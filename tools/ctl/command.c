#include "tools/ctl/command.h"

#include "dns/base/command_line.h"
#include "dns/base/why.h"
#include "dns/explain/client_text.h"
#include "tools/ctl/offline.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SOCKET_DEFAULT "/run/mirrorns/control.sock"

enum {
	SPAN_MAX = 3650 * 86400, /* ten years */
	TEXT_SHOWN_MAX = 300,
	GLOBALS = 4, /* options of any verb */
	VERB_OPTION =
		256, /* the verb's first one, of what getopt_long() returns: behind the letters */
};

/* One command line under way. */
struct parsing {
	struct command *command;
	unsigned given; /* arguments of the verb so far */
	struct option options[GLOBALS + VERB_OPTIONS_MAX + 1]; /* the verb's, once it is known */
	char *why;
	size_t size;
};

/* --- values --- */

/* The path as the server has to open it. */
static json_t *file_json(struct parsing *parsing, const char *text)
{
	char folder[PATH_MAX], path[2 * PATH_MAX + 2];
	if (text[0] == '/')
		return json_string(text);
	if (!getcwd(folder, sizeof(folder))) {
		why_write(parsing->why, parsing->size,
			"cannot determine the current directory (%s): use an absolute path",
			strerror(errno));
		return NULL;
	}
	int used = snprintf(path, sizeof(path), "%s/%s", folder, text);
	return used < (int)sizeof(path) ? json_string(path) : NULL;
}

/* NULL: wrong; without a sentence it is no UTF-8. */
static json_t *value_json(
	struct parsing *parsing, const struct verb_argument *argument, const char *text)
{
	struct locate_client client;
	int64_t seconds;
	switch (argument->kind) {
	case VERB_ADDRESS:
		if (!locate_client_parse(&client, text, parsing->why, parsing->size))
			return NULL;
		return json_string(text);
	case VERB_FILE:
		return file_json(parsing, text);
	case VERB_SPAN:
		if (command_line_duration(text, SPAN_MAX, &seconds) && seconds)
			return json_integer(seconds);
		why_write(parsing->why, parsing->size,
			"%s is \"%.*s\", expected a duration: 30s 10m 2h 1d", argument->name,
			TEXT_SHOWN_MAX, text);
		return NULL;
	case VERB_TEXT:
		return json_string(text);
	case VERB_FLAG:
	case VERB_WATCH:
	case VERB_HTML:
	case VERB_READY:
		return json_true();
	}
	return NULL;
}

static bool value_take(
	struct parsing *parsing, const struct verb_argument *argument, const char *text)
{
	if (argument->kind == VERB_WATCH) {
		parsing->command->watch = true;
		return true;
	}
	if (argument->kind == VERB_HTML) {
		parsing->command->html = true;
		return true;
	}
	if (argument->kind == VERB_READY) {
		parsing->command->ready = true;
		return true;
	}
	json_t *value = value_json(parsing, argument, text);
	if (!value)
		return *parsing->why ? false
				     : why_write(parsing->why, parsing->size,
					       "%s is \"%.*s\", expected UTF-8", argument->name,
					       TEXT_SHOWN_MAX, text);
	return json_object_set_new(parsing->command->request, argument->key, value) == 0 ||
	       why_write(parsing->why, parsing->size, "out of memory");
}

/* --- words --- */

static bool verb_take(struct parsing *parsing, const char *text)
{
	struct command *command = parsing->command;
	command->verb = verb_find(text);
	if (!command->verb)
		return why_write(parsing->why, parsing->size,
			"unknown verb \"%.*s\": mirrornsctl --help lists them", TEXT_SHOWN_MAX,
			text);
	for (int i = 0; command->verb->options[i].name; i++) {
		const struct verb_argument *option = &command->verb->options[i];
		parsing->options[GLOBALS + i] = (struct option){option->name + 2,
			option->value ? required_argument : no_argument, NULL, VERB_OPTION + i};
	}
	return json_object_set_new(command->request, "verb", json_string(text)) == 0 ||
	       why_write(parsing->why, parsing->size, "out of memory");
}

static bool argument_take(struct parsing *parsing, const char *text)
{
	const struct verb *verb = parsing->command->verb;
	if (!verb)
		return verb_take(parsing, text);
	const struct verb_argument *argument = &verb->arguments[parsing->given];
	if (!argument->name)
		return why_write(parsing->why, parsing->size,
			"%s: unexpected argument \"%.*s\": see mirrornsctl %s --help", verb->name,
			TEXT_SHOWN_MAX, text, verb->name);
	parsing->given++;
	return value_take(parsing, argument, text);
}

static bool option_refuse(struct parsing *parsing, const char *option)
{
	const struct verb *verb = parsing->command->verb;
	if (verb)
		return why_write(parsing->why, parsing->size,
			"%s: unknown option \"%.*s\": see mirrornsctl %s --help", verb->name,
			TEXT_SHOWN_MAX, option, verb->name);
	return why_write(parsing->why, parsing->size,
		"unknown option \"%.*s\" before the verb: see mirrornsctl --help", TEXT_SHOWN_MAX,
		option);
}

static enum command_result option_take(struct parsing *parsing, int code, char **arguments)
{
	struct command *command = parsing->command;
	char letter[3];
	switch (code) {
	case 'j':
		command->json = true;
		return COMMAND_ASK;
	case 's':
		command->socket = optarg;
		return COMMAND_ASK;
	case 'c':
		command->config = optarg;
		return COMMAND_ASK;
	case 'h':
		return COMMAND_HELP;
	case 'V':
		return COMMAND_VERSION;
	case '?':
		option_refuse(parsing, command_line_refused(arguments, letter));
		return COMMAND_WRONG;
	case ':':
		why_write(parsing->why, parsing->size, "%s needs a value", arguments[optind - 1]);
		return COMMAND_WRONG;
	}
	return value_take(parsing, &command->verb->options[code - VERB_OPTION], optarg)
		       ? COMMAND_ASK
		       : COMMAND_WRONG;
}

/* Word by word, since the verb decides which options there are. */
static enum command_result words_take(struct parsing *parsing, int count, char **arguments)
{
	enum command_result result = COMMAND_ASK;
	bool only_arguments = false; /* "--" was there */
	opterr = 0;
	while (result == COMMAND_ASK && optind < count) {
		int before = optind, code = -1;
		if (!only_arguments)
			code = getopt_long(count, arguments, "+:s:hV", parsing->options, NULL);
		if (code != -1)
			result = option_take(parsing, code, arguments);
		else if (optind > before)
			only_arguments = true;
		else if (!argument_take(parsing, arguments[optind++]))
			result = COMMAND_WRONG;
	}
	return result;
}

static bool whole_check(const struct parsing *parsing)
{
	const struct command *command = parsing->command;
	const struct verb *verb = command->verb;
	if (!verb)
		return why_write(parsing->why, parsing->size,
			"no verb given: mirrornsctl --help lists them");
	if (parsing->given < verb->required)
		return why_write(parsing->why, parsing->size,
			"%s needs %s: see mirrornsctl %s --help", verb->name,
			verb->arguments[parsing->given].name, verb->name);
	if (command->json && command->html)
		return why_write(
			parsing->why, parsing->size, "--json and --html are mutually exclusive");
	return !command->config || offline_has(verb->name) ||
	       why_write(parsing->why, parsing->size,
		       "--config cannot be used with %s, which needs a running server", verb->name);
}

enum command_result command_parse(
	struct command *command, int count, char **arguments, char *why, size_t size)
{
	struct parsing parsing = {
		.command = command,
		.options = {{"json", no_argument, NULL, 'j'},
			{"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},
			{"version", no_argument, NULL, 'V'}},
		.why = why,
		.size = size,
	};
	*command = (struct command){.socket = SOCKET_DEFAULT, .request = json_object()};
	enum command_result result = words_take(&parsing, count, arguments);
	return result == COMMAND_ASK && !whole_check(&parsing) ? COMMAND_WRONG : result;
}

void command_help(void)
{
	const struct verb *verb;
	printf("usage: mirrornsctl [-s SOCKET | --config FILE] [--json] VERB ...\n\n");
	for (unsigned i = 0; (verb = verb_at(i)); i++) {
		printf("  ");
		verb_usage(verb);
		printf("\n      %s\n", verb->summary);
	}
	printf("\n  -s SOCKET        the server's control socket (" SOCKET_DEFAULT ")\n"
	       "  --config FILE    explain, pools and diff without a server, with the files of FILE\n"
	       "  --json           print the result as JSON\n"
	       "  -h, --help       print this help, or that of the verb\n"
	       "  -V, --version    print the version\n\n"
	       "Exit status: 0 success, 1 failure, 2 wrong command line or file named on it;\n"
	       "of check: 0 OK, 1 warning, 2 critical, 3 unknown.\n"
	       "See mirrornsctl(8).\n");
}
