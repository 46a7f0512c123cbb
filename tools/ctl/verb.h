/* tools/ctl/verb.h - the verbs: what each takes, says of itself, and shows. One row each. */
#ifndef TOOLS_CTL_VERB_H
#define TOOLS_CTL_VERB_H

#include "tools/ctl/view.h"

enum { VERB_ARGUMENTS_MAX = 2, VERB_OPTIONS_MAX = 4 };

/* How the text of an argument or option goes into the request. */
enum verb_kind {
	VERB_TEXT,
	VERB_ADDRESS, /* checked here, so that a typing error is one of the command line */
	VERB_FILE, /* made absolute: the server stands elsewhere */
	VERB_SPAN, /* 30s 10m 2h 1d: seconds */
	VERB_FLAG, /* an option without a value: true */
	VERB_WATCH, /* the same, and not the server's business */
	VERB_HTML, /* the same */
	VERB_READY, /* the same */
};

struct verb_argument {
	const char *name; /* of an option with its "--"; NULL: there are no more */
	const char *value; /* of an option, as help calls it; NULL: it takes none */
	const char *key; /* in the request */
	enum verb_kind kind;
	const char *help;
};

struct verb {
	const char *name;
	const char *summary; /* one line */
	const char *help; /* what else --help says */
	unsigned required; /* arguments that must be there */
	struct verb_argument arguments[VERB_ARGUMENTS_MAX + 1];
	struct verb_argument options[VERB_OPTIONS_MAX + 1];
	unsigned seconds; /* time limit of a reply */
	view_show *show; /* NULL: it prints a line of its own, and has exit statuses of its own */
	view_show *page; /* as HTML; NULL: there is none */
};

/* NULL: there is no such verb. */
const struct verb *verb_find(const char *name);
/* Rows in the order of help; NULL: no more. */
const struct verb *verb_at(unsigned i);

/* "explain NAME ADDRESS[/LEN]" on the standard output. */
void verb_usage(const struct verb *verb);
void verb_help(const struct verb *verb);

#endif
