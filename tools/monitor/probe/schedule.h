/* tools/monitor/probe/schedule.h - whose turn it is: the targets with their times, in the order in which they are due.
 *
 * Times are milliseconds of the loop's clock; the caller tells what time it is. */
#ifndef TOOLS_MONITOR_PROBE_SCHEDULE_H
#define TOOLS_MONITOR_PROBE_SCHEDULE_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/targets/target.h"

enum { SWEEP_HOST_MAX = 2 /* checks at once of one host */ };

struct sweep_entry {
	struct target *target;
	size_t group; /* of the addresses of one host */
	int64_t begun, ended; /* the last check; ended 0: there was none */
	bool wanted; /* by the round that is on */
	bool counted; /* in the present turn */
};

struct sweep_list {
	const struct settings *settings;
	struct sweep_entry *entries;
	size_t count;
	uint32_t *groups; /* checks at once of each host */
	size_t group_count;
	size_t wanted; /* entries of the round that is on; 0: none is */
	size_t left; /* not counted in the present turn */
	int64_t turn_begun;
	double turn_seconds; /* that the last whole turn took */
	uint64_t chance; /* state of the random numbers; never 0 */
};

/* Takes over what is known of targets that stay; new ones get their times. False: no memory, the list is empty. */
bool sweep_list_set(struct sweep_list *list, struct target **targets, size_t count, int64_t now);
void sweep_list_free(struct sweep_list *list);
/* NULL: not in the list. */
struct sweep_entry *sweep_list_find(const struct sweep_list *list, const struct target *target);
/* The next one to be checked, due or not; `scheduled` false: of the round alone. NULL: nobody. */
struct sweep_entry *sweep_list_next(const struct sweep_list *list, bool scheduled);
/* Everybody, now. */
void sweep_list_round(struct sweep_list *list, int64_t now);
/* All addresses of a host drawn by chance, now. */
void sweep_list_draw(struct sweep_list *list, int64_t now);
void sweep_list_begin(struct sweep_list *list, struct sweep_entry *entry, int64_t now);
void sweep_list_end(struct sweep_list *list, struct sweep_entry *entry, int64_t now);

#endif
