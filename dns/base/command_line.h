/* dns/base/command_line.h - what the command lines of several programs have in common. */
#ifndef DNS_BASE_COMMAND_LINE_H
#define DNS_BASE_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A duration with its unit, as "30s", "10m", "2h" or "1d". False: it is none, or longer than
 * `most` seconds. */
bool command_line_duration(const char *text, int64_t most, int64_t *seconds);

/* The option that getopt_long(3) has just refused, as it was given: "-x", which goes to `letter`,
 * or "--name". */
const char *command_line_refused(char *const *argv, char letter[3]);
/* What it has returned, '?' or ':' (opterr is 0, the short options begin with a colon), as a
 * sentence. Returns `text`. */
const char *command_line_sentence(char *const *argv, int option, char *text, size_t size);
/* What is left behind the options; NULL: nothing. */
const char *command_line_rest(int argc, char *const *argv, char *text, size_t size);

#endif
