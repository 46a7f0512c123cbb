#include "dns/base/log.h"
#include "dns/control/reload_part.h"
#include "dns/load/drain_file.h"

#include <time.h>

enum { STALE_SAY_SECONDS = 3600, READ_AGAIN_SECONDS = 2 };

static void stale_say(const struct config_zone *zone, const struct config_txt *config,
	const struct txt *txt, int64_t now)
{
	log_line(LOG_LEVEL_WARNING,
		"The string of %s in zone %s is older than its max-age and is %s age=%lld "
		"max_age=%u "
		"file=%s",
		config->name, zone->name,
		config->stale == STALE_WITHDRAW ? "withdrawn" : "still served",
		(long long)(now - txt->since), config->max_age, config->file);
}

/* Counts the stale strings. One to be withdrawn, or to come back after the clock was set, asks for a snapshot
 * without or with it. */
static unsigned stale_look(struct reload *reload, int64_t now, bool say)
{
	const struct inputs *inputs = reload->current->inputs;
	const struct config *config = inputs_config(inputs);
	unsigned count = 0;
	for (size_t z = 0; z < config->zone_count; z++)
		for (size_t t = 0; t < config->zones[z].txt_count; t++) {
			const struct config_txt *txt_config = &config->zones[z].txts[t];
			const struct txt *txt = shared_get(inputs->zones[z].txts[t]);
			bool stale = txt && txt_is_stale(txt, txt_config, now);
			bool linked_stale = txt && txt_is_stale(txt, txt_config, inputs->now);
			reload->want_relink |=
				txt_config->stale == STALE_WITHDRAW && stale != linked_stale;
			if (stale && say)
				stale_say(&config->zones[z], txt_config, txt, now);
			count += stale;
		}
	return count;
}

/* Drains that have come to their end. */
static void drains_look(struct reload *reload, int64_t now)
{
	const struct drains *drains = shared_get(reload->drains);
	const struct inputs *inputs = reload->current->inputs;
	char why[RELOAD_WHY_MAX];
	reload->want_relink |= drains_end(shared_get(inputs->drains), inputs->now, now);
	if (!drains_end(drains, 0, now))
		return;
	for (size_t i = 0; i < drains->count; i++)
		if (drain_is_over(&drains->list[i], now))
			log_line(LOG_LEVEL_NOTICE, "A drain has ended, its time is over glob=%s",
				drains->list[i].glob);
	struct shared *left = drains_without(drains, NULL, now);
	if (!left)
		return;
	if (!drains_save(shared_get(left), inputs_config(inputs), why, sizeof(why)))
		log_line(LOG_LEVEL_WARNING, "%s", why);
	reload_drains_set(reload, left);
}

/* Files that could not be read for a reason that passes: nothing about them changes when it has passed. */
static void passing_look(struct reload *reload, int64_t now)
{
	const struct inputs *inputs = reload->current->inputs;
	if (reload->busy || now % READ_AGAIN_SECONDS) /* busy: `want` may be of the inputs before */
		return;
	for (size_t i = 0; i < reload->want_count; i++)
		reload->want[i] |= inputs->verdicts[i].passing;
}

/* A string that has become too old is said at once, and all such every hour. */
void reload_look(uv_timer_t *timer)
{
	struct reload *reload = timer->data;
	int64_t now = time(NULL);
	unsigned count = stale_look(reload, now, false);
	if (count > reload->stale_count ||
		(count && now - reload->stale_said >= STALE_SAY_SECONDS)) {
		stale_look(reload, now, true);
		reload->stale_said = now;
	}
	reload->stale_count = count;
	drains_look(reload, now);
	passing_look(reload, now);
	ledger_beat(reload->ledger);
	reload_begin(reload);
}
