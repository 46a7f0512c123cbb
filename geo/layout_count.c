#include "geo/layout.h"

/* Sum of floor((start + i * step) / slots) for i below `count`, by Euclid's way: O(log slots).
 * Every argument is below 2^32, so the sum fits. */
static uint64_t floors_sum(uint64_t count, uint64_t slots, uint64_t step, uint64_t start)
{
	uint64_t sum = 0;
	while (count > 0) {
		sum += step / slots * (count * (count - 1) / 2) + start / slots * count;
		step %= slots;
		start %= slots;
		uint64_t last = step * count + start;
		if (last < slots)
			break;
		/* The points below the line, counted along the other axis. */
		count = last / slots;
		start = last % slots;
		uint64_t other = slots;
		slots = step;
		step = other;
	}
	return sum;
}

/* How many of `count` turns from slot `slot` on come to a place of the table below `end`. */
static uint64_t places_below(
	const struct pool_layout *layout, uint32_t slot, uint64_t count, uint32_t end)
{
	uint64_t start = (uint64_t)slot * layout->step % layout->slots;
	return count + floors_sum(count, layout->slots, layout->step, start) -
	       floors_sum(count, layout->slots, layout->step, start + layout->slots - end);
}

/* `rounds` whole ones and `rest` turns from `slot` on. */
struct stretch {
	uint64_t rounds;
	uint32_t slot, rest;
};

static void shares_count(
	const struct pool_layout *layout, const struct stretch *stretch, uint64_t *times)
{
	uint64_t before = 0;
	uint32_t begin = 0;
	for (uint32_t i = 0; i < layout->plan.list.count; i++) {
		uint32_t end = layout->shares[i];
		uint64_t below = places_below(layout, stretch->slot, stretch->rest, end);
		times[layout->plan.list.members[i]] +=
			stretch->rounds * (end - begin) + below - before;
		before = below;
		begin = end;
	}
}

/* Each slot has its member: the table names it, or it is the one of the slot's number. */
static void slots_count(
	const struct pool_layout *layout, const struct stretch *stretch, uint64_t *times)
{
	for (uint32_t slot = 0; slot < layout->slots; slot++) {
		uint32_t member = slot;
		uint32_t behind = slot >= stretch->slot ? slot - stretch->slot
							: slot + layout->slots - stretch->slot;
		if (layout->answers)
			member = layout->answers[(size_t)slot * layout->plan.places];
		times[layout->plan.list.members[member]] +=
			stretch->rounds + (behind < stretch->rest);
	}
}

void layout_firsts(
	const struct pool_layout *layout, uint32_t turn, uint64_t answers, uint64_t *times)
{
	struct stretch stretch = {.rounds = answers / layout->slots,
		.slot = turn % layout->slots,
		.rest = (uint32_t)(answers % layout->slots)};
	if (layout->shares)
		shares_count(layout, &stretch, times);
	else
		slots_count(layout, &stretch, times);
}
