/* zones/source.h - a zone file and what it includes, one record after the other.
 *
 * $ORIGIN, $TTL, $INCLUDE (relative to the including file, which gets its origin and owner back
 * after it, RFC 1035 5.1) and $GENERATE are obeyed here; so are owners that are left out, and TTL
 * and class in either order. Of RDATA nothing is known. */
#ifndef ZONES_SOURCE_H
#define ZONES_SOURCE_H

#include "zones/arena.h"
#include "zones/name.h"
#include "zones/word.h"

enum {
	SOURCE_DEPTH_MAX = 10, /* $INCLUDE within $INCLUDE */
	SOURCE_FILES_MAX = 10000,
	SOURCE_GENERATED_MAX = 1000000, /* records made by $GENERATE, all together */
	SOURCE_TTL_MAX = 0x7FFFFFFF, /* RFC 2181 8 */
};

struct source_place {
	const char *file;
	unsigned line; /* 0: the file as a whole */
};

struct source_record {
	struct source_place place; /* of its first word; the file's name is in the arena */
	const uint8_t *owner, *origin;
	bool has_ttl; /* its own or $TTL's */
	uint32_t ttl;
	const char *type;
	const struct word *words; /* RDATA; good until the next source_next */
	size_t count;
};

enum source_result { SOURCE_RECORD, SOURCE_END, SOURCE_REFUSED };

struct source;

/* NULL: one sentence. `arena` outlives the source. */
struct source *source_open(
	const char *path, const uint8_t *apex, struct arena *arena, char *why, size_t size);
enum source_result source_next(
	struct source *source, struct source_record *record, char *why, size_t size);
void source_close(struct source *source);

/* Writes "file:line: " and the sentence, in printable characters; always false. */
bool source_refuse(const struct source_place *place, char *why, size_t size, const char *format,
	...) __attribute__((format(printf, 4, 5)));

#endif
