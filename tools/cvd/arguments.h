/* tools/cvd/arguments.h - the command line. */
#ifndef TOOLS_CVD_ARGUMENTS_H
#define TOOLS_CVD_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum arguments_result {
	ARGUMENTS_RUN,
	ARGUMENTS_HELP,
	ARGUMENTS_VERSION,
	ARGUMENTS_WRONG, /* the sentence is written */
};

/* Texts are the process's own; NULL and -1: not given. */
struct arguments {
	const char *directory; /* of the databases */
	const char *output; /* the file of the version string; NULL: standard output */
	const char *recommended; /* field 0 */
	const char *names; /* directory for the strings of the <db>.cvd names */
	const char *export, *host; /* mirrors to be asked, and by which name */
	int64_t warn, flevel, safebrowsing; /* fields 4, 5, 6 */
	int64_t share; /* per cent of the addresses */
	int64_t port;
	int64_t refresh; /* seconds */
	bool force, watch;
};

enum arguments_result arguments_parse(
	struct arguments *arguments, int count, char **words, char *why, size_t size);
/* On the standard output. */
void arguments_help(void);

#endif
