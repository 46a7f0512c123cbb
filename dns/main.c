#include "dns/base/exit.h"
#include "dns/base/log.h"
#include "dns/base/signals.h"
#include "dns/explain/lint.h"
#include "dns/server/load.h"
#include "dns/server/server.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

static int usage(const char *found, const char *what)
{
	fprintf(stderr,
		"mirrorns: %s%s; usage: mirrorns [-t] -c FILE | --takeover -c FILE | -V (see mirrorns(8))\n",
		found, what);
	return STATUS_WRONG;
}

/* mirrorns -t */
static int check(const char *path)
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
	lint_pools(snapshot);
	log_line(LOG_LEVEL_INFO, "%s is valid%s", path,
		refused ? "; a start would use the last good copies of the files refused above"
			: "");
	snapshot_free(snapshot);
	return STATUS_GOOD;
}

int main(int argc, char **argv)
{
	const char *path = NULL;
	bool test = false, takeover = false;
	static const struct option options[] = {
		{"takeover", no_argument, NULL, 'T'}, {.name = NULL}};
	int option;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* nothing that runs from here on gains rights */
	signals_restore();
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:c:tV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
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
		case ':':
			return usage("-c needs a file", "");
		default:
			return usage("unknown option ",
				optopt ? (char[]){'-', (char)optopt, '\0'} : argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage("unexpected argument ", argv[optind]);
	if (test && takeover)
		return usage("-t and --takeover are mutually exclusive", "");
	if (!path)
		return usage("no configuration file, -c FILE is required", "");
	return test ? check(path) : server_run(path, takeover);
}
