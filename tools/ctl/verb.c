#include "tools/ctl/verb.h"

#include <stdio.h>
#include <string.h>

enum { SECONDS = 10, SECONDS_RELOAD = 120 };

static const struct verb verbs[] = {
	{"status", "what is served: zones, exports, TXT strings, country database, last reload",
		"Exit status 0 says that the server replied, not that all is well: the column "
		"STATE "
		"does.",
		.seconds = SECONDS, .show = view_status},
	{"explain", "who gets what, and why: one name for one client",
		"NAME is absolute or relative to a zone. ADDRESS is the client's source address; "
		"with "
		"/LEN it is a\nclient subnet (ECS), as a resolver sends it. Ends with a real "
		"answer of "
		"the server.",
		.required = 2,
		.arguments = {{"NAME", NULL, "name", VERB_TEXT, NULL},
			{"ADDRESS[/LEN]", NULL, "address", VERB_ADDRESS, NULL}},
		.seconds = SECONDS, .show = view_explain},
	{"pools", "what each pool has in each country; who is thin or empty",
		"PATTERN limits it by name: '*' and '?' as in a shell, any case; \"db.de\", "
		"\"db.*\".",
		.arguments = {{"PATTERN", NULL, "pattern", VERB_TEXT, NULL}},
		.options = {{"--html", NULL, NULL, VERB_HTML,
			"print the whole table as one HTML page, which needs nothing else"}},
		.seconds = SECONDS, .show = view_pools, .page = view_pools_page},
	{"pings", "what clients have told of mirrors by statistics names: a hint, never a verdict",
		"PATTERN limits mirrors: a host, an address, a network or a glob, as drain takes "
		"it. Anybody can tell\nanything of any mirror: look where failures pile up, then "
		"see for yourself.",
		.arguments = {{"PATTERN", NULL, "pattern", VERB_TEXT, NULL}}, .seconds = SECONDS,
		.show = view_pings},
	{"diff", "what would change if an export were loaded, and whether it would be refused",
		"EXPORT is read by the server's user. Exit status: 0 the same, 1 changes, 2 "
		"refused or "
		"unreadable.",
		.required = 1, .arguments = {{"EXPORT", NULL, "file", VERB_FILE, NULL}},
		.seconds = SECONDS_RELOAD, .show = view_diff},
	{"reload", "read everything again; ends when it is served, or was refused",
		"Exit status: 0 all is served, 1 something was refused and its last good copy is "
		"served.",
		.options = {{"--force", NULL, "force", VERB_FLAG,
			"take an export although its serial, age or size refuses it"}},
		.seconds = SECONDS_RELOAD, .show = view_reload},
	{"drain", "take mirrors out of the answers: by host, address, CIDR or glob",
		"Kept over restarts, until undrain or the end of --for. Clients are gone when the "
		"pool's TTL is over.",
		.required = 1, .arguments = {{"GLOB", NULL, "glob", VERB_TEXT, NULL}},
		.options = {{"--for", "DURATION", "for_seconds", VERB_SPAN,
				    "end by itself: 30s 10m 2h 1d"},
			{"--why", "TEXT", "why", VERB_TEXT, "a reason, which explain shows"},
			{"--force", NULL, "force", VERB_FLAG,
				"even if it takes the last mirror of every level"}},
		.seconds = SECONDS_RELOAD, .show = view_drain},
	{"undrain", "put them back: the GLOB as it was drained", "", .required = 1,
		.arguments = {{"GLOB", NULL, "glob", VERB_TEXT, NULL}}, .seconds = SECONDS_RELOAD,
		.show = view_drain},
	{"stats", "what the server has counted since its start", "",
		.options = {{"--watch", NULL, NULL, VERB_WATCH,
			"again each second, with rates, until interrupted"}},
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
	printf("\n--json prints the result as JSON; mirrornsctl(8) says more.\n");
}
