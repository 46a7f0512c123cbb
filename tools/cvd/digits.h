/* tools/cvd/digits.h - decimal numbers as headers and version strings have them: digits alone,
 * nothing wraps around. */
#ifndef TOOLS_CVD_DIGITS_H
#define TOOLS_CVD_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Clients read their numbers with atoi(). */
enum { DIGITS_CLIENT_MAX = 2147483647 };

/* False: something else than digits, none at all, or more than `most`. */
static inline bool digits_parse(const char *text, size_t size, int64_t most, int64_t *number)
{
	int64_t value = 0;
	for (size_t i = 0; i < size; i++) {
		int digit = text[i] - '0';
		if (digit < 0 || digit > 9 || digit > most || value > (most - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return size > 0;
}

#endif
