#include "dns/server/watchdog.h"

#include "dns/base/log.h"
#include "dns/base/systemd.h"

#include <stdlib.h>

/* The number of workers that have not turned since they were asked. */
static unsigned silent_count(const struct watchdog *watchdog)
{
	unsigned silent = 0;
	for (unsigned i = 0; i < watchdog->workers->count; i++)
		silent += worker_beat(&watchdog->workers->workers[i]) == watchdog->beats[i];
	return silent;
}

static void tick(uv_timer_t *timer)
{
	struct watchdog *watchdog = timer->data;
	unsigned silent = watchdog->asked ? silent_count(watchdog) : 0;
	if (silent) {
		if (!watchdog->late)
			log_line(LOG_LEVEL_ERROR,
				"Workers unresponsive, watchdog notifications suspended workers=%u",
				silent);
		watchdog->late = true;
		return;
	}
	watchdog->late = false;
	systemd_alive();
	watchdog->asked = true;
	for (unsigned i = 0; i < watchdog->workers->count; i++) {
		struct worker *worker = &watchdog->workers->workers[i];
		watchdog->beats[i] = worker_beat(worker);
		worker_ping(worker);
	}
}

bool watchdog_start(struct watchdog *watchdog, uv_loop_t *loop, const struct worker_shared *workers)
{
	uint64_t half = systemd_watchdog() / 2;
	*watchdog = (struct watchdog){.workers = workers};
	if (!systemd_watchdog())
		return true;
	half = half ? half : 1;
	watchdog->beats = calloc(workers->count, sizeof(*watchdog->beats));
	if (!watchdog->beats || uv_timer_init(loop, &watchdog->timer) != 0)
		return false;
	watchdog->timer.data = watchdog;
	return uv_timer_start(&watchdog->timer, tick, 0, half) == 0;
}

void watchdog_stop(struct watchdog *watchdog)
{
	if (!watchdog->beats)
		return;
	uv_close((uv_handle_t *)&watchdog->timer, NULL);
	free(watchdog->beats);
	watchdog->beats = NULL;
}
