#include "geo/layout.h"

#include "geo/spread.h"

#include <stdlib.h>
#include <string.h>

enum {
	MEMBERS_EVEN = 64, /* up to here everybody follows everybody equally often */
	ROWS_MIN = 16, /* beyond: so many different followers at least */
	CELLS = 4096, /* beyond: rows x members, while that is more than ROWS_MIN rows */
	CELLS_TOP_UP = 512, /* rows x members, for those who are never first */
	TAIL_MAX = 15, /* so that answers of up to 16 are one copy */
	TYPE_OF_IPV4 = 1,
	TYPE_OF_IPV6 = 28,
};

/* A round never has more turns than a turn's number can count. */
static const uint64_t slots_max = UINT64_C(1) << 31;

bool layout_equal(const struct layout_plan *a, const struct layout_plan *b)
{
	return a->list.hash == b->list.hash && a->list.count == b->list.count && a->ttl == b->ttl &&
	       a->ipv6 == b->ipv6 && a->tops_up == b->tops_up && a->places == b->places &&
	       a->mirrors == b->mirrors &&
	       (a->list.members == b->list.members ||
		       memcmp(a->list.members, b->list.members,
			       a->list.count * sizeof *a->list.members) == 0);
}

uint64_t layout_hash(const struct layout_plan *plan)
{
	uint64_t hash = plan->list.hash ^ plan->ttl;
	hash = (hash ^ hash >> 29) * 0xBF58476D1CE4E5B9;
	hash = (hash ^ ((uint64_t)plan->places << 2 | (uint64_t)plan->ipv6 << 1 | plan->tops_up)) *
	       0x94D049BB133111EB;
	return hash ^ hash >> 32;
}

/* --- first places --- */

static uint32_t member_weight(const struct layout_plan *plan, uint32_t member)
{
	const struct mirror_address *address =
		&plan->mirrors->addresses[plan->list.members[member]];
	return plan->mirrors->list[address->mirror].weight;
}

uint32_t layout_places(const struct layout_plan *plan, uint32_t count)
{
	if (plan->tops_up || count < 2 || count >= plan->list.count)
		return 0;
	for (uint32_t i = 1; i < plan->list.count; i++) {
		if (member_weight(plan, i) != member_weight(plan, 0))
			return count;
	}
	return 0;
}

uint64_t layout_gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Near 0.618 of the slots: consecutive turns then fall far apart, and a heavy member's first
 * places spread over the round. */
static uint32_t step_find(uint32_t slots)
{
	uint32_t step = (uint32_t)((uint64_t)slots * 618034 / 1000000);
	while (layout_gcd(step, slots) != 1)
		step++;
	return step;
}

/* Equal weights need no table: members are first in their order. */
static bool shares_fill(struct pool_layout *layout)
{
	const struct layout_plan *plan = &layout->plan;
	uint64_t common = 0, total = 0;
	bool equal = true;
	for (uint32_t i = 0; i < plan->list.count; i++) {
		uint32_t weight = member_weight(plan, i);
		common = layout_gcd(weight, common);
		total += weight;
		equal = equal && weight == member_weight(plan, 0);
	}
	layout->slots = plan->list.count;
	layout->step = 1;
	/* Beyond slots_max (millions of members) weights are coarser than they were asked for. */
	if (equal || plan->tops_up)
		return true;
	while (total / common + plan->list.count > slots_max)
		common *= 2;
	layout->shares = malloc(plan->list.count * sizeof *layout->shares);
	if (!layout->shares)
		return false;
	uint32_t end = 0;
	for (uint32_t i = 0; i < plan->list.count; i++) {
		end += (uint32_t)((member_weight(plan, i) + common - 1) / common);
		layout->shares[i] = end;
	}
	layout->slots = end;
	layout->step = step_find(end);
	return true;
}

/* The first member whose share ends beyond the slot; halving without a branch to mispredict. */
static uint32_t first_find(const struct pool_layout *layout, uint32_t slot)
{
	uint32_t at = (uint32_t)((uint64_t)slot * layout->step % layout->slots);
	const uint32_t *low = layout->shares;
	for (uint32_t left = layout->plan.list.count, half; left > 1; left -= half) {
		half = left / 2;
		low += half * (low[half - 1] <= at);
	}
	return (uint32_t)(low - layout->shares);
}

/* With a table of answers the shares have done their work. */
static bool answers_fill(struct pool_layout *layout)
{
	struct spread_plan plan = {.slots = layout->slots,
		.members = layout->plan.list.count,
		.places = layout->plan.places};
	if (!layout->shares || plan.places == 0)
		return true;
	layout->answer_rounds = spread_rounds(&plan);
	if (layout->answer_rounds == 0)
		return true;
	uint16_t *firsts = malloc(layout->slots * sizeof *firsts);
	if (!firsts)
		return false;
	for (uint32_t slot = 0; slot < layout->slots; slot++)
		firsts[slot] = (uint16_t)first_find(layout, slot);
	plan.firsts = firsts;
	layout->answers = spread_new(&plan);
	free(firsts);
	free(layout->shares);
	layout->shares = NULL;
	return layout->answers != NULL;
}

/* --- rows --- */

static uint32_t rows_wanted(const struct layout_plan *plan)
{
	uint32_t count = plan->list.count, circle = count - 1;
	if (count <= 2)
		return 1;
	uint32_t all = circle % 2 ? 2 * circle : circle, rows = all;
	if (plan->tops_up)
		rows = CELLS_TOP_UP / count > 1 ? CELLS_TOP_UP / count : 1;
	else if (count > MEMBERS_EVEN)
		rows = CELLS / count > ROWS_MIN ? CELLS / count : ROWS_MIN;
	return rows < all ? rows : all;
}

/* Where in its row a member stands. Which member comes is as good as random: no branch would be
 * foreseen. */
static inline uint32_t row_place(const struct pool_layout *layout, uint32_t row, uint32_t member)
{
	uint32_t circle = layout->plan.list.count - 1, odd = circle % 2, shift = row >> odd;
	uint32_t ahead = member > shift ? member - shift : member + circle - shift; /* 1..circle */
	uint32_t near = 2 * ahead - 1, far = 2 * (circle - ahead);
	uint32_t place = ahead <= circle / 2 ? near : far;
	uint32_t there = 1 + place, back = circle - place;
	place = odd & row ? back : there;
	return member == circle ? 0 : place;
}

static void record_fill(const struct layout_plan *plan, uint32_t member, uint8_t *record)
{
	const struct mirror_address *address =
		&plan->mirrors->addresses[plan->list.members[member]];
	const uint8_t size = plan->ipv6 ? 16 : 4;
	const uint8_t fixed[12] = {0xC0, 0x0C, /* owner: the question's name (RFC 1035 4.1.4) */
		0, plan->ipv6 ? TYPE_OF_IPV6 : TYPE_OF_IPV4, 0, 1, (uint8_t)(plan->ttl >> 24),
		(uint8_t)(plan->ttl >> 16), (uint8_t)(plan->ttl >> 8), (uint8_t)plan->ttl, 0, size};
	memcpy(record, fixed, sizeof fixed);
	memcpy(record + sizeof fixed, address->at.octets, size);
}

static void rows_fill(struct pool_layout *layout)
{
	const struct layout_plan *plan = &layout->plan;
	uint8_t record[LAYOUT_RECORD_IPV6];
	for (uint32_t member = 0; member < plan->list.count; member++) {
		record_fill(plan, member, record);
		for (uint32_t row = 0; row < layout->rows; row++) {
			uint32_t place = layout->answers ? member : row_place(layout, row, member);
			memcpy(layout->records + row * layout->row_size +
					place * layout->record_size,
				record, layout->record_size);
		}
	}
	size_t own = plan->list.count * layout->record_size;
	for (uint32_t row = 0; row < layout->rows; row++) {
		uint8_t *start = layout->records + row * layout->row_size;
		memcpy(start + own, start, layout->row_size - own);
	}
}

struct pool_layout *layout_new(const struct layout_plan *plan)
{
	struct pool_layout *layout = calloc(1, sizeof *layout);
	if (!layout)
		return NULL;
	layout->plan = *plan;
	layout->record_size = plan->ipv6 ? LAYOUT_RECORD_IPV6 : LAYOUT_RECORD_IPV4;
	if (!shares_fill(layout) || !answers_fill(layout))
		goto fail;
	layout->rows = layout->answers ? 1 : rows_wanted(plan);
	layout->tail = plan->list.count - 1 < TAIL_MAX ? plan->list.count - 1 : TAIL_MAX;
	if (layout->answers)
		layout->tail = 0;
	layout->row_size = ((size_t)plan->list.count + layout->tail) * layout->record_size;
	layout->records = malloc(layout->rows * layout->row_size);
	if (!layout->records)
		goto fail;
	rows_fill(layout);
	return layout;
fail:
	layout_free(layout);
	return NULL;
}

void layout_free(struct pool_layout *layout)
{
	if (!layout)
		return;
	free(layout->owned);
	free(layout->shares);
	free(layout->records);
	free(layout->answers);
	free(layout);
}

uint64_t layout_period(const struct pool_layout *layout)
{
	uint32_t rounds = layout->shares ? layout->plan.list.count - 1 : layout->rows;
	if (layout->answers)
		rounds = layout->answer_rounds;
	return (uint64_t)layout->slots * rounds;
}

/* --- answers --- */

/* Copies `count` records of a row from a place on; beyond its end the row starts over. */
static inline void row_copy(const struct pool_layout *layout, const uint8_t *row, uint32_t place,
	uint32_t count, uint8_t *out)
{
	size_t size = layout->record_size;
	uint32_t run = layout->plan.list.count + layout->tail - place;
	if (count <= run) {
		memcpy(out, row + place * size, count * size);
		return;
	}
	memcpy(out, row + place * size, run * size);
	memcpy(out + run * size, row + layout->tail * size, (count - run) * size);
}

/* The first place goes by weight. The places after it go round all others, one further with each
 * turn and, for the same slot, with each round: they come equally often however heavy the first
 * is. (A window that starts at the first would favour those who stand near a heavy one.) */
static void weighted_write(
	const struct pool_layout *layout, uint32_t turn, uint32_t count, uint8_t *out)
{
	uint32_t members = layout->plan.list.count, others = members - 1;
	uint32_t round = turn / layout->slots, slot = turn % layout->slots;
	uint32_t skip = (slot + slot / others + round) % others,
		 number = slot / members % layout->rows;
	const uint8_t *row = layout->records + number * layout->row_size;
	uint32_t place = row_place(layout, number, first_find(layout, slot));
	size_t size = layout->record_size;
	memcpy(out, row + place * size, size);
	/* From `skip` others behind the first to the last before it, then from right behind it. */
	uint32_t rest = count - 1, run = rest < others - skip ? rest : others - skip;
	uint32_t behind = place + 1 == members ? 0 : place + 1;
	uint32_t next = behind + skip < members ? behind + skip : behind + skip - members;
	row_copy(layout, row, next, run, out + size);
	row_copy(layout, row, behind, rest - run, out + size + run * size);
}

/* The table's members, one by one; the compiler copies a record of known size in place. */
static void answer_write(
	const struct pool_layout *layout, uint32_t turn, uint32_t count, uint8_t *out)
{
	turn %= layout->slots * layout->answer_rounds;
	const uint16_t *members = layout->answers + (size_t)turn * layout->plan.places;
	const uint8_t *records = layout->records;
	for (uint32_t i = 0; layout->plan.ipv6 && i < count; i++)
		memcpy(out + i * LAYOUT_RECORD_IPV6,
			records + (size_t)members[i] * LAYOUT_RECORD_IPV6, LAYOUT_RECORD_IPV6);
	for (uint32_t i = 0; !layout->plan.ipv6 && i < count; i++)
		memcpy(out + i * LAYOUT_RECORD_IPV4,
			records + (size_t)members[i] * LAYOUT_RECORD_IPV4, LAYOUT_RECORD_IPV4);
}

void layout_write(const struct pool_layout *layout, uint32_t turn, uint32_t count, uint8_t *out)
{
	if (layout->answers) {
		answer_write(layout, turn, count, out);
		return;
	}
	if (layout->shares) {
		weighted_write(layout, turn, count, out);
		return;
	}
	uint32_t round = turn / layout->slots, first = turn % layout->slots;
	uint32_t row = round % layout->rows;
	row_copy(layout, layout->records + row * layout->row_size, row_place(layout, row, first),
		count, out);
}
