/* tools/monitor/probe/scheduler.h - when to check whom: libcurl's multi interface on libuv, at most
 * so many checks at once.
 *
 * Each target is checked once an interval, a tenth more or less, so that neither mirrors nor the
 * network see waves; the first checks are spread over the interval or a minute, a second apart at
 * most. Never more than two addresses of one host are checked at once. With POLICY_RANDOM one
 * mirror drawn by chance (all its addresses) is checked at the start and each hour (each interval,
 * where that is longer), and beside that whoever was never checked. Everything runs on the loop's
 * thread. */
#ifndef TOOLS_MONITOR_PROBE_SCHEDULER_H
#define TOOLS_MONITOR_PROBE_SCHEDULER_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/targets/target.h"

#include <uv.h>

struct scheduler;

/* A check has ended. It may call scheduler_set, but not scheduler_free. */
typedef void scheduler_report(void *owner, struct target *target, const struct observation *seen);
/* All that was asked for with scheduler_cycle is done. */
typedef void scheduler_done(void *owner);
/* An URL has answered, with any status below 500, or not. */
typedef void scheduler_reached(void *owner, bool reached);

/* `settings` must outlive it. Where fewer files may be open than `parallel` needs, a log line says
 * so. NULL: no memory. */
struct scheduler *scheduler_new(
	uv_loop_t *loop, const struct settings *settings, scheduler_report *report, void *owner);
/* Whom to check from now on; the array and its targets are the caller's and stay where they are
 * until the next call. Checks under way of targets that are not in it are given up without a
 * report. New targets come first. False: no memory, nobody is checked. */
bool scheduler_set(struct scheduler *scheduler, struct target **targets, size_t count);
/* The databases' versions that the TXT string has; each check compares: equal or at most one
 * behind. All 0: not asked. */
void scheduler_versions(struct scheduler *scheduler, const uint32_t versions[TARGET_DATABASES]);
/* Starts the schedule; and, where `pings` is set, looks for mirrors that clients have trouble with
 * (ping_hints.h). */
void scheduler_start(struct scheduler *scheduler);
/* Checks every target once, now, as many at once as may be; then calls `done`, which may free the
 * scheduler. */
void scheduler_cycle(struct scheduler *scheduler, scheduler_done *done);
/* Moves a target to the front, unless it was checked in the last `timeout` seconds. */
void scheduler_expedite(struct scheduler *scheduler, struct target *target);
/* Tries the configured references, all at once: `reached` is called once, true if any answered.
 * Perhaps during this call: where none is configured none answers. */
void scheduler_references(struct scheduler *scheduler, scheduler_reached *reached);
/* Gives up what is under way; the loop must run once more for its handles. */
void scheduler_free(struct scheduler *scheduler);

struct scheduler_counts scheduler_counts(const struct scheduler *scheduler);

#endif
