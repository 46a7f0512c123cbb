/* dns/base/why.h - the one sentence about a failure. */
#ifndef DNS_BASE_WHY_H
#define DNS_BASE_WHY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes it; always false: to be returned. */
static inline __attribute__((format(printf, 3, 4))) bool why_write(
	char *why, size_t size, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(why, size, format, arguments);
	va_end(arguments);
	return false;
}

#endif
