#include "tools/monitor/probe/scheduler.h"

#include "dns/base/log.h"
#include "tools/monitor/probe/ping_hints.h"
#include "tools/monitor/probe/probe.h"
#include "tools/monitor/probe/references.h"
#include "tools/monitor/probe/schedule.h"
#include "tools/monitor/targets/target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	FILES_ELSE = 64, /* open files for everything but checks */
	DRAW_MS = 3600000, /* POLICY_RANDOM */
	RETRY_MS = 1000, /* after a check for which there was no memory */
};

/* One of the checks that can be under way. */
struct check {
	struct sweep *sweep;
	struct probe *probe; /* made when it is first needed */
	struct target *target; /* NULL: none is */
};

struct sweep {
	uv_loop_t *loop;
	uv_timer_t timer; /* when something is due */
	const struct settings *settings;
	struct transfers *transfers;
	struct reach *reach;
	struct hint *hint; /* NULL: none is configured */
	struct sweep_list list;
	struct check *checks;
	uint32_t parallel;
	uint32_t expected[TARGET_DATABASES];
	int64_t draw_due, hint_due; /* milliseconds of the loop's clock */
	bool started, turned; /* turned: a round is on, and its end is to be told */
	sweep_report *report;
	sweep_done *done;
	sweep_reached *reached;
	void *owner;
	struct sweep_counts counts;
};

static void time_out(uv_timer_t *timer);

static int64_t now_ms(const struct sweep *sweep)
{
	return (int64_t)uv_now(sweep->loop);
}

static void timer_set(struct sweep *sweep, int64_t at)
{
	int64_t now = now_ms(sweep);
	uv_timer_start(&sweep->timer, time_out, (uint64_t)(at > now ? at - now : 0), 0);
}

static void check_end(struct check *check, const struct observation *seen)
{
	struct sweep *sweep = check->sweep;
	struct target *target = check->target;
	sweep_list_end(&sweep->list, sweep_list_find(&sweep->list, target), now_ms(sweep));
	check->target = NULL;
	sweep->counts.busy--;
	sweep->counts.checks++;
	*(seen->good ? &sweep->counts.good : &sweep->counts.failed) += 1;
	sweep->counts.round_seconds = sweep->list.turn_seconds;
	timer_set(sweep, 0);
	sweep->report(sweep->owner, target, seen);
}

static void probe_told(void *owner, const struct observation *seen)
{
	check_end(owner, seen);
}

static struct check *check_free(struct sweep *sweep)
{
	for (uint32_t i = 0; i < sweep->parallel; i++)
		if (!sweep->checks[i].target)
			return &sweep->checks[i];
	return NULL;
}

static bool check_start(struct sweep *sweep, struct sweep_entry *entry)
{
	struct check *check = check_free(sweep);
	if (!check->probe)
		check->probe = probe_new(sweep->transfers, sweep->settings, probe_told, check);
	if (!check->probe || !probe_start(check->probe, entry->target, sweep->expected))
		return false;
	check->target = entry->target;
	sweep->counts.busy++;
	sweep_list_begin(&sweep->list, entry, now_ms(sweep));
	return true;
}

/* What is due besides checks; returns when it is next. */
static int64_t extras(struct sweep *sweep, int64_t now)
{
	int64_t next = INT64_MAX;
	int64_t interval = sweep->settings->interval * INT64_C(1000);
	if (!sweep->started)
		return next;
	if (sweep->settings->policy == POLICY_RANDOM) {
		if (sweep->draw_due <= now) {
			sweep_list_draw(&sweep->list, now);
			sweep->draw_due = now + (interval > DRAW_MS ? interval : DRAW_MS);
		}
		next = sweep->draw_due;
	}
	if (sweep->hint) {
		if (sweep->hint_due <= now) {
			hint_look(sweep->hint);
			sweep->hint_due = now + (interval < HINT_MS ? interval : HINT_MS);
		}
		next = sweep->hint_due < next ? sweep->hint_due : next;
	}
	return next;
}

static void time_out(uv_timer_t *timer)
{
	struct sweep *sweep = timer->data;
	int64_t now = now_ms(sweep), next = extras(sweep, now);
	struct sweep_entry *entry = NULL;
	while (sweep->counts.busy < sweep->parallel &&
		(entry = sweep_list_next(&sweep->list, sweep->started)) &&
		entry->target->due <= now)
		if (!check_start(sweep, entry))
			entry->target->due = now + RETRY_MS;
	if (sweep->counts.busy < sweep->parallel && entry && entry->target->due < next)
		next = entry->target->due;
	if (next < INT64_MAX)
		timer_set(sweep, next);
	if (sweep->turned && sweep->list.wanted == 0) {
		sweep->turned = false;
		sweep->done(sweep->owner); /* it may free the sweep */
	}
}

static void reach_told(void *owner, bool reached)
{
	struct sweep *sweep = owner;
	sweep_reached *call = sweep->reached;
	sweep->reached = NULL;
	call(sweep->owner, reached);
}

static void hint_told(void *owner, const struct roster_address *address)
{
	struct sweep *sweep = owner;
	for (size_t i = 0; i < sweep->list.count; i++) {
		struct target *target = sweep->list.entries[i].target;
		if (target->address.ipv6 == address->ipv6 &&
			memcmp(target->address.octets, address->octets, sizeof(address->octets)) ==
				0)
			sweep_hurry(sweep, target);
	}
}

/* As many as there may be open files for. */
static uint32_t parallel_find(const struct settings *settings)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)settings->parallel + FILES_ELSE;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return settings->parallel;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted)
		return settings->parallel;
	getrlimit(RLIMIT_NOFILE, &limit);
	uint32_t parallel =
		limit.rlim_cur > FILES_ELSE ? (uint32_t)(limit.rlim_cur - FILES_ELSE) : 1;
	log_line(LOG_LEVEL_WARNING,
		"fewer checks at once than configured: no more files may be open parallel=%u "
		"configured=%u files=%" PRIuMAX,
		parallel, settings->parallel, (uintmax_t)limit.rlim_cur);
	return parallel;
}

static bool parts_make(struct sweep *sweep)
{
	const struct settings *settings = sweep->settings;
	sweep->parallel = parallel_find(settings);
	sweep->checks = calloc(sweep->parallel, sizeof(*sweep->checks));
	sweep->transfers = transfers_new(sweep->loop, sweep->parallel);
	if (!sweep->checks || !sweep->transfers)
		return false;
	for (uint32_t i = 0; i < sweep->parallel; i++)
		sweep->checks[i].sweep = sweep;
	sweep->reach = reach_new(sweep->transfers, settings, reach_told, sweep);
	if (settings->pings && settings->pings[0])
		sweep->hint = hint_new(sweep->transfers, settings, hint_told, sweep);
	return sweep->reach && (sweep->hint || !settings->pings || !settings->pings[0]);
}

struct sweep *sweep_new(
	uv_loop_t *loop, const struct settings *settings, sweep_report *report, void *owner)
{
	struct sweep *sweep = calloc(1, sizeof(*sweep));
	if (!sweep)
		return NULL;
	sweep->loop = loop;
	sweep->settings = settings;
	sweep->report = report;
	sweep->owner = owner;
	sweep->list.settings = settings;
	sweep->list.chance = uv_hrtime() | 1;
	uv_timer_init(loop, &sweep->timer);
	sweep->timer.data = sweep;
	if (parts_make(sweep))
		return sweep;
	sweep_free(sweep);
	return NULL;
}

static void hint_follow(struct sweep *sweep)
{
	struct roster_address *addresses = calloc(sweep->list.count + 1, sizeof(*addresses));
	for (size_t i = 0; addresses && i < sweep->list.count; i++)
		addresses[i] = sweep->list.entries[i].target->address;
	hint_set(sweep->hint, addresses, addresses ? sweep->list.count : 0);
	free(addresses);
}

bool sweep_set(struct sweep *sweep, struct target **targets, size_t count)
{
	bool good = sweep_list_set(&sweep->list, targets, count, now_ms(sweep));
	for (uint32_t i = 0; i < sweep->parallel; i++) {
		struct check *check = &sweep->checks[i];
		if (!check->target || sweep_list_find(&sweep->list, check->target))
			continue;
		probe_stop(check->probe);
		check->target = NULL;
		sweep->counts.busy--;
	}
	if (sweep->hint)
		hint_follow(sweep);
	timer_set(sweep, 0);
	return good;
}

void sweep_versions(struct sweep *sweep, const uint32_t versions[TARGET_DATABASES])
{
	memcpy(sweep->expected, versions, sizeof(sweep->expected));
}

void sweep_start(struct sweep *sweep)
{
	sweep->started = true;
	sweep->draw_due = sweep->hint_due = now_ms(sweep);
	if (!sweep->turned)
		sweep->list.turn_begun = now_ms(sweep);
	timer_set(sweep, 0);
}

void sweep_round(struct sweep *sweep, sweep_done *done)
{
	sweep->done = done;
	sweep->turned = true;
	sweep_list_round(&sweep->list, now_ms(sweep));
	timer_set(sweep, 0);
}

void sweep_hurry(struct sweep *sweep, struct target *target)
{
	struct sweep_entry *entry = sweep_list_find(&sweep->list, target);
	int64_t pause = sweep->settings->timeout * INT64_C(1000);
	if (!entry || (entry->ended && now_ms(sweep) - entry->ended < pause))
		return;
	target->due = 0;
	timer_set(sweep, 0);
}

void sweep_references(struct sweep *sweep, sweep_reached *reached)
{
	sweep->reached = reached;
	reach_ask(sweep->reach);
}

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void sweep_free(struct sweep *sweep)
{
	if (!sweep)
		return;
	for (uint32_t i = 0; sweep->checks && i < sweep->parallel; i++)
		probe_free(sweep->checks[i].probe);
	reach_free(sweep->reach);
	hint_free(sweep->hint);
	transfers_free(sweep->transfers);
	sweep_list_free(&sweep->list);
	free(sweep->checks);
	uv_close((uv_handle_t *)&sweep->timer, timer_closed);
}

struct sweep_counts sweep_counts(const struct sweep *sweep)
{
	return sweep->counts;
}
