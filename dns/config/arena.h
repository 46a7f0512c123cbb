/* dns/config/arena.h - what a loaded configuration consists of: pieces that end together. */
#ifndef DNS_CONFIG_ARENA_H
#define DNS_CONFIG_ARENA_H

#include <stddef.h>

enum {
	CONFIG_INCLUDES_MAX = 1000, /* files */
	CONFIG_FILE_LINES = 1 << 21, /* more than one file can have */
	CONFIG_PLACE_MAX = 160, /* octets */
};

/* A line's number is its own and CONFIG_FILE_LINES times that of its file: 0 is the configuration
 * file itself, 1 the first of `includes`. */
struct config_arena {
	const char
		*path; /* of the file, as given: other paths are relative to the file they are in */
	const char **includes; /* NULL: none */
	size_t include_count;
	void *pieces; /* NULL: none */
};

/* The file a line is in, and its number there. */
const char *config_line_file(const struct config_arena *arena, unsigned line);
unsigned config_line_number(unsigned line);
/* "line 7", or "FILE:7" where `from` is in another file. Returns `place`. */
const char *config_line_place(const struct config_arena *arena, unsigned line, unsigned from,
	char place[CONFIG_PLACE_MAX]);

/* Zeroed memory that lives as long as the arena; NULL: none. */
void *config_arena_take(struct config_arena *arena, size_t size);
char *config_arena_text(struct config_arena *arena, const char *text);

/* All pieces; the arena is empty then. */
void config_arena_free(struct config_arena *arena);

#endif
