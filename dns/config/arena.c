#include "dns/config/arena.h"

#include <stdalign.h>
#include <stdio.h>
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

const char *config_line_file(const struct config_arena *arena, unsigned line)
{
	unsigned file = line / CONFIG_FILE_LINES;
	return file ? arena->includes[file - 1] : arena->path;
}

unsigned config_line_number(unsigned line)
{
	return line % CONFIG_FILE_LINES;
}

const char *config_line_place(const struct config_arena *arena, unsigned line, unsigned from,
	char place[CONFIG_PLACE_MAX])
{
	unsigned number = config_line_number(line);
	if (line / CONFIG_FILE_LINES == from / CONFIG_FILE_LINES)
		snprintf(place, CONFIG_PLACE_MAX, "line %u", number);
	else
		snprintf(place, CONFIG_PLACE_MAX, "%.140s:%u", config_line_file(arena, line),
			number);
	return place;
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
