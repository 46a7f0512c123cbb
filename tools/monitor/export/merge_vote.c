#include "tools/monitor/export/merge_vote.h"

#include "dns/base/json.h"
#include "geo/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_MAX = 201 };

/* Those that say it, and what they say. */
struct side {
	const struct mirror *list[MERGE_MAX];
	int64_t generated[MERGE_MAX];
	size_t count;
};

/* The worst state that more than half say, or worse: the lower median. */
static enum mirror_state state_decide(const struct merge_vote *votes, size_t count)
{
	size_t at_least[MIRROR_STATES] = {0}, disabled = 0;
	for (size_t i = 0; i < count; i++) {
		if (votes[i].mirror->state == MIRROR_DISABLED) {
			disabled++;
			continue;
		}
		for (unsigned state = 0; state <= votes[i].mirror->state; state++)
			at_least[state]++;
	}
	if (disabled * 2 > count)
		return MIRROR_DISABLED;
	unsigned state = MIRROR_REMOVED;
	while (state > MIRROR_OK && at_least[state] * 2 <= count - disabled)
		state--;
	return (enum mirror_state)state;
}

static struct side side_of(const struct merge_vote *votes, size_t count, enum mirror_state state)
{
	struct side side = {.count = 0};
	for (size_t i = 0; i < count; i++) {
		enum mirror_state said = votes[i].mirror->state;
		bool agrees = state == MIRROR_OK || state == MIRROR_DISABLED
				      ? said == state
				      : said >= state && said != MIRROR_DISABLED;
		side.list[side.count] = votes[i].mirror;
		side.generated[side.count] = votes[i].generated;
		side.count += agrees;
	}
	return side;
}

static int number_compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* 0: none. */
static int64_t time_of(const char *text, int64_t latest)
{
	int64_t seconds = 0;
	if (!stamp_parse(text, &seconds) || seconds < 0)
		return 0;
	return seconds < latest ? seconds : latest;
}

static const char *text_at(const struct mirror *mirror, size_t offset)
{
	return *(const char *const *)(const void *)((const char *)mirror + offset);
}

/* What most of them say in a field; of equally many, the first by alphabet. */
static const char *text_most(const struct side *side, size_t offset)
{
	const char *best = "";
	size_t most = 0;
	for (size_t i = 0; i < side->count; i++) {
		const char *text = text_at(side->list[i], offset);
		size_t same = 0;
		for (size_t k = 0; k < side->count; k++)
			same += strcmp(text_at(side->list[k], offset), text) == 0;
		if (text[0] && (same > most || (same == most && strcmp(text, best) < 0))) {
			best = text;
			most = same;
		}
	}
	return best;
}

static int64_t number_at(int64_t *numbers, size_t count, size_t at)
{
	qsort(numbers, count, sizeof(*numbers), number_compare);
	return numbers[at < count ? at : count - 1];
}

void merge_decide(const struct merge_vote *votes, size_t count, struct merge_ruling *ruling)
{
	int64_t since[MERGE_MAX], weight[MERGE_MAX], country[MERGE_MAX];
	enum mirror_state state = state_decide(votes, count);
	struct side side = side_of(votes, count, state);
	*ruling = (struct merge_ruling){.address = votes[0].address, .state = state};
	for (size_t i = 0; i < side.count; i++) {
		int64_t checked = time_of(side.list[i]->checked, side.generated[i]);
		since[i] = time_of(side.list[i]->since, side.generated[i]);
		weight[i] = side.list[i]->weight;
		country[i] = side.list[i]->country;
		ruling->checked = checked > ruling->checked ? checked : ruling->checked;
	}
	ruling->host = text_most(&side, offsetof(struct mirror, host));
	ruling->since = number_at(since, side.count, count / 2); /* when they became most */
	ruling->weight = (uint16_t)number_at(weight, side.count, (side.count - 1) / 2);
	ruling->country = (uint16_t)number_at(country, side.count, (side.count - 1) / 2);
	if (state == MIRROR_OK)
		return;
	char reason[REASON_MAX];
	snprintf(ruling->reason, sizeof(ruling->reason), "%zu of %zu monitors: %s", side.count,
		count,
		plain_line(
			text_most(&side, offsetof(struct mirror, reason)), reason, sizeof(reason)));
}
