/* tools/monitor/state/inventory.h - the monitor's book: settings, list, targets, what happened. The
 * main loop's alone. */
#ifndef TOOLS_MONITOR_STATE_INVENTORY_H
#define TOOLS_MONITOR_STATE_INVENTORY_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/state/outage.h"
#include "tools/monitor/targets/target.h"

enum { INVENTORY_EVENTS_MAX = 100, INVENTORY_TXTS_MAX = 50 };

/* One change of an address's state. */
struct inventory_event {
	int64_t at; /* Unix seconds */
	char host[TARGET_HOST_MAX + 1];
	struct address address;
	uint16_t country;
	enum mirror_state from, to;
	bool first; /* the first success of a mirror that was never seen before */
	char why[TARGET_REASON_MAX];
};

struct inventory_txt {
	int64_t since;
	char value[256];
};

struct inventory {
	const struct settings *settings;
	const struct mirror_list *mirror_list;
	struct target **targets;
	size_t count;
	struct inventory_event events[INVENTORY_EVENTS_MAX]; /* newest first */
	size_t event_count;
	struct inventory_txt txts[INVENTORY_TXTS_MAX]; /* newest first */
	size_t txt_count;
	size_t event_fresh,
		txt_fresh; /* of them, the newest, which are not in the state file yet */
	bool txt_renewed; /* the newest has a time that the state file does not know */
	int64_t serial; /* of the last export, 0: none */
	int64_t generated; /* what it says */
	int64_t exported; /* Unix seconds, 0: never */
	uint64_t exports; /* written since the start */
	int64_t alive; /* the monitor was running here, Unix seconds */
	struct outage outage;
	char suspect_why[TARGET_REASON_MAX];
	struct scheduler_counts scheduler;
	uint64_t alerts_sent, alerts_failed, alerts_held;
};

/* Addresses by state. */
void inventory_count(const struct inventory *inventory, size_t counts[MIRROR_STATES]);
/* Puts one in front; the oldest goes when there are too many. */
void inventory_event_add(struct inventory *inventory, const struct inventory_event *event);
/* A version string that was read. True: it is another one, in front. One that differs in its record
 * time alone (field 3) takes the place of the newest, which is as old as it was. */
bool inventory_txt_take(struct inventory *inventory, int64_t since, const char *value);
/* What is behind so many colons of a version string; its end, where there are fewer. */
const char *inventory_txt_field(const char *text, unsigned colons);
/* The change that a target has just made from `from`. */
struct inventory_event inventory_event_of(
	const struct target *target, enum mirror_state from, bool first);

#endif
