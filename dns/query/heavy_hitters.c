#include "dns/query/heavy_hitters.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES_MAX = 8 };

static uint64_t load(const _Atomic uint64_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

static void store(_Atomic uint64_t *at, uint64_t value)
{
	atomic_store_explicit(at, value, memory_order_relaxed);
}

bool heavy_hitters_init(struct heavy_hitters *top, size_t sets)
{
	top->mask = sets - 1;
	top->rows = calloc(sets * PING_TOP_WAYS, sizeof(*top->rows));
	return top->rows;
}

void heavy_hitters_free(struct heavy_hitters *top)
{
	free(top->rows);
}

/* The rows that a key may have. */
static struct ping_row *set_of(const struct heavy_hitters *top, const uint64_t key[2])
{
	unsigned __int128 product =
		(unsigned __int128)(key[0] ^ 0x6A09E667F3BCC909) * (key[1] ^ 0xD6E8FEB86659FD93);
	size_t set = (size_t)(product ^ product >> 64) & top->mask;
	return top->rows + set * PING_TOP_WAYS;
}

static uint64_t item_total(const struct ping_item *item)
{
	return item->counts[PING_OK] + item->counts[PING_FAILED] + item->error;
}

static void item_read(const struct ping_row *row, struct ping_item *item)
{
	for (unsigned i = 0; i < 2; i++)
		item->key[i] = load(&row->key[i]);
	for (unsigned i = 0; i < PING_RESULTS; i++)
		item->counts[i] = load(&row->counts[i]);
	item->error = load(&row->error);
}

/* Gives a row to another key; who reads it meanwhile looks again. */
static void row_write(struct ping_row *row, const struct ping_item *item)
{
	uint64_t change = load(&row->change);
	store(&row->change, change + 1);
	atomic_thread_fence(memory_order_release);
	for (unsigned i = 0; i < 2; i++)
		store(&row->key[i], item->key[i]);
	for (unsigned i = 0; i < PING_RESULTS; i++)
		store(&row->counts[i], item->counts[i]);
	store(&row->error, item->error);
	atomic_store_explicit(&row->change, change + 2, memory_order_release);
}

/* A key that has no row takes that with the least; a free one has 0. */
static void row_take(struct ping_row *set, const uint64_t key[2], bool failed)
{
	struct ping_item item;
	struct ping_row *least = set;
	uint64_t error = UINT64_MAX;
	for (unsigned way = 0; way < PING_TOP_WAYS; way++) {
		item_read(&set[way], &item);
		if (item_total(&item) < error) {
			error = item_total(&item);
			least = &set[way];
		}
	}
	item = (struct ping_item){.key = {key[0], key[1]}, .error = error};
	item.counts[failed] = 1;
	row_write(least, &item);
}

void heavy_hitters_add(struct heavy_hitters *top, const uint64_t key[2], bool failed)
{
	struct ping_row *set = set_of(top, key), *row = set;
	for (; row < set + PING_TOP_WAYS; row++) {
		if (((load(&row->key[0]) ^ key[0]) | (load(&row->key[1]) ^ key[1])) != 0)
			continue;
		store(&row->counts[failed], load(&row->counts[failed]) + 1);
		return;
	}
	row_take(set, key, failed);
}

size_t heavy_hitters_rows(const struct heavy_hitters *top)
{
	return (top->mask + 1) * PING_TOP_WAYS;
}

bool heavy_hitters_read(const struct heavy_hitters *top, size_t i, struct ping_item *item)
{
	const struct ping_row *row = &top->rows[i];
	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		uint64_t change = atomic_load_explicit(&row->change, memory_order_acquire);
		item_read(row, item);
		atomic_thread_fence(memory_order_acquire);
		if (!(change & 1) && load(&row->change) == change)
			return item_total(item) > 0;
	}
	return false; /* a flood gives it away all the time: no frequent key has it */
}

/* Both sets' keys, the most frequent first. */
struct merging {
	struct ping_item items[2 * PING_TOP_WAYS];
	unsigned count;
};

static int item_compare(const void *a, const void *b)
{
	uint64_t x = item_total(a), y = item_total(b);
	return (x < y) - (x > y);
}

/* Reads one set; returns what a key without a row in it may have come to. */
static uint64_t set_read(const struct heavy_hitters *top, size_t set, struct merging *merging)
{
	uint64_t least = UINT64_MAX;
	for (size_t i = set * PING_TOP_WAYS; i < (set + 1) * PING_TOP_WAYS; i++) {
		struct ping_item *item = &merging->items[merging->count];
		if (!heavy_hitters_read(top, i, item)) {
			least = 0;
			continue;
		}
		least = item_total(item) < least ? item_total(item) : least;
		merging->count++;
	}
	return least;
}

/* Who was in one set alone may have been missed in the other. */
static void set_merge(struct heavy_hitters *top, const struct heavy_hitters *from, size_t set)
{
	struct merging merging = {.count = 0}, others = {.count = 0};
	uint64_t missed = set_read(top, set, &merging),
		 missed_others = set_read(from, set, &others);
	bool met[PING_TOP_WAYS] = {false};
	unsigned own = merging.count;
	if (!others.count)
		return;
	for (unsigned i = 0; i < others.count; i++) {
		struct ping_item *other = &others.items[i];
		unsigned k = 0;
		while (k < own && memcmp(merging.items[k].key, other->key, sizeof(other->key)) != 0)
			k++;
		if (k == own) {
			other->error += missed;
			merging.items[merging.count++] = *other;
			continue;
		}
		met[k] = true;
		for (unsigned r = 0; r < PING_RESULTS; r++)
			merging.items[k].counts[r] += other->counts[r];
		merging.items[k].error += other->error;
	}
	for (unsigned k = 0; k < own; k++)
		merging.items[k].error += met[k] ? 0 : missed_others;
	qsort(merging.items, merging.count, sizeof(*merging.items), item_compare);
	for (unsigned i = 0; i < PING_TOP_WAYS && i < merging.count; i++)
		row_write(&top->rows[set * PING_TOP_WAYS + i], &merging.items[i]);
}

void heavy_hitters_merge(struct heavy_hitters *top, const struct heavy_hitters *from)
{
	for (size_t set = 0; set <= top->mask; set++)
		set_merge(top, from, set);
}
