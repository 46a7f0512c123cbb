#include "dns/config/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* Every piece is linked to the one before. */
struct piece {
	struct piece *next;
	alignas(max_align_t) unsigned char octets[];
};

void *config_arena_take(struct config_arena *arena, size_t size)
{
	struct piece *piece = calloc(1, sizeof(*piece) + size);

	if (!piece)
		return NULL;
	piece->next = arena->pieces;
	arena->pieces = piece;
	return piece->octets;
}

char *config_arena_text(struct config_arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = config_arena_take(arena, size);

	return copy ? memcpy(copy, text, size) : NULL;
}

void config_arena_free(struct config_arena *arena)
{
	struct piece *piece = arena->pieces;

	while (piece) {
		struct piece *next = piece->next;

		free(piece);
		piece = next;
	}
	*arena = (struct config_arena){0};
}
