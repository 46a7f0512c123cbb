#include "dns/base/exit.h"
#include "dns/base/log.h"
#include "dns/base/signals.h"
#include "tools/cvd/arguments.h"
#include "tools/cvd/follow.h"
#include "tools/cvd/run.h"
#include "tools/cvd/mirror_check.h"

#include <stdio.h>

static int fail(const char *why, int status)
{
	log_line(LOG_LEVEL_ERROR, "mirrorns-cvd: %s", why);
	return status;
}

static int output_end(void)
{
	return fflush(stdout) == 0 && !ferror(stdout)
		       ? STATUS_GOOD
		       : fail("cannot write the output", STATUS_FAILED);
}

static int string_write(const struct arguments *arguments)
{
	char why[RUN_WHY_MAX] = "";
	struct run run = {.arguments = arguments, .force = arguments->force, .due = true};
	switch (run_execute(&run, why, sizeof(why))) {
	case RUN_EMPTY:
	case RUN_FAILED:
		return fail(why, STATUS_FAILED);
	case RUN_HELD:
		log_line(LOG_LEVEL_WARNING, "mirrorns-cvd: %s", why);
		break;
	case RUN_DONE:
		break;
	}
	if (!arguments->output)
		puts(run.text);
	return output_end();
}

static int execute(const struct arguments *arguments)
{
	char why[RUN_WHY_MAX] = "";
	if (!run_check(arguments, why, sizeof(why)))
		return fail(why, STATUS_WRONG);
	if (!arguments->watch)
		return string_write(arguments);
	return follow_run(arguments, why, sizeof(why)) ? STATUS_GOOD : fail(why, STATUS_FAILED);
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	char why[RUN_WHY_MAX] = "";
	signals_restore();
	switch (arguments_parse(&arguments, argc, argv, why, sizeof(why))) {
	case ARGUMENTS_HELP:
		arguments_help();
		return output_end();
	case ARGUMENTS_VERSION:
		puts("mirrorns-cvd " MIRRORNS_VERSION);
		return output_end();
	case ARGUMENTS_WRONG:
		return fail(why, STATUS_WRONG);
	case ARGUMENTS_RUN:
		break;
	}
	if (arguments.export && !mirror_check_init())
		return fail("cannot initialize libcurl: out of memory", STATUS_FAILED);
	int status = execute(&arguments);
	if (arguments.export)
		mirror_check_free();
	return status;
}
