/* geo/export.h - an export on its way in: where something stands in it, and what is wrong there.
 *
 * Only geo/mirror.c reads exports; this is its tongue. Every sentence names file and line, and host
 * and field where there are any. All refusals return false. */
#ifndef GEO_EXPORT_H
#define GEO_EXPORT_H

#include "geo/mirrors.h"

#include <jansson.h>

enum { EXPORT_HOST_MAX = 253 };

struct export
{
	const char *text;
	size_t text_size;
	const char *file;
	char *why;
	size_t why_size;
	json_t *root, *list; /* list: its "mirrors" */
	struct mirrors *mirrors;
	char *copy; /* free room for strings in the arena */
};

enum { SPOT_NONE = -1 };

/* A place that a sentence can be about. */
struct spot {
	ptrdiff_t mirror; /* SPOT_NONE: a member of the export itself */
	const char *field; /* NULL: the mirror, or the export, itself */
	ptrdiff_t element; /* of an array of addresses, or SPOT_NONE */
};

unsigned spot_line(const struct export *export, const struct spot *spot);
struct spot spot_address(const struct mirrors *mirrors, const struct mirror_address *address);

/* Gives every mirror its line. */
void export_number(const struct export *export);
/* Copies a JSON string into the arena. */
const char *export_copy(struct export *export, const json_t *string);

__attribute__((format(printf, 3, 4))) bool export_refuse(
	const struct export *export, const struct spot *spot, const char *format, ...);
/* "field is VALUE, expected EXPECTED"; value NULL: it is missing. */
bool export_refuse_value(const struct export *export, const struct spot *spot, const json_t *value,
	const char *expected);
bool export_refuse_memory(const struct export *export);

#endif
