#include "dns/base/exit.h"
#include "dns/base/log.h"
#include "dns/base/signals.h"
#include "tools/cvd/arguments.h"
#include "tools/cvd/follow.h"
#include "tools/cvd/pass.h"
#include "tools/cvd/quorum.h"

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
		       : fail("the output could not be written", STATUS_FAILED);
}

static int run_once(const struct arguments *arguments)
{
	char why[PASS_WHY_MAX] = "";
	struct pass pass = {.arguments = arguments, .force = arguments->force, .due = true};
	switch (pass_run(&pass, why, sizeof(why))) {
	case PASS_EMPTY:
	case PASS_FAILED:
		return fail(why, STATUS_FAILED);
	case PASS_HELD:
		log_line(LOG_LEVEL_WARNING, "mirrorns-cvd: %s", why);
		break;
	case PASS_DONE:
		break;
	}
	if (!arguments->output)
		puts(pass.text);
	return output_end();
}

static int run(const struct arguments *arguments)
{
	char why[PASS_WHY_MAX] = "";
	if (!pass_check(arguments, why, sizeof(why)))
		return fail(why, STATUS_WRONG);
	if (!arguments->watch)
		return run_once(arguments);
	return follow_run(arguments, why, sizeof(why)) ? STATUS_GOOD : fail(why, STATUS_FAILED);
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	char why[PASS_WHY_MAX] = "";
	(void)argc;
	signals_restore();
	switch (arguments_parse(&arguments, argv + 1, why, sizeof(why))) {
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
	if (arguments.export && !quorum_init())
		return fail("libcurl cannot be used: no memory", STATUS_FAILED);
	int status = run(&arguments);
	if (arguments.export)
		quorum_free();
	return status;
}
