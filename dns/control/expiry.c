#include "dns/control/expiry.h"

#include "dns/base/log.h"
#include "dns/load/drain_file.h"

enum { STALE_SAY_SECONDS = 3600, READ_AGAIN_SECONDS = 2, WHY_SIZE = STATE_DIR_PATH_MAX + 512 };

static void stale_say(const struct config_zone *zone, const struct config_txt *config,
	const struct txt *txt, int64_t now)
{
	log_line(LOG_LEVEL_WARNING,
		"TXT %s of zone %s is older than max-age and is %s age=%lld max_age=%u file=%s",
		config->name, zone->name,
		config->stale == STALE_WITHDRAW ? "withdrawn" : "still served",
		(long long)(now - txt->since), config->max_age, config->file);
}

/* Counts them. */
static unsigned stale_count(const struct inputs *inputs, int64_t now, bool say, bool *due)
{
	const struct config *config = inputs_config(inputs);
	unsigned count = 0;
	for (size_t z = 0; z < config->zone_count; z++)
		for (size_t t = 0; t < config->zones[z].txt_count; t++) {
			const struct config_txt *txt_config = &config->zones[z].txts[t];
			const struct txt *txt = refcount_get(inputs->zones[z].txts[t]);
			bool stale = txt && txt_is_stale(txt, txt_config, now);
			bool linked_stale = txt && txt_is_stale(txt, txt_config, inputs->now);
			*due |= txt_config->stale == STALE_WITHDRAW && stale != linked_stale;
			if (stale && say)
				stale_say(&config->zones[z], txt_config, txt, now);
			count += stale;
		}
	return count;
}

bool stale_check(struct stale *stale, const struct inputs *inputs, int64_t now)
{
	bool due = false;
	unsigned count = stale_count(inputs, now, false, &due);
	if (count > stale->count || (count && now - stale->said >= STALE_SAY_SECONDS)) {
		stale_count(inputs, now, true, &due);
		stale->said = now;
	}
	stale->count = count;
	return due;
}

struct refcount *drains_check(const struct inputs *inputs, const struct drains *drains, int64_t now)
{
	char why[WHY_SIZE];
	if (!drains_end(drains, 0, now))
		return NULL;
	for (size_t i = 0; i < drains->count; i++)
		if (drain_is_over(&drains->list[i], now))
			log_line(LOG_LEVEL_NOTICE, "A drain has expired glob=%s",
				drains->list[i].glob);
	struct refcount *left = drains_without(drains, NULL, now);
	if (left && !drains_save(refcount_get(left), inputs_config(inputs), why, sizeof(why)))
		log_line(LOG_LEVEL_WARNING, "%s", why);
	return left;
}

void transient_check(const struct inputs *inputs, int64_t now, bool *changed, size_t count)
{
	for (size_t i = 0; now % READ_AGAIN_SECONDS == 0 && i < count; i++)
		changed[i] |= inputs->verdicts[i].transient;
}
