#include "dns/control/expiry.h"

#include "dns/base/log.h"
#include "dns/load/drain_file.h"
#include "dns/load/input_state.h"

#include <stdio.h>

enum { STALE_SAY_SECONDS = 3600, READ_AGAIN_SECONDS = 2, WHY_SIZE = STATE_DIR_PATH_MAX + 512 };

static void stale_say(
	const struct inputs *inputs, const struct input *input, const struct input_age *age)
{
	const struct config *config = inputs_config(inputs);
	const struct config_zone *zone = input->zone < 0 ? NULL : &config->zones[input->zone];
	char name[INPUT_NAME_MAX];
	if (zone && input->txt >= 0)
		snprintf(name, sizeof(name), "TXT %s of zone %s", zone->txts[input->txt].name,
			zone->name);
	else if (zone)
		snprintf(name, sizeof(name), "The export of zone %s", zone->name);
	else
		snprintf(name, sizeof(name), "The country database");
	bool withdrawn = input->txt >= 0 && zone->txts[input->txt].stale == STALE_WITHDRAW;
	log_line(LOG_LEVEL_WARNING, "%s is older than %s and is %s age=%lld max_age=%u file=%s",
		name, age->option, withdrawn ? "withdrawn" : "still served",
		(long long)age->seconds, age->most, inputs_file(config, input->number));
}

/* Is a string to be withdrawn, or to come back, that is not so in the snapshot? */
static bool withdrawal_due(const struct inputs *inputs, const struct input *input, int64_t now)
{
	const struct config *config = inputs_config(inputs);
	if (input->txt < 0 || config->zones[input->zone].txts[input->txt].stale != STALE_WITHDRAW)
		return false;
	struct input_age age = input_age(inputs, input, now);
	struct input_age linked = input_age(inputs, input, inputs->now);
	return input_is_stale(&age) != input_is_stale(&linked);
}

/* Counts them. */
static unsigned stale_count(const struct inputs *inputs, int64_t now, bool say, bool *due)
{
	struct input input = {0, -1, -1};
	unsigned count = 0;
	do {
		struct input_age age = input_age(inputs, &input, now);
		bool stale = input_is_stale(&age);
		*due |= withdrawal_due(inputs, &input, now);
		if (stale && say)
			stale_say(inputs, &input, &age);
		count += stale;
	} while (input_next(inputs_config(inputs), &input));
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
