#include "dns/base/command_line.h"
#include "dns/base/exit.h"
#include "tools/monitor/config/config.h"
#include "tools/monitor/export/merge.h"
#include "tools/monitor/export/merge_vote.h"
#include "tools/monitor/run/disable.h"
#include "tools/monitor/run/monitor.h"
#include "tools/monitor/run/trace.h"

#include "dns/base/command_line.h"
#include "dns/base/file.h"
#include "dns/base/log.h"
#include "dns/base/signals.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_CONFIG "/etc/mirrorns/mirrorns-monitor.conf"
#define FORMS                                                                                      \
	"mirrorns-monitor [--once | -t [--strict]] [-c FILE] | --check HOST [-c FILE] | "          \
	"--disable HOST [--for SPAN] [--why TEXT] [-c FILE] | --enable HOST [-c FILE] | "          \
	"--merge EXPORT... [-o FILE | -c FILE] | -V | -h"

static const char usage_text[] =
	"usage: mirrorns-monitor [--once | -t [--strict]] [-c FILE]\n"
	"       mirrorns-monitor --check HOST [-c FILE]\n"
	"       mirrorns-monitor --disable HOST [--for SPAN] [--why TEXT] [-c FILE]\n"
	"       mirrorns-monitor --enable HOST [-c FILE]\n"
	"       mirrorns-monitor --merge EXPORT... [-o FILE | -c FILE]\n"
	"       mirrorns-monitor -V | -h\n"
	"\n"
	"  -c, --config FILE  the configuration (" DEFAULT_CONFIG ")\n"
	"  --once             check each mirror once, write the export and the page, and exit\n"
	"  -t                 check the configuration and the files that it names, and exit\n"
	"  --strict           with -t: a warning is exit status 1\n"
	"  --check HOST       check one mirror of the list, step by step, and exit\n"
	"  --disable HOST     take one mirror of the list out of service\n"
	"  --for SPAN         with --disable: for so long, like 2h\n"
	"  --why TEXT         with --disable: what is said of it\n"
	"  --enable HOST      take it back\n"
	"  --merge            one export from those of several monitors\n"
	"  -o FILE            with --merge: write it to FILE\n"
	"  -V, --version      the version\n"
	"  -h, --help         this\n"
	"mirrorns-monitor(8) says more.\n";

static int usage(const char *found)
{
	fprintf(stderr, "mirrorns-monitor: %s; usage: " FORMS " (see mirrorns-monitor(8))\n",
		found);
	return STATUS_WRONG;
}

struct arguments {
	const char *config, *out;
	const char *check; /* a host */
	struct disable_wish wish; /* its host NULL: none is given */
	bool test, strict, once, merge, help, version;
	bool both; /* --disable and --enable, or one of them twice */
	char text[128];
};

/* NULL: they are good so far. */
static const char *arguments_read(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
		{"once", no_argument, NULL, '1'}, {"merge", no_argument, NULL, 'm'},
		{"strict", no_argument, NULL, 'S'}, {"check", required_argument, NULL, 'k'},
		{"disable", required_argument, NULL, 'd'}, {"enable", required_argument, NULL, 'e'},
		{"for", required_argument, NULL, 'f'}, {"why", required_argument, NULL, 'y'},
		{"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'},
		{.name = NULL}};
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":c:o:thV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			arguments->config = optarg;
			break;
		case 'o':
			arguments->out = optarg;
			break;
		case 't':
			arguments->test = true;
			break;
		case 'S':
			arguments->strict = true;
			break;
		case '1':
			arguments->once = true;
			break;
		case 'k':
			arguments->check = optarg;
			break;
		case 'd':
		case 'e':
			arguments->both = arguments->wish.host;
			arguments->wish.host = optarg;
			arguments->wish.back = option == 'e';
			break;
		case 'f':
			arguments->wish.span = optarg;
			break;
		case 'y':
			arguments->wish.why = optarg;
			break;
		case 'm':
			arguments->merge = true;
			break;
		case 'h':
			arguments->help = true;
			return NULL;
		case 'V':
			arguments->version = true;
			return NULL;
		default:
			return command_line_sentence(
				argv, option, arguments->text, sizeof(arguments->text));
		}
	}
	return NULL;
}

/* What is done to one host goes with nothing else. NULL: it does not try. */
static const char *host_check(const struct arguments *arguments)
{
	const struct disable_wish *wish = &arguments->wish;
	bool other = arguments->test || arguments->once || arguments->merge;
	if ((wish->span || wish->why) && (!wish->host || wish->back))
		return "--for and --why require --disable";
	if (arguments->both || (arguments->check && wish->host))
		return "--check, --disable and --enable are mutually exclusive";
	return (arguments->check || wish->host) && other
		       ? "--check, --disable and --enable cannot be combined with -t, --once or "
			 "--merge"
		       : NULL;
}

/* What does not go together. NULL: it does. */
static const char *arguments_check(struct arguments *arguments, int argc, char **argv)
{
	int count = argc - optind;
	if (arguments->strict && !arguments->test)
		return "--strict requires -t";
	if (arguments->merge) {
		if (arguments->test || arguments->once)
			return "--merge cannot be combined with -t or --once";
		if (arguments->out && arguments->config)
			return "-o and -c are mutually exclusive";
		if (count == 0)
			return "--merge requires at least one export";
		return count > MERGE_MAX ? "--merge takes at most 64 exports" : NULL;
	}
	if (arguments->out)
		return "-o requires --merge";
	if (arguments->test && arguments->once)
		return "-t and --once are mutually exclusive";
	if (!arguments->config)
		arguments->config = DEFAULT_CONFIG;
	return command_line_rest(argc, argv, arguments->text, sizeof(arguments->text));
}

/* Under whatever names. */
static bool is_same_file(const char *a, const char *b)
{
	struct file_stamp x = file_stamp(a), y = file_stamp(b);
	return strcmp(a, b) == 0 || (x.inode && x.inode == y.inode && x.device == y.device);
}

/* One export would count twice, or be overwritten with what it helps to decide. NULL: neither. */
static const char *files_check(char **paths, size_t count, const char *out)
{
	for (size_t i = 0; i < count; i++) {
		if (out && is_same_file(paths[i], out))
			return "the output file is also one of the exports to merge";
		for (size_t k = 0; k < i; k++)
			if (is_same_file(paths[i], paths[k]))
				return "an export is listed twice";
	}
	return NULL;
}

static int merge(const struct arguments *arguments, char **paths, size_t count)
{
	char why[1024];
	struct settings *settings = NULL;
	const char *out = arguments->out;
	if (arguments->config) {
		settings = settings_load(arguments->config, why, sizeof(why));
		if (!settings) {
			log_line(LOG_LEVEL_ERROR, "%s", why);
			return STATUS_WRONG;
		}
		out = settings->export;
	}
	const char *found = files_check(paths, count, out);
	int status = found ? usage(found) : merge_run((const char *const *)paths, count, out);
	settings_free(settings);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.config = NULL};
	signals_restore();
	const char *found = arguments_read(argc, argv, &arguments);
	if (!found && arguments.help) {
		fputs(usage_text, stdout);
		return STATUS_GOOD;
	}
	if (!found && arguments.version) {
		puts("mirrorns-monitor " MIRRORNS_VERSION);
		return STATUS_GOOD;
	}
	if (!found)
		found = host_check(&arguments);
	if (!found)
		found = arguments_check(&arguments, argc, argv);
	if (found)
		return usage(found);
	if (arguments.merge)
		return merge(&arguments, argv + optind, (size_t)(argc - optind));
	if (arguments.wish.host)
		return disable_run(arguments.config, &arguments.wish);
	if (arguments.check)
		return trace_run(arguments.config, arguments.check);
	if (!arguments.test)
		return monitor_run(arguments.config, arguments.once);
	int status = monitor_check(arguments.config);
	return status == STATUS_GOOD && arguments.strict && log_warnings() > 0 ? STATUS_FAILED
									       : status;
}
