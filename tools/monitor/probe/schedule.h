/* tools/monitor/probe/schedule.h - whose turn it is: the targets with their times, in the order in
 * which they are due.
 *
 * Times are milliseconds of the loop's clock; the caller tells what time it is. */
#ifndef TOOLS_MONITOR_PROBE_SCHEDULE_H
#define TOOLS_MONITOR_PROBE_SCHEDULE_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/targets/target.h"

enum { SCHEDULER_HOST_MAX = 2 /* checks at once of one host */ };

struct schedule_entry {
	struct target *target;
	size_t group; /* of the addresses of one host */
	int64_t begun, ended; /* the last check; ended 0: there was none */
	bool wanted; /* by the round that is on */
	bool counted; /* in the present turn */
};

struct schedule {
	const struct settings *settings;
	struct schedule_entry *entries;
	size_t count;
	uint32_t *groups; /* checks at once of each host */
	size_t group_count;
	size_t wanted; /* entries of the round that is on; 0: none is */
	size_t left; /* not counted in the present turn */
	int64_t turn_begun;
	double turn_seconds; /* that the last whole turn took */
	uint64_t chance; /* state of the random numbers; never 0 */
};

/* Takes over what is known of targets that stay; new ones get their times. False: no memory, the
 * list is empty. */
bool schedule_set(struct schedule *list, struct target **targets, size_t count, int64_t now);
void schedule_free(struct schedule *list);
/* NULL: not in the list. */
struct schedule_entry *schedule_find(const struct schedule *list, const struct target *target);
/* The next one to be checked, due or not; `scheduled` false: of the round alone. NULL: nobody. */
struct schedule_entry *schedule_next(const struct schedule *list, bool scheduled);
/* Everybody, now. */
void schedule_cycle(struct schedule *list, int64_t now);
/* All addresses of a host drawn by chance, now. */
void schedule_draw(struct schedule *list, int64_t now);
void schedule_begin(struct schedule *list, struct schedule_entry *entry, int64_t now);
void schedule_end(struct schedule *list, struct schedule_entry *entry, int64_t now);

#endif
