#include "tools/monitor/probe/scheduler.h"

#include "dns/base/descriptors.h"
#include "dns/base/log.h"
#include "tools/monitor/probe/ping_hints.h"
#include "tools/monitor/probe/probe.h"
#include "tools/monitor/probe/references.h"
#include "tools/monitor/probe/schedule.h"
#include "tools/monitor/targets/target.h"

#include <stdlib.h>
#include <string.h>

enum {
	FILES_ELSE = 64, /* open files for everything but checks */
	DRAW_MS = 3600000, /* POLICY_RANDOM */
	RETRY_MS = 1000, /* after a check for which there was no memory */
};

/* One of the checks that can be under way. */
struct check {
	struct scheduler *scheduler;
	struct probe *probe; /* made when it is first needed */
	struct target *target; /* NULL: none is */
};

struct scheduler {
	uv_loop_t *loop;
	uv_timer_t timer; /* when something is due */
	const struct settings *settings;
	struct transfers *transfers;
	struct references *references;
	struct ping_hints *hints; /* NULL: none is configured */
	struct schedule list;
	struct check *checks;
	uint32_t parallel;
	uint32_t expected[TARGET_DATABASES];
	int64_t draw_due, ping_hints_due; /* milliseconds of the loop's clock */
	bool started, turned; /* turned: a round is on, and its end is to be told */
	scheduler_report *report;
	scheduler_done *done;
	scheduler_reached *reached;
	void *owner;
	struct scheduler_counts counts;
};

static void time_out(uv_timer_t *timer);

static int64_t now_ms(const struct scheduler *scheduler)
{
	return (int64_t)uv_now(scheduler->loop);
}

static void timer_set(struct scheduler *scheduler, int64_t at)
{
	int64_t now = now_ms(scheduler);
	uv_timer_start(&scheduler->timer, time_out, (uint64_t)(at > now ? at - now : 0), 0);
}

static void check_end(void *owner, const struct observation *seen)
{
	struct check *check = owner;
	struct scheduler *scheduler = check->scheduler;
	struct target *target = check->target;
	schedule_end(&scheduler->list, schedule_find(&scheduler->list, target), now_ms(scheduler));
	check->target = NULL;
	scheduler->counts.busy--;
	*(seen->good ? &scheduler->counts.good : &scheduler->counts.failed) += 1;
	scheduler->counts.round_seconds = scheduler->list.turn_seconds;
	timer_set(scheduler, 0);
	scheduler->report(scheduler->owner, target, seen);
}

static struct check *check_free(struct scheduler *scheduler)
{
	for (uint32_t i = 0; i < scheduler->parallel; i++)
		if (!scheduler->checks[i].target)
			return &scheduler->checks[i];
	return NULL;
}

static bool check_start(struct scheduler *scheduler, struct schedule_entry *entry)
{
	struct check *check = check_free(scheduler);
	if (!check->probe)
		check->probe =
			probe_new(scheduler->transfers, scheduler->settings, check_end, check);
	if (!check->probe || !probe_start(check->probe, entry->target, scheduler->expected))
		return false;
	check->target = entry->target;
	scheduler->counts.busy++;
	schedule_begin(&scheduler->list, entry, now_ms(scheduler));
	return true;
}

/* What is due besides checks; returns when it is next. */
static int64_t extras(struct scheduler *scheduler, int64_t now)
{
	int64_t next = INT64_MAX;
	int64_t interval = scheduler->settings->interval * INT64_C(1000);
	if (!scheduler->started)
		return next;
	if (scheduler->settings->policy == POLICY_RANDOM) {
		if (scheduler->draw_due <= now) {
			schedule_draw(&scheduler->list, now);
			scheduler->draw_due = now + (interval > DRAW_MS ? interval : DRAW_MS);
		}
		next = scheduler->draw_due;
	}
	if (scheduler->hints) {
		if (scheduler->ping_hints_due <= now) {
			ping_hints_look(scheduler->hints);
			scheduler->ping_hints_due =
				now + (interval < PING_HINTS_MS ? interval : PING_HINTS_MS);
		}
		next = scheduler->ping_hints_due < next ? scheduler->ping_hints_due : next;
	}
	return next;
}

static void time_out(uv_timer_t *timer)
{
	struct scheduler *scheduler = timer->data;
	int64_t now = now_ms(scheduler), next = extras(scheduler, now);
	struct schedule_entry *entry = NULL;
	while (scheduler->counts.busy < scheduler->parallel &&
		(entry = schedule_next(&scheduler->list, scheduler->started)) &&
		entry->target->due <= now)
		if (!check_start(scheduler, entry))
			entry->target->due = now + RETRY_MS;
	if (scheduler->counts.busy < scheduler->parallel && entry && entry->target->due < next)
		next = entry->target->due;
	if (next < INT64_MAX)
		timer_set(scheduler, next);
	if (scheduler->turned && scheduler->list.wanted == 0) {
		scheduler->turned = false;
		scheduler->done(scheduler->owner); /* it may free the scheduler */
	}
}

static void references_told(void *owner, bool reached)
{
	struct scheduler *scheduler = owner;
	scheduler_reached *call = scheduler->reached;
	scheduler->reached = NULL;
	call(scheduler->owner, reached);
}

static void ping_hints_told(void *owner, const struct address *address)
{
	struct scheduler *scheduler = owner;
	for (size_t i = 0; i < scheduler->list.count; i++) {
		struct target *target = scheduler->list.entries[i].target;
		if (address_compare(&target->address, address) == 0)
			scheduler_expedite(scheduler, target);
	}
}

/* As many as there may be open files for. */
static uint32_t parallel_find(const struct settings *settings)
{
	uint64_t wanted = (uint64_t)settings->parallel + FILES_ELSE;
	int limit = descriptors_raise(wanted);
	if ((uint64_t)limit >= wanted)
		return settings->parallel;
	uint32_t parallel = limit > FILES_ELSE ? (uint32_t)(limit - FILES_ELSE) : 1;
	log_line(LOG_LEVEL_WARNING,
		"Fewer parallel checks than configured, limited by open files parallel=%u "
		"configured=%u files=%d",
		parallel, settings->parallel, limit);
	return parallel;
}

static bool parts_make(struct scheduler *scheduler)
{
	const struct settings *settings = scheduler->settings;
	scheduler->parallel = parallel_find(settings);
	scheduler->checks = calloc(scheduler->parallel, sizeof(*scheduler->checks));
	scheduler->transfers = transfers_new(scheduler->loop, scheduler->parallel);
	if (!scheduler->checks || !scheduler->transfers)
		return false;
	for (uint32_t i = 0; i < scheduler->parallel; i++)
		scheduler->checks[i].scheduler = scheduler;
	scheduler->references =
		references_new(scheduler->transfers, settings, references_told, scheduler);
	if (settings->pings[0])
		scheduler->hints =
			ping_hints_new(scheduler->transfers, settings, ping_hints_told, scheduler);
	return scheduler->references && (scheduler->hints || !settings->pings[0]);
}

struct scheduler *scheduler_new(
	uv_loop_t *loop, const struct settings *settings, scheduler_report *report, void *owner)
{
	struct scheduler *scheduler = calloc(1, sizeof(*scheduler));
	if (!scheduler)
		return NULL;
	scheduler->loop = loop;
	scheduler->settings = settings;
	scheduler->report = report;
	scheduler->owner = owner;
	scheduler->list.settings = settings;
	scheduler->list.chance = uv_hrtime() | 1;
	uv_timer_init(loop, &scheduler->timer);
	scheduler->timer.data = scheduler;
	if (parts_make(scheduler))
		return scheduler;
	scheduler_free(scheduler);
	return NULL;
}

static void ping_hints_follow(struct scheduler *scheduler)
{
	struct address *addresses = calloc(scheduler->list.count + 1, sizeof(*addresses));
	for (size_t i = 0; addresses && i < scheduler->list.count; i++)
		addresses[i] = scheduler->list.entries[i].target->address;
	ping_hints_set(scheduler->hints, addresses, addresses ? scheduler->list.count : 0);
	free(addresses);
}

bool scheduler_set(struct scheduler *scheduler, struct target **targets, size_t count)
{
	bool good = schedule_set(&scheduler->list, targets, count, now_ms(scheduler));
	for (uint32_t i = 0; i < scheduler->parallel; i++) {
		struct check *check = &scheduler->checks[i];
		if (!check->target || schedule_find(&scheduler->list, check->target))
			continue;
		probe_stop(check->probe);
		check->target = NULL;
		scheduler->counts.busy--;
	}
	if (scheduler->hints)
		ping_hints_follow(scheduler);
	timer_set(scheduler, 0);
	return good;
}

void scheduler_versions(struct scheduler *scheduler, const uint32_t versions[TARGET_DATABASES])
{
	memcpy(scheduler->expected, versions, sizeof(scheduler->expected));
}

void scheduler_start(struct scheduler *scheduler)
{
	scheduler->started = true;
	scheduler->draw_due = scheduler->ping_hints_due = now_ms(scheduler);
	if (!scheduler->turned)
		scheduler->list.turn_begun = now_ms(scheduler);
	timer_set(scheduler, 0);
}

void scheduler_cycle(struct scheduler *scheduler, scheduler_done *done)
{
	scheduler->done = done;
	scheduler->turned = true;
	schedule_cycle(&scheduler->list, now_ms(scheduler));
	timer_set(scheduler, 0);
}

void scheduler_expedite(struct scheduler *scheduler, struct target *target)
{
	struct schedule_entry *entry = schedule_find(&scheduler->list, target);
	int64_t pause = scheduler->settings->timeout * INT64_C(1000);
	if (!entry || (entry->ended && now_ms(scheduler) - entry->ended < pause))
		return;
	target->due = 0;
	timer_set(scheduler, 0);
}

void scheduler_references(struct scheduler *scheduler, scheduler_reached *reached)
{
	scheduler->reached = reached;
	references_ask(scheduler->references);
}

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void scheduler_free(struct scheduler *scheduler)
{
	if (!scheduler)
		return;
	for (uint32_t i = 0; scheduler->checks && i < scheduler->parallel; i++)
		probe_free(scheduler->checks[i].probe);
	references_free(scheduler->references);
	ping_hints_free(scheduler->hints);
	transfers_free(scheduler->transfers);
	schedule_free(&scheduler->list);
	free(scheduler->checks);
	uv_close((uv_handle_t *)&scheduler->timer, timer_closed);
}

struct scheduler_counts scheduler_counts(const struct scheduler *scheduler)
{
	return scheduler->counts;
}
