/* dns/config/include.h - the files that an include names. */
#ifndef DNS_CONFIG_INCLUDE_H
#define DNS_CONFIG_INCLUDE_H

#include "dns/config/lexer.h"

typedef bool config_include_take(void *context, const char *path, unsigned line);

/* Calls `take` with each: one path, or what a glob matches, sorted, which may be nothing. Paths are
 * relative to the file that has the line. False: refused, or `take` has. */
bool config_include_each(const struct config_why *why, unsigned line, const char *pattern,
	config_include_take *take, void *context);

#endif
