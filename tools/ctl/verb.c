#include "tools/ctl/verb.h"

#include <stdio.h>
#include <string.h>

enum { SECONDS = 10, SECONDS_CHECK = 5, SECONDS_RELOAD = 120 };

static const struct verb verbs[] = {
	{"status", "what is in service: zones, exports, TXT strings, country database, last reload",
		"Exit status 0 means that the server replied, not that all is well: "
		"see the column STATE.",
		.seconds = SECONDS, .show = view_status},
	{"check", "one line for a monitoring system: is all well? (Nagios plugin API)",
		"Exit status: 0 all is ok, 1 something is stale or refused, or the last reload "
		"failed,\n2 no answer within 5 s, a worker does not respond, an export or TXT "
		"is missing,\n3 the command line is wrong, or permission is denied.",
		.options = {{"--ready", NULL, NULL, VERB_READY,
			"0 if the server serves, however old its data is, else 2"}},
		.seconds = SECONDS_CHECK},
	{"explain", "which mirrors a client gets for a name, and why",
		"NAME is absolute or relative to a zone. "
		"ADDRESS is the client's source address;\n"
		"with /LEN it is a client subnet (ECS), as a resolver sends it. "
		"Ends with a real answer of the server.",
		.required = 2,
		.arguments = {{"NAME", NULL, "name", VERB_TEXT, NULL},
			{"ADDRESS[/LEN]", NULL, "address", VERB_ADDRESS, NULL}},
		.seconds = SECONDS, .show = view_explain},
	{"pools", "members of each pool by country; which are below min-members or empty",
		"PATTERN limits it by name: '*' and '?' as in a shell, any case; "
		"\"db.de\", \"db.*\".",
		.arguments = {{"PATTERN", NULL, "pattern", VERB_TEXT, NULL}},
		.options = {{"--html", NULL, NULL, VERB_HTML,
			"print the whole table as one self-contained HTML page"}},
		.seconds = SECONDS, .show = view_pools, .page = view_pools_page},
	{"pings", "success and failure counts reported through ping names (unauthenticated)",
		"PATTERN limits mirrors: a host, an address, a network or a glob, as for drain. "
		"Anyone can send\nreports: use them as a hint where to look, never as proof.",
		.arguments = {{"PATTERN", NULL, "pattern", VERB_TEXT, NULL}}, .seconds = SECONDS,
		.show = view_pings},
	{"diff", "compare an export with the one in service; would it be refused?",
		"EXPORT is read by the server's user. Exit status: 0 no change, 1 changes, "
		"2 refused or unreadable.",
		.required = 1, .arguments = {{"EXPORT", NULL, "file", VERB_FILE, NULL}},
		.seconds = SECONDS_RELOAD, .show = view_diff},
	{"reload", "read all files again; returns when they are in service or refused",
		"Exit status: 0 all files in service, 1 a file was refused "
		"(its last good copy stays in service).",
		.options = {{"--force", NULL, "force", VERB_FLAG,
			"accept an export despite its serial, age or shrink"}},
		.seconds = SECONDS_RELOAD, .show = view_reload},
	{"drain", "remove mirrors from the answers: by host, address, CIDR or glob",
		"Survives restarts, until undrain or the end of --for. "
		"Cached answers expire within the pool's TTL.",
		.required = 1, .arguments = {{"GLOB", NULL, "glob", VERB_TEXT, NULL}},
		.options = {{"--for", "DURATION", "for_seconds", VERB_SPAN,
				    "expire after this time: 30s 10m 2h 1d"},
			{"--why", "TEXT", "why", VERB_TEXT, "a reason, shown by explain"},
			{"--force", NULL, "force", VERB_FLAG,
				"even if no mirror is left at any level"}},
		.seconds = SECONDS_RELOAD, .show = view_drain},
	{"undrain", "put mirrors back: GLOB exactly as it was drained", "", .required = 1,
		.arguments = {{"GLOB", NULL, "glob", VERB_TEXT, NULL}}, .seconds = SECONDS_RELOAD,
		.show = view_drain},
	{"stats", "counters of the server since its start", "",
		.options = {{"--watch", NULL, NULL, VERB_WATCH,
			"repeat every second, with rates, until interrupted"}},
		.seconds = SECONDS, .show = view_stats},
};

enum { VERBS = sizeof(verbs) / sizeof(*verbs) };

const struct verb *verb_find(const char *name)
{
	for (unsigned i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

const struct verb *verb_at(unsigned i)
{
	return i < VERBS ? &verbs[i] : NULL;
}

void verb_usage(const struct verb *verb)
{
	printf("%s", verb->name);
	for (unsigned i = 0; verb->arguments[i].name; i++)
		printf(i < verb->required ? " %s" : " [%s]", verb->arguments[i].name);
	for (unsigned i = 0; verb->options[i].name; i++)
		printf(" [%s%s%s]", verb->options[i].name, verb->options[i].value ? " " : "",
			verb->options[i].value ? verb->options[i].value : "");
}

void verb_help(const struct verb *verb)
{
	printf("usage: mirrornsctl ");
	verb_usage(verb);
	printf("\n\n%s: %s.\n", verb->name, verb->summary);
	if (*verb->help)
		printf("%s\n", verb->help);
	for (unsigned i = 0; verb->options[i].name; i++) {
		const struct verb_argument *option = &verb->options[i];
		char text[64];
		snprintf(text, sizeof(text), "%s%s%s", option->name, option->value ? " " : "",
			option->value ? option->value : "");
		printf("%s  %-16s  %s\n", i ? "" : "\n", text, option->help);
	}
	printf("\n--json prints the result as JSON. See mirrornsctl(8).\n");
}
