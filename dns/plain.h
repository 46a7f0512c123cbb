/* dns/plain.h - texts of any octets as JSON strings.
 *
 * JSON is UTF-8; names and paths of a configuration may be anything. */
#ifndef DNS_PLAIN_H
#define DNS_PLAIN_H

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A new string; what is no UTF-8 has a '?' for each octet beyond ASCII. NULL: no memory. */
static inline json_t *plain_json(const char *text)
{
	json_t *string = json_string(text);
	char *copy = string ? NULL : strdup(text);
	if (!copy)
		return string;
	for (char *at = copy; *at; at++)
		if ((unsigned char)*at > 0x7E)
			*at = '?';
	string = json_string(copy);
	free(copy);
	return string;
}

#endif
