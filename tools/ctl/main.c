#include "dns/base/signals.h"
#include "tools/ctl/check.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/offline.h"
#include "tools/ctl/screen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static void sentence_print(const char *sentence)
{
	char text[REPLY_WHY_MAX];
	snprintf(text, sizeof(text), "%s", sentence);
	screen_clean(text);
	fflush(stdout); /* both may go to one place */
	fprintf(stderr, "mirrornsctl: %s\n", text);
}

static void ask(const struct command *command, struct reply *reply)
{
	if (command->config)
		offline_ask(command->config, command->request, reply);
	else
		client_ask(command->socket, command->request, command->verb->seconds, reply);
	if (json_is_null(reply->result)) {
		json_decref(reply->result);
		reply->result = NULL;
	}
}

static void reply_show(
	const struct command *command, const struct reply *reply, const json_t *before)
{
	if (reply->result && command->json)
		view_json(reply->result, command->watch ? JSON_COMPACT : JSON_INDENT(2));
	else if (reply->result && command->html)
		command->verb->page(reply->result, before);
	else if (reply->result)
		command->verb->show(reply->result, before);
	if (*reply->why)
		sentence_print(reply->why);
}

/* Waits to the next second of the monotonic clock; false: interrupted. */
static bool second_wait(struct timespec *next)
{
	next->tv_sec++;
	while (!interrupted)
		if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL) == 0)
			return true;
	return false;
}

static int watch(const struct command *command)
{
	struct reply reply;
	struct timespec next;
	json_t *before = NULL;
	struct sigaction action = {.sa_handler = interrupt};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	clock_gettime(CLOCK_MONOTONIC, &next);
	do {
		ask(command, &reply);
		if (reply.status == STATUS_GOOD && !command->json)
			screen_clear();
		reply_show(command, &reply, before);
		json_decref(before);
		before = reply.result;
	} while (reply.status == STATUS_GOOD && screen_end() && second_wait(&next));
	json_decref(before);
	return interrupted ? STATUS_GOOD : reply.status;
}

static int run(const struct command *command)
{
	struct reply reply;
	if (command->watch)
		return watch(command);
	ask(command, &reply);
	reply_show(command, &reply, NULL);
	json_decref(reply.result);
	return reply.status;
}

/* Of a command line that is wrong, perhaps before its verb. */
static bool is_check(const struct command *command, char **arguments)
{
	if (command->verb)
		return !command->verb->show;
	while (*arguments && strcmp(*arguments, "check") != 0)
		arguments++;
	return *arguments;
}

int main(int argc, char **argv)
{
	struct command command;
	char why[REPLY_WHY_MAX] = "";
	int status = STATUS_GOOD;
	signals_restore();
	screen_init();
	switch (command_parse(&command, argc, argv, why, sizeof(why))) {
	case COMMAND_ASK:
		status = command.verb->show ? run(&command) : check_run(&command);
		break;
	case COMMAND_HELP:
		if (command.verb)
			verb_help(command.verb);
		else
			command_help();
		break;
	case COMMAND_VERSION:
		puts("mirrornsctl " MIRRORNS_VERSION);
		break;
	case COMMAND_WRONG:
		if (is_check(&command, argv + 1)) {
			status = check_wrong(why);
			break;
		}
		sentence_print(why);
		status = STATUS_WRONG;
		break;
	}
	json_decref(command.request);
	if (screen_end())
		return status;
	sentence_print("cannot write the output");
	return status ? status : STATUS_FAILED;
}
