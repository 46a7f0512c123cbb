#include "tools/ctl/command.h"

#include "dns/explain/client_text.h"
#include "tools/ctl/offline.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOCKET_DEFAULT "/run/mirrorns/control.sock"

enum { SPAN_MAX = 3650 * 86400 /* ten years */, TEXT_SHOWN_MAX = 300 };

/* One command line under way. */
struct parsing {
	struct command *command;
	char **next; /* argument */
	unsigned given; /* arguments of the verb so far */
	bool only_arguments; /* "--" was there */
	enum command_result result;
	char *why;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static bool wrong(
	struct parsing *parsing, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(parsing->why, parsing->size, format, arguments);
	va_end(arguments);
	parsing->result = COMMAND_WRONG;
	return false;
}

/* --- values --- */

static bool span_parse(const char *text, json_int_t *seconds)
{
	static const struct {
		char unit;
		json_int_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t digits = strspn(text, "0123456789");
	if (!digits || digits > 9 || strlen(text) != digits + 1)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (units[i].unit == text[digits]) {
			*seconds = atoll(text) * units[i].seconds;
			return *seconds > 0 && *seconds <= SPAN_MAX;
		}
	return false;
}

/* The path as the server has to open it. */
static json_t *file_json(struct parsing *parsing, const char *text)
{
	char folder[PATH_MAX], path[2 * PATH_MAX + 2];
	if (text[0] == '/')
		return json_string(text);
	if (!getcwd(folder, sizeof(folder))) {
		wrong(parsing, "cannot determine the current directory (%s): use an absolute path",
			strerror(errno));
		return NULL;
	}
	int used = snprintf(path, sizeof(path), "%s/%s", folder, text);
	return used < (int)sizeof(path) ? json_string(path) : NULL;
}

/* NULL: wrong, and perhaps the sentence is written. */
static json_t *value_json(
	struct parsing *parsing, const struct verb_argument *argument, const char *text)
{
	struct locate_client client;
	json_int_t seconds;
	switch (argument->kind) {
	case VERB_ADDRESS:
		if (!locate_client_parse(&client, text, parsing->why, parsing->size)) {
			parsing->result = COMMAND_WRONG;
			return NULL;
		}
		return json_string(text);
	case VERB_FILE:
		return file_json(parsing, text);
	case VERB_SPAN:
		if (!span_parse(text, &seconds)) {
			wrong(parsing, "%s is \"%.*s\", expected a duration: 30s 10m 2h 1d",
				argument->name, TEXT_SHOWN_MAX, text);
			return NULL;
		}
		return json_integer(seconds);
	case VERB_TEXT:
		return json_string(text);
	case VERB_FLAG:
	case VERB_WATCH:
	case VERB_HTML:
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
	json_t *value = value_json(parsing, argument, text);
	if (!value)
		return parsing->result != COMMAND_WRONG && true
			       ? wrong(parsing, "%s is \"%.*s\", expected UTF-8", argument->name,
					 TEXT_SHOWN_MAX, text)
			       : false;
	return json_object_set_new(parsing->command->request, argument->key, value) == 0 ||
	       wrong(parsing, "no memory");
}

/* --- options --- */

/* The option's value: behind "=", or the next argument. */
static bool text_find(struct parsing *parsing, const char *option, const char **text)
{
	const char *equals = option[1] == '-' ? strchr(option, '=') : NULL;
	if (equals)
		*text = equals + 1;
	else if (!(*text = *parsing->next))
		return wrong(parsing, "%s needs a value", option);
	else
		parsing->next++;
	return true;
}

/* "--name" or, where it takes a value, "--name=value". */
static bool option_is(const char *option, const char *name, bool valued)
{
	size_t size = strlen(name);
	return strncmp(option, name, size) == 0 &&
	       (!option[size] || (valued && name[1] == '-' && option[size] == '='));
}

static bool verb_option(struct parsing *parsing, const char *option)
{
	const struct verb *verb = parsing->command->verb;
	for (unsigned i = 0; verb && verb->options[i].name; i++) {
		const struct verb_argument *one = &verb->options[i];
		const char *text = "";
		if (option_is(option, one->name, one->value))
			return (!one->value || text_find(parsing, option, &text)) &&
			       value_take(parsing, one, text);
	}
	if (verb)
		return wrong(parsing, "%s: unknown option \"%.*s\": see mirrornsctl %s --help",
			verb->name, TEXT_SHOWN_MAX, option, verb->name);
	return wrong(parsing, "unknown option \"%.*s\" before the verb: see mirrornsctl --help",
		TEXT_SHOWN_MAX, option);
}

static bool option_take(struct parsing *parsing, const char *option)
{
	struct command *command = parsing->command;
	if (strcmp(option, "--json") == 0) {
		command->json = true;
	} else if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0) {
		parsing->result = COMMAND_HELP;
		return false;
	} else if (strcmp(option, "--version") == 0 || strcmp(option, "-V") == 0) {
		parsing->result = COMMAND_VERSION;
		return false;
	} else if (option_is(option, "-s", true)) {
		return text_find(parsing, option, &command->socket);
	} else if (option_is(option, "--config", true)) {
		return text_find(parsing, option, &command->config);
	} else {
		return verb_option(parsing, option);
	}
	return true;
}

/* --- the whole --- */

static bool argument_take(struct parsing *parsing, const char *text)
{
	struct command *command = parsing->command;
	if (!command->verb) {
		command->verb = verb_find(text);
		if (!command->verb)
			return wrong(parsing,
				"unknown verb \"%.*s\": mirrornsctl --help lists them",
				TEXT_SHOWN_MAX, text);
		return json_object_set_new(command->request, "verb", json_string(text)) == 0 ||
		       wrong(parsing, "no memory");
	}
	const struct verb_argument *argument = &command->verb->arguments[parsing->given];
	if (!argument->name)
		return wrong(parsing, "%s: unexpected argument \"%.*s\": see mirrornsctl %s --help",
			command->verb->name, TEXT_SHOWN_MAX, text, command->verb->name);
	parsing->given++;
	return value_take(parsing, argument, text);
}

static bool everything_take(struct parsing *parsing)
{
	while (*parsing->next) {
		const char *text = *parsing->next++;
		bool option = text[0] == '-' && text[1] && !parsing->only_arguments;
		if (option && strcmp(text, "--") == 0) {
			parsing->only_arguments = true;
			continue;
		}
		if (!(option ? option_take : argument_take)(parsing, text))
			return false;
	}
	return true;
}

enum command_result command_parse(struct command *command, char **arguments, char *why, size_t size)
{
	struct parsing parsing = {.command = command, .next = arguments, .why = why, .size = size};
	*command = (struct command){.socket = SOCKET_DEFAULT, .request = json_object()};
	parsing.result = COMMAND_ASK;
	if (!command->request)
		wrong(&parsing, "no memory");
	else if (!everything_take(&parsing))
		return parsing.result;
	else if (!command->verb)
		wrong(&parsing, "no verb given: mirrornsctl --help lists them");
	else if (parsing.given < command->verb->required)
		wrong(&parsing, "%s needs %s: see mirrornsctl %s --help", command->verb->name,
			command->verb->arguments[parsing.given].name, command->verb->name);
	else if (command->json && command->html)
		wrong(&parsing, "--json and --html are mutually exclusive");
	else if (command->config && !offline_has(command->verb->name))
		wrong(&parsing, "--config cannot be used with %s, which needs a running server",
			command->verb->name);
	return parsing.result;
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
	       "  --config FILE    explain, pools and diff without a server: load what FILE names\n"
	       "  --json           print the result as JSON; also behind the verb\n"
	       "  -h, --help       this; behind a verb, what it does\n"
	       "  -V, --version    the version\n\n"
	       "Exit status: 0 done, 1 failed, 2 the command line or a file named on it is wrong.\n"
	       "mirrornsctl(8) says more.\n");
}
