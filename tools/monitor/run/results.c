#include "tools/monitor/run/loop.h"

#include "dns/base/log.h"
#include "geo/country.h"
#include "tools/monitor/state/transition.h"
#include "tools/monitor/targets/target.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum {
	GAP_MIN = 3600, /* seconds without the monitor that are no gap yet */
	ASK_MAX = 60, /* seconds between two questions to the references */
	RESOLVE_MIN = 60, /* and between two rounds of names */
};

static const struct {
	enum log_level level;
	const char *sentence;
} changes[MIRROR_STATES] = {
	[MIRROR_OK] = {LOG_LEVEL_INFO, "A mirror is ok"},
	[MIRROR_OLD] = {LOG_LEVEL_WARNING, "A mirror is old"},
	[MIRROR_REMOVED] = {LOG_LEVEL_WARNING, "A mirror is removed"},
	[MIRROR_DISABLED] = {LOG_LEVEL_INFO, "A mirror is disabled"},
};

/* A change of state: said, remembered and told. */
static void changed(
	struct monitor *monitor, const struct target *target, enum mirror_state from, bool first)
{
	char text[ADDRESS_TEXT_MAX];
	struct inventory_event event = inventory_event_of(target, from, first);
	inventory_event_add(&monitor->inventory, &event);
	log_line(changes[target->state].level,
		"%s host=%s address=%s country=%s from=%s first=%s why=%s",
		changes[target->state].sentence, target->host,
		address_write(&target->address, text), country_code(event.country),
		mirror_state_name(from), first ? "yes" : "no", target->reason);
	alert_send(monitor->alert, &event, target->mirror);
	monitor_mark(monitor, true);
}

/* The state stays what it is: an event from it to itself. */
static void warn(struct monitor *monitor, const struct target *target)
{
	char text[ADDRESS_TEXT_MAX];
	struct inventory_event event = inventory_event_of(target, target->state, false);
	memcpy(event.why, target->warning, sizeof(event.why));
	event.at = target->checked;
	log_line(LOG_LEVEL_WARNING, "A certificate ends soon host=%s address=%s country=%s why=%s",
		target->host, address_write(&target->address, text), country_code(event.country),
		event.why);
	alert_send(monitor->alert, &event, target->mirror);
}

static void decide(struct monitor *monitor, struct target *target, int64_t now)
{
	char reason[TARGET_REASON_MAX];
	enum mirror_state from = target->state;
	bool new = target->first_seen == 0;
	memcpy(reason, target->reason, sizeof(reason));
	if (transition_decide(target, monitor->settings, monitor->inventory.outage.active, now))
		changed(monitor, target, from, new && target->first_seen);
	else if ((target->state != MIRROR_OK || target->warning[0]) &&
		 strcmp(reason, target->reason) != 0)
		monitor_mark(monitor, true);
}

static void outage_say(struct monitor *monitor, enum outage_change news, int64_t now)
{
	struct inventory *inventory = &monitor->inventory;
	outage_why(&inventory->outage, inventory->suspect_why, sizeof(inventory->suspect_why));
	switch (news) {
	case OUTAGE_SAME:
		return;
	case OUTAGE_STARTED:
		log_line(LOG_LEVEL_WARNING,
			"Suspected outage of the monitor: most mirrors fail at once, no mirror is "
			"downgraded until it clears: %s "
			"failing=%zu of=%zu references=%zu",
			inventory->suspect_why, inventory->outage.failing, inventory->outage.sample,
			monitor->settings->reference_count);
		monitor->asked = 0;
		break;
	case OUTAGE_ENDED:
		log_line(LOG_LEVEL_WARNING, "Suspected outage cleared: %s seconds=%" PRId64,
			inventory->outage.cleared
				? "a reference host replies, so the mirrors are at fault"
				: "most mirrors succeed again",
			now - inventory->outage.since);
		break;
	}
	monitor_mark(monitor, true);
}

static void outage_see(struct monitor *monitor, int64_t now)
{
	struct inventory *inventory = &monitor->inventory;
	outage_say(monitor,
		outage_update(&inventory->outage, inventory->targets, inventory->count,
			monitor->settings, now),
		now);
}

void monitor_checked(void *owner, struct target *target, const struct observation *seen)
{
	struct monitor *monitor = owner;
	int64_t now = time(NULL);
	char text[ADDRESS_TEXT_MAX];
	if (seen->warning[0] && !target->lacks_signature)
		log_line(LOG_LEVEL_WARNING,
			"A mirror lacks signatures host=%s address=%s country=%s why=%s",
			target->host, address_write(&target->address, text),
			country_code(target->mirror->country), seen->warning);
	transition_record(target, seen, monitor->settings, monitor->inventory.outage.active, now);
	outage_see(monitor, now);
	decide(monitor, target, now);
	if (transition_warns(target, now))
		warn(monitor, target);
	monitor_mark(monitor, false);
}

static void reached(void *owner, bool any)
{
	struct monitor *monitor = owner;
	struct inventory *inventory = &monitor->inventory;
	int64_t now = time(NULL);
	monitor->asking = false;
	if (monitor->ending)
		return;
	enum outage_change news =
		outage_reached(&inventory->outage, any, inventory->targets, inventory->count, now);
	outage_say(monitor, news, now);
	if (news == OUTAGE_ENDED)
		for (size_t i = 0; i < inventory->count; i++)
			decide(monitor, inventory->targets[i], now);
}

void monitor_ask_references(struct monitor *monitor)
{
	const struct settings *settings = monitor->settings;
	int64_t clock = (int64_t)uv_now(monitor->loop);
	int64_t wait = settings->interval < ASK_MAX ? settings->interval : ASK_MAX;
	if (wait < settings->timeout)
		wait = settings->timeout;
	if (monitor->asking || !outage_asks(&monitor->inventory.outage, settings) ||
		(monitor->asked && clock - monitor->asked < wait * 1000))
		return;
	monitor->asking = true;
	monitor->asked = clock;
	scheduler_references(monitor->scheduler, reached);
}

void monitor_gap(struct monitor *monitor, int64_t now)
{
	struct inventory *inventory = &monitor->inventory;
	int64_t least = 2 * (int64_t)monitor->settings->old_after;
	if (least < GAP_MIN)
		least = GAP_MIN;
	if (inventory->alive && now - inventory->alive > least) {
		log_line(LOG_LEVEL_NOTICE,
			"The monitor was not running; this gap is excluded from failure times "
			"seconds=%" PRId64,
			now - inventory->alive);
		for (size_t i = 0; i < inventory->count; i++)
			transition_exclude_gap(inventory->targets[i], inventory->alive, now);
	}
	for (size_t i = 0; now < inventory->alive && i < inventory->count; i++)
		transition_clamp(inventory->targets[i], now);
	inventory->alive = now;
}

static void away_look(struct monitor *monitor, struct target *target, int64_t now)
{
	enum mirror_state from = target->state;
	bool back = target->back != 0;
	char reason[TARGET_REASON_MAX];
	memcpy(reason, target->reason, sizeof(reason));
	if (transition_maintenance(target, now))
		changed(monitor, target, from, false);
	else if (strcmp(reason, target->reason) != 0)
		monitor_mark(monitor, true);
	if (!back && target->back)
		scheduler_expedite(monitor->scheduler, target);
}

void monitor_look(struct monitor *monitor)
{
	struct inventory *inventory = &monitor->inventory;
	int64_t now = time(NULL), clock = (int64_t)uv_now(monitor->loop);
	int64_t pause = monitor->settings->interval > RESOLVE_MIN ? monitor->settings->interval
								  : RESOLVE_MIN;
	monitor_gap(monitor, now);
	for (size_t i = 0; i < inventory->count; i++)
		away_look(monitor, inventory->targets[i], now);
	outage_see(monitor, now);
	monitor_ask_references(monitor);
	if (clock - monitor->resolved >= pause * 1000) {
		monitor->resolved = clock;
		resolve_ask(monitor->resolve);
	}
}
