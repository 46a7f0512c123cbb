#include "geo/spread.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
	TURNS_MAX = 1 << 17,
	ENTRIES_MAX = 1 << 20,
	ENTRIES_USUAL = 1 << 16, /* a table that is only for more variety stays below */
	APPEARANCES_MIN = 256, /* of a usual member: one too many is less than half a per cent */
	ROUNDS_VARIED = 64, /* so that light members have many different followers, too */
	COUNTED_MAX = 512, /* members; beyond, scattering is all the variety */
	SCAN_MAX = 64, /* candidates for a second place that are compared */
	/* A second may have been in more often than the least by this part of what is usual, but
	 * not in the last part of the table, which makes up for it. */
	SLACK_PART = 128,
	LEVEL_PART = 8,
};

/* Members sorted by how often they were in: being in once more is one exchange. */
struct spread {
	const struct spread_plan *plan;
	uint32_t *times; /* member was in */
	uint32_t *order; /* the members, least often in first */
	uint32_t *where; /* a member is in `order` */
	uint32_t *ends; /* those in at most t times are before order[ends[t]] */
	uint32_t *followers; /* [first * members + second]: how often; NULL: not counted */
	uint32_t *picked; /* the turn's members, in the order of the answer */
	uint32_t picked_count;
};

uint32_t spread_rounds(const struct spread_plan *plan)
{
	uint64_t entries = (uint64_t)plan->slots * plan->places;
	if (plan->slots > TURNS_MAX || entries > ENTRIES_MAX || plan->members > UINT16_MAX + 1u)
		return 0;
	uint64_t most = ENTRIES_MAX / entries;
	if (most > TURNS_MAX / plan->slots)
		most = TURNS_MAX / plan->slots;
	uint64_t exact = ((uint64_t)APPEARANCES_MIN * plan->members + entries - 1) / entries;
	uint64_t varied = plan->members < ROUNDS_VARIED ? plan->members : ROUNDS_VARIED;
	if (varied > ENTRIES_USUAL / entries)
		varied = ENTRIES_USUAL / entries;
	uint64_t rounds = exact > varied ? exact : varied;
	return (uint32_t)(rounds < most ? rounds : most);
}

/* --- the order --- */

/* Once more: from the end of those who were in as often as the member, into the next lot. */
static void member_count(struct spread *spread, uint32_t member)
{
	uint32_t last = --spread->ends[spread->times[member]++];
	uint32_t other = spread->order[last], place = spread->where[member];
	spread->order[place] = other;
	spread->where[other] = place;
	spread->order[last] = member;
	spread->where[member] = last;
}

/* --- a turn --- */

/* A number without any relation to the turn's (a mixer of bits). */
static uint32_t turn_scatter(uint32_t turn)
{
	turn = (turn ^ turn >> 15) * 0x2C1B3C6D;
	turn = (turn ^ turn >> 12) * 0x297A2D39;
	return turn ^ turn >> 15;
}

/* Of those who were in about least often, who has followed the first least often. */
static uint32_t second_find(
	const struct spread *spread, uint32_t first, uint32_t scatter, uint32_t slack)
{
	const uint32_t *order = spread->order;
	const uint32_t *followers =
		spread->followers ? spread->followers + first * spread->plan->members : NULL;
	uint32_t size = spread->ends[spread->times[order[0]] + slack], best = first;
	if (size == 1 && order[0] == first)
		size = 2;
	for (uint32_t i = 0; i < size && i < SCAN_MAX; i++) {
		uint32_t member = order[(scatter % size + i) % size];
		if (member == first)
			continue;
		if (best == first || (followers && followers[member] < followers[best]))
			best = member;
	}
	return best;
}

/* Takes those of a lot who are not in yet, from a scattered place on, while there are places. */
static void lot_pick(struct spread *spread, const uint32_t lot[2], uint32_t scatter)
{
	uint32_t size = lot[1] - lot[0];
	for (uint32_t i = 0; i < size && spread->picked_count < spread->plan->places; i++) {
		uint32_t member = spread->order[lot[0] + (scatter % size + i) % size];
		if (member != spread->picked[0] && member != spread->picked[1])
			spread->picked[spread->picked_count++] = member;
	}
}

/* After the first two those who were in least often, lot by lot. */
static void turn_fill(struct spread *spread, uint32_t turn, uint32_t slack, uint16_t *answer)
{
	uint32_t scatter = turn_scatter(turn);
	spread->picked[0] = spread->plan->firsts[turn % spread->plan->slots];
	member_count(spread, spread->picked[0]);
	spread->picked[1] = second_find(spread, spread->picked[0], scatter, slack);
	if (spread->followers)
		spread->followers[spread->picked[0] * spread->plan->members + spread->picked[1]]++;
	spread->picked_count = 2;
	for (uint32_t start = 0; spread->picked_count < spread->plan->places;) {
		uint32_t end = spread->ends[spread->times[spread->order[start]]];
		lot_pick(spread, (uint32_t[]){start, end}, scatter);
		start = end;
	}
	for (uint32_t i = 0; i < spread->plan->places; i++)
		answer[i] = (uint16_t)spread->picked[i];
	for (uint32_t i = 1; i < spread->plan->places; i++)
		member_count(spread, spread->picked[i]);
}

/* --- the table --- */

/* One block, which begins with `times`. */
static bool spread_init(struct spread *spread, uint32_t turns)
{
	size_t members = spread->plan->members,
	       pairs = members <= COUNTED_MAX ? members * members : 0;
	spread->times = calloc(
		3 * members + turns + 1 + spread->plan->places + pairs, sizeof *spread->times);
	if (!spread->times)
		return false;
	spread->order = spread->times + members;
	spread->where = spread->order + members;
	spread->ends = spread->where + members;
	spread->picked = spread->ends + turns + 1;
	if (pairs)
		spread->followers = spread->picked + spread->plan->places;
	for (uint32_t i = 0; i < members; i++)
		spread->order[i] = spread->where[i] = i;
	for (uint32_t i = 0; i <= turns; i++)
		spread->ends[i] = (uint32_t)members;
	return true;
}

uint16_t *spread_new(const struct spread_plan *plan)
{
	uint32_t turns = plan->slots * spread_rounds(plan);
	struct spread spread = {.plan = plan};
	uint32_t slack = turns * plan->places / plan->members / SLACK_PART;
	uint16_t *answers = calloc(turns, plan->places * sizeof *answers);
	if (answers && spread_init(&spread, turns)) {
		for (uint32_t turn = 0; turn < turns; turn++)
			turn_fill(&spread, turn, turn < turns - turns / LEVEL_PART ? slack : 0,
				answers + (size_t)turn * plan->places);
	} else {
		free(answers);
		answers = NULL;
	}
	free(spread.times);
	return answers;
}
