/* dns/base/log_text.h - the text of a log line: what comes from outside can neither steer a
 * terminal nor pass for a pair.
 *
 * The pairs of a line begin at its first blank, key and "=": values keep to themselves by their
 * quotes, and a sentence has nothing of the kind. Strings are shown by what stands around them in
 * the format:
 *
 * key=%s a value: with an octet other than letters, digits and ._:/@%+,*- (or none at all) it is in
 * double quotes,
 *         `"` and `\` escaped
 * %-s words of ours that may have pairs %s part of the sentence: an = that would make a pair
 * becomes '?'
 *
 * In all of them control characters (C0, C1, those of text direction, line and paragraph
 * separators), and octets that are no UTF-8, become '?'. */
#ifndef DNS_BASE_LOG_TEXT_H
#define DNS_BASE_LOG_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf(3), but returns the octets written, less than `size`: what has no room is cut at a
 * character, within quotes with their end. It knows s, .*s, d, i, u, x, f and the lengths l, ll, j,
 * z. */
size_t log_text_write(char *text, size_t size, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

#endif
