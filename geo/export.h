/* geo/export.h - an export on its way in: its members, where something stands in it, and what is
 * wrong there.
 *
 * Only geo/mirror.c reads exports; this is its tongue. The text is walked over once to check and to
 * measure it, and again to read what counts, one value at a time: what is ignored is never built.
 * Every sentence names file and line, and host and field where there are any. All refusals return
 * false. */
#ifndef GEO_EXPORT_H
#define GEO_EXPORT_H

#include "geo/mirrors.h"
#include "geo/scan.h"

#include <jansson.h>

enum { EXPORT_HOST_MAX = 253, EXPORT_COUNT_MAX = 1000000 /* mirrors, and addresses */ };

struct export
{
	struct scan scan;
	const char *file;
	char *why;
	size_t why_size;
	size_t mirror_count, address_count, octets; /* measured; octets: of strings */
	struct mirrors *mirrors;
	char *copy; /* free room for strings in the arena */
};

enum { SPOT_NONE = -1 };

/* A place that a sentence can be about. */
struct spot {
	ptrdiff_t mirror; /* SPOT_NONE: a member of the export itself */
	const char *field; /* NULL: the mirror, or the export, itself */
	unsigned line;
	struct span value; /* at NULL: there is no such member */
};

/* A member that counts. */
struct field {
	const char *name;
	bool (*measure)(struct export
			*export); /* walks over the value; NULL: it needs no room of its own */
	bool (*parse)(
		struct export *export, const struct spot *spot, const json_t *value, void *target);
	size_t offset; /* of the target in what the object describes */
};

/* Walks over the object here, and notes where the members are that count. False: refused, or a
 * fault. */
bool export_members(struct export *export, const struct field *fields, size_t count,
	ptrdiff_t mirror, struct spot *spots);
/* Reads these members into `target`. */
bool export_fields(struct export *export, const struct field *fields, size_t count,
	const struct spot *spots, void *target);
/* A value that was walked over, as found_load; NULL: refused. */
json_t *export_load(struct export *export, const struct span *value);
/* One more mirror or address. */
bool export_count(struct export *export, size_t *count, const char *what);
/* Copies a JSON string into the arena. */
const char *export_copy(struct export *export, const json_t *string);

__attribute__((format(printf, 3, 4))) bool export_refuse(
	const struct export *export, const struct spot *spot, const char *format, ...);
/* "field is VALUE, expected EXPECTED"; value NULL: it is missing. */
bool export_refuse_value(const struct export *export, const struct spot *spot, const json_t *value,
	const char *expected);
bool export_refuse_memory(const struct export *export);

#endif
