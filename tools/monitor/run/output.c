#include "tools/monitor/run/loop.h"

#include "dns/base/log.h"
#include "dns/base/systemd.h"
#include "tools/monitor/export/export.h"
#include "tools/monitor/page/page.h"
#include "tools/monitor/page/report.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	SOON_MS = 100, /* changes that come together are written together */
	APART_MS = 1000, /* between two writes */
	REPORT_MS = 5000, /* between two reports of checks without news */
	PAGE_MS = 3000, /* between two pages with news */
	PAGE_IDLE_MS = 60000, /* and without */
};

void monitor_trouble(char trouble[MONITOR_WHY_MAX], const char *why)
{
	if (why[0] && strcmp(trouble, why) != 0)
		log_line(LOG_LEVEL_ERROR, "%s", why);
	snprintf(trouble, MONITOR_WHY_MAX, "%s", why);
}

static void flush_due(uv_timer_t *timer)
{
	monitor_write(timer->data, false);
}

void monitor_mark(struct monitor *monitor, bool news)
{
	monitor->facts = true;
	monitor->news = monitor->news || news;
	if (monitor->ending || uv_is_active((uv_handle_t *)&monitor->flush))
		return;
	int64_t wait = monitor->flushed + APART_MS - (int64_t)uv_now(monitor->loop);
	uv_timer_start(&monitor->flush, flush_due, wait > SOON_MS ? (uint64_t)wait : SOON_MS, 0);
}

static void state_write(struct monitor *monitor)
{
	char why[MONITOR_WHY_MAX];
	bool good = state_save(monitor->state, &monitor->inventory, why, sizeof(why));
	monitor_trouble(monitor->state_trouble, good ? "" : why);
}

/* Is a weight growing? */
static bool is_ramping(const struct monitor *monitor, int64_t now)
{
	const struct inventory *inventory = &monitor->inventory;
	for (size_t i = 0; i < inventory->count; i++)
		if (inventory->targets[i]->returned && now - inventory->targets[i]->returned <=
							       (int64_t)monitor->settings->ramp + 1)
			return true;
	return false;
}

/* Names that were not found yet would be gone from the servers for a moment: the first export waits
 * for them. */
static void export_write(struct monitor *monitor, int64_t now)
{
	char why[MONITOR_WHY_MAX];
	struct inventory *inventory = &monitor->inventory;
	if (!monitor->named)
		return;
	switch (publish_write(inventory, &monitor->disk, now, why, sizeof(why))) {
	case EXPORT_FAILED:
		monitor_trouble(monitor->export_trouble, why);
		return;
	case EXPORT_WRITTEN:
		state_write(monitor);
		break;
	case EXPORT_SAME:
		break;
	}
	monitor_trouble(monitor->export_trouble, "");
}

static bool export_due(struct monitor *monitor, int64_t now)
{
	return monitor->news || monitor->export_trouble[0] || is_ramping(monitor, now) ||
	       export_file_lost(&monitor->disk) || now < monitor->inventory.exported ||
	       now - monitor->inventory.exported >= EXPORT_SECONDS;
}

void monitor_idle(struct monitor *monitor)
{
	if (export_due(monitor, time(NULL)) ||
		(int64_t)uv_now(monitor->loop) - monitor->flushed >= PAGE_IDLE_MS)
		monitor_mark(monitor, false);
}

static void page_put(struct monitor *monitor, int64_t now)
{
	char why[MONITOR_WHY_MAX];
	bool good = page_write(&monitor->inventory, now, monitor->settings->page, why, sizeof(why));
	monitor_trouble(monitor->page_trouble, good ? "" : why);
	monitor->paged = (int64_t)uv_now(monitor->loop);
}

static void status_say(const struct inventory *inventory)
{
	size_t counts[MIRROR_STATES];
	inventory_count(inventory, counts);
	systemd_status("addresses: %zu ok, %zu old, %zu removed, %zu disabled%s", counts[MIRROR_OK],
		counts[MIRROR_OLD], counts[MIRROR_REMOVED], counts[MIRROR_DISABLED],
		inventory->outage.active
			? "; suspected outage of the monitor, state changes are suspended"
			: "");
}

static void report_put(struct monitor *monitor, bool all, int64_t now)
{
	int64_t clock = (int64_t)uv_now(monitor->loop);
	if (monitor->settings->page &&
		(all || clock - monitor->paged >= (monitor->news ? PAGE_MS : PAGE_IDLE_MS)))
		page_put(monitor, now);
	if (!monitor->board || !(all || monitor->news || clock - monitor->reported >= REPORT_MS))
		return;
	json_t *report = report_new(&monitor->inventory, now);
	board_post(monitor->board, &monitor->inventory, report, monitor->disk.text);
	monitor->reported = clock;
	json_decref(report);
}

void monitor_write(struct monitor *monitor, bool all)
{
	int64_t now = time(NULL);
	bool late = monitor->news && monitor->settings->page && !all &&
		    (int64_t)uv_now(monitor->loop) - monitor->paged < PAGE_MS;
	monitor->inventory.scheduler = scheduler_counts(monitor->scheduler);
	if (monitor->facts || all)
		state_write(monitor);
	if (all || export_due(monitor, now))
		export_write(monitor, now);
	report_put(monitor, all, now);
	if (monitor->news && !monitor->ending)
		status_say(&monitor->inventory);
	monitor->flushed = (int64_t)uv_now(monitor->loop);
	monitor->facts = monitor->news = false;
	if (late) /* the page has not got it yet */
		monitor_mark(monitor, true);
}
