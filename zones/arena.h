/* zones/arena.h - octets that live as long as a zone or a loaded zone file, freed as one. */
#ifndef ZONES_ARENA_H
#define ZONES_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void); /* NULL: no memory */
/* Room for `size` octets, aligned only where all sizes are multiples of eight; NULL: no memory. */
void *arena_take(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *octets, size_t size);
void arena_free(struct arena *arena); /* NULL is fine */

#endif
