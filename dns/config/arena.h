/* dns/config/arena.h - what a loaded configuration consists of: pieces that end together. */
#ifndef DNS_CONFIG_ARENA_H
#define DNS_CONFIG_ARENA_H

#include <stddef.h>

struct config_arena {
	const char *path; /* of the file, as given: other paths are relative to it */
	void *pieces; /* NULL: none */
};

/* Zeroed memory that lives as long as the arena; NULL: none. */
void *config_arena_take(struct config_arena *arena, size_t size);
char *config_arena_text(struct config_arena *arena, const char *text);

/* All pieces; the arena is empty then. */
void config_arena_free(struct config_arena *arena);

#endif
