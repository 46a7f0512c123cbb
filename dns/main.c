#include "dns/base/command_line.h"
#include "dns/base/exit.h"
#include "dns/base/log.h"
#include "dns/base/signals.h"
#include "dns/explain/lint.h"
#include "dns/server/load.h"
#include "dns/server/server.h"
#include "dns/server/trial.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/mirrorns/mirrorns.conf"

static const char usage_text[] =
	"usage: mirrorns [-t [--strict] | --takeover] [-c FILE]\n"
	"       mirrorns -V | -h\n"
	"\n"
	"  -c, --config FILE  the configuration (" DEFAULT_CONFIG ")\n"
	"  -t                 check all that a start would load, and exit\n"
	"  --strict           with -t: a warning is exit status 1\n"
	"  --takeover         replace the running server that has the same `control`\n"
	"  -V, --version      the version\n"
	"  -h, --help         this\n"
	"mirrorns(8) says more.\n";

static int usage(const char *what)
{
	fprintf(stderr,
		"mirrorns: %s; usage: mirrorns [-t [--strict] | --takeover] [-c FILE] | -V | -h "
		"(see mirrorns(8))\n",
		what);
	return STATUS_WRONG;
}

/* mirrorns -t: a warning fails what is strict. */
static int check(const char *path, bool strict)
{
	unsigned refused;
	char why[SERVER_WHY_MAX];
	struct account account;
	struct snapshot *snapshot = server_load(path, &account, &refused, why);
	if (!snapshot) {
		log_line(LOG_LEVEL_ERROR, "%s", why);
		return STATUS_WRONG;
	}
	inputs_say(snapshot->inputs);
	server_say_zones(snapshot);
	lint_summary(snapshot);
	lint_txts(snapshot);
	lint_pools(snapshot);
	if (!trial_run(inputs_config(snapshot->inputs), &account, why, sizeof(why))) {
		log_line(LOG_LEVEL_ERROR, "%s", why);
		snapshot_free(snapshot);
		return STATUS_WRONG;
	}
	log_line(LOG_LEVEL_INFO, "%s is valid%s", path,
		refused ? "; a start would use the last good copies of the files refused above"
			: "");
	snapshot_free(snapshot);
	return strict && log_warnings() > 0 ? STATUS_FAILED : STATUS_GOOD;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
		{"strict", no_argument, NULL, 'S'}, {"takeover", no_argument, NULL, 'T'},
		{"version", no_argument, NULL, 'V'}, {"help", no_argument, NULL, 'h'},
		{.name = NULL}};
	const char *path = DEFAULT_CONFIG, *found;
	bool test = false, strict = false, takeover = false;
	char text[128];
	int option;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* nothing that runs from here on gains rights */
	signals_restore();
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:c:thV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'S':
			strict = true;
			break;
		case 'T':
			takeover = true;
			break;
		case 't':
			test = true;
			break;
		case 'V':
			puts("mirrorns " MIRRORNS_VERSION);
			return STATUS_GOOD;
		case 'h':
			fputs(usage_text, stdout);
			return STATUS_GOOD;
		default:
			return usage(command_line_sentence(argv, option, text, sizeof(text)));
		}
	}
	found = command_line_rest(argc, argv, text, sizeof(text));
	if (!found && test && takeover)
		found = "-t and --takeover are mutually exclusive";
	if (!found && strict && !test)
		found = "--strict requires -t";
	if (found)
		return usage(found);
	return test ? check(path, strict) : server_run(path, takeover);
}
