/* tools/monitor/config/hostname.h - what may be a host's name (RFC 1035 2.3.1, RFC 1123 2.1). */
#ifndef TOOLS_MONITOR_CONFIG_HOSTNAME_H
#define TOOLS_MONITOR_CONFIG_HOSTNAME_H

#include <stdbool.h>
#include <stddef.h>

enum { HOST_MAX = 253 };

/* Labels of 1 to 63 letters, digits and inner hyphens, HOST_MAX octets in all, perhaps with a dot
 * at the end; where `underscores`, these are as good as letters. */
bool host_fits(const char *text, size_t size, bool underscores);

/* Are they one name? Neither case nor a dot at the end makes another. */
bool host_equal(const char *a, const char *b);

#endif
