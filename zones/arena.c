#include "zones/arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 1 << 16 };

struct block {
	struct block *next;
	char octets[];
};

struct arena {
	struct block *blocks;
	char *at;
	size_t left;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void *arena_take(struct arena *arena, size_t size)
{
	if (size > arena->left) {
		size_t room = size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE;
		struct block *block = malloc(sizeof *block + room);
		if (!block)
			return NULL;
		block->next = arena->blocks;
		arena->blocks = block;
		if (room == size)
			return block->octets;
		arena->at = block->octets;
		arena->left = room;
	}
	char *taken = arena->at;
	arena->at += size;
	arena->left -= size;
	return taken;
}

void *arena_copy(struct arena *arena, const void *octets, size_t size)
{
	void *copy = arena_take(arena, size);
	if (copy && size)
		memcpy(copy, octets, size);
	return copy;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->blocks) {
		struct block *block = arena->blocks;
		arena->blocks = block->next;
		free(block);
	}
	free(arena);
}
