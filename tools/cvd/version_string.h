/* tools/cvd/version_string.h - the version string that clients query at current.cvd: eight fields.
 *
 * Recommended version : main : daily : record time : warn flag : functionality level : safebrowsing
 * : bytecode. No I/O here. */
#ifndef TOOLS_CVD_VERSION_STRING_H
#define TOOLS_CVD_VERSION_STRING_H

#include "tools/cvd/cvd.h"

enum { VERSION_STRING_MAX = 255 /* clients read one character-string */ };

struct version_string {
	char recommended[VERSION_STRING_MAX + 1]; /* never empty, no colon, no blank */
	uint32_t versions[CVD_DATABASES]; /* 0: there is no such database */
	int64_t time; /* Unix seconds of the last refresh */
	bool warn; /* may clients tell that they are outdated? */
	uint32_t flevel; /* functionality level */
	unsigned count; /* fields that were found, 4 to 8: what is behind them is 0 */
};

/* Reads the first line of `text`, a CR at its end dropped. False: one sentence that says what was
 * found and expected, without the file's name. */
bool version_string_parse(
	struct version_string *string, const char *text, size_t size, char *why, size_t why_size);

/* May this be field 0? */
bool version_string_recommended_fits(const char *text);

/* All eight fields, and no empty one; returns the length. 0: it would be longer than
 * VERSION_STRING_MAX. */
size_t version_string_print(const struct version_string *string, char text[VERSION_STRING_MAX + 1]);

#endif
