/* tools/cvd/fields.h - a text of fields separated by colons, as headers and version strings
 * are, and the sentence about one that is wrong. No I/O here, and no trust. */
#ifndef TOOLS_CVD_FIELDS_H
#define TOOLS_CVD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIELDS_MAX = 9 };

struct field {
	const char *text; /* not terminated */
	size_t size;
};

struct fields {
	struct field list[FIELDS_MAX];
	size_t count; /* may be more than the list has room for */
};

/* A field that is a number. */
struct field_number {
	const char *name; /* NULL: it is none */
	int64_t most; /* 0: DIGITS_CLIENT_MAX, and `expected` says so */
	const char *expected;
};

void fields_split(struct fields *fields, const char *text, size_t size);
/* Reads those that are numbers, as far as there are fields. False: one sentence. */
bool fields_read_numbers(const struct fields *fields, const struct field_number kinds[FIELDS_MAX],
	int64_t numbers[FIELDS_MAX], char *why, size_t size);
/* Always false: what was found and expected. */
bool field_refuse(
	const struct field *field, const char *name, const char *expected, char *why, size_t size);

#endif
