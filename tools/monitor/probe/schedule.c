#include "tools/monitor/probe/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SPREAD_MAX_MS = 60000, STEP_MAX_MS = 1000 };
static const int64_t NEVER = INT64_MAX;

/* xorshift64: chance for jitter and draws, no secret. */
static uint64_t chance(struct schedule *list)
{
	list->chance ^= list->chance << 13;
	list->chance ^= list->chance >> 7;
	list->chance ^= list->chance << 17;
	return list->chance;
}

/* An interval, a tenth longer or shorter at most. */
static int64_t interval_ms(struct schedule *list)
{
	int64_t interval = list->settings->interval * INT64_C(1000);
	uint64_t range = (uint64_t)interval / 5 + 1;
	return interval - interval / 10 + (int64_t)(chance(list) % range);
}

static int entry_compare(const void *a, const void *b)
{
	const struct target *left = ((const struct schedule_entry *)a)->target;
	const struct target *right = ((const struct schedule_entry *)b)->target;
	return left < right ? -1 : left > right;
}

struct schedule_entry *schedule_find(const struct schedule *list, const struct target *target)
{
	struct schedule_entry key = {.target = (struct target *)(uintptr_t)target};
	return list->count ? bsearch(&key, list->entries, list->count, sizeof(key), entry_compare)
			   : NULL;
}

/* New ones, never seen by anybody before those from a former run, with a pause between each two. */
static void new_schedule(const struct schedule *list, const struct schedule *before,
	struct target **targets, size_t count, int64_t now)
{
	int64_t spread = list->settings->interval * INT64_C(1000), step, at = 0;
	if (spread > SPREAD_MAX_MS)
		spread = SPREAD_MAX_MS;
	step = spread / (int64_t)(count + 1);
	if (step > STEP_MAX_MS)
		step = STEP_MAX_MS;
	for (int known = 0; known < 2; known++)
		for (size_t i = 0; i < count; i++) {
			struct target *target = targets[i];
			if ((target->checked != 0) != known || schedule_find(before, target))
				continue;
			bool drawn = known && list->settings->policy == POLICY_RANDOM;
			target->due = drawn ? NEVER : now + at;
			target->busy = false;
			at += drawn ? 0 : step;
		}
}

static int host_compare(const void *a, const void *b)
{
	const struct schedule_entry *const *left = a, *const *right = b;
	return strcasecmp((*left)->target->host, (*right)->target->host);
}

static bool groups_set(struct schedule *list)
{
	struct schedule_entry **order = malloc((list->count + 1) * sizeof(struct schedule_entry *));
	list->groups = calloc(list->count + 1, sizeof(*list->groups));
	if (!order || !list->groups) {
		free(order);
		return false;
	}
	for (size_t i = 0; i < list->count; i++)
		order[i] = &list->entries[i];
	qsort(order, list->count, sizeof(struct schedule_entry *), host_compare);
	list->group_count = 0;
	for (size_t i = 0; i < list->count; i++) {
		list->group_count += i == 0 || host_compare(&order[i - 1], &order[i]) != 0;
		order[i]->group = list->group_count - 1;
		list->groups[order[i]->group] += order[i]->target->busy;
	}
	free(order);
	return true;
}

static void turn_begin(struct schedule *list)
{
	list->left = list->count;
	for (size_t i = 0; i < list->count; i++)
		list->entries[i].counted = false;
}

bool schedule_set(struct schedule *list, struct target **targets, size_t count, int64_t now)
{
	struct schedule before = *list;
	list->entries = calloc(count + 1, sizeof(*list->entries));
	list->groups = NULL;
	list->count = list->entries ? count : 0;
	list->wanted = list->left = 0;
	new_schedule(list, &before, targets, list->count, now);
	for (size_t i = 0; i < list->count; i++) {
		const struct schedule_entry *known = schedule_find(&before, targets[i]);
		list->entries[i] = known ? *known : (struct schedule_entry){.target = targets[i]};
		list->wanted += list->entries[i].wanted;
		list->left += !list->entries[i].counted;
	}
	schedule_free(&before);
	if (list->entries)
		qsort(list->entries, list->count, sizeof(*list->entries), entry_compare);
	if (list->left == 0)
		turn_begin(list);
	if (list->entries && groups_set(list))
		return true;
	schedule_free(list);
	return false;
}

void schedule_free(struct schedule *list)
{
	free(list->entries);
	free(list->groups);
	list->entries = NULL;
	list->groups = NULL;
	list->count = list->wanted = 0;
}

struct schedule_entry *schedule_next(const struct schedule *list, bool scheduled)
{
	struct schedule_entry *best = NULL;
	for (size_t i = 0; i < list->count; i++) {
		struct schedule_entry *entry = &list->entries[i];
		const struct target *target = entry->target;
		if (target->busy || target->due == NEVER || (!scheduled && !entry->wanted) ||
			(best && target->due >= best->target->due))
			continue;
		if (list->groups[entry->group] < SCHEDULER_HOST_MAX)
			best = entry;
	}
	return best;
}

void schedule_cycle(struct schedule *list, int64_t now)
{
	for (size_t i = 0; i < list->count; i++) {
		list->entries[i].wanted = true;
		list->entries[i].counted = false;
		if (list->entries[i].target->due > now)
			list->entries[i].target->due = now;
	}
	list->wanted = list->left = list->count;
	list->turn_begun = now;
}

void schedule_draw(struct schedule *list, int64_t now)
{
	size_t group = list->group_count ? chance(list) % list->group_count : 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].group == group && list->entries[i].target->due > now)
			list->entries[i].target->due = now;
}

void schedule_begin(struct schedule *list, struct schedule_entry *entry, int64_t now)
{
	entry->begun = now;
	entry->target->busy = true;
	list->groups[entry->group]++;
}

static void turn_count(struct schedule *list, struct schedule_entry *entry, int64_t now)
{
	if (entry->counted)
		return;
	entry->counted = true;
	if (--list->left > 0)
		return;
	list->turn_seconds = (double)(now - list->turn_begun) / 1000.0;
	list->turn_begun = now;
	turn_begin(list);
}

void schedule_end(struct schedule *list, struct schedule_entry *entry, int64_t now)
{
	entry->ended = now;
	entry->target->busy = false;
	entry->target->due =
		list->settings->policy == POLICY_RANDOM ? NEVER : entry->begun + interval_ms(list);
	list->groups[entry->group]--;
	list->wanted -= entry->wanted;
	entry->wanted = false;
	turn_count(list, entry, now);
}
