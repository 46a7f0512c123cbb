#include "dns/stats/health.h"

#include "dns/base/json.h"
#include "dns/load/input_state.h"

#include <time.h>

enum {
	BEAT_MAX_MS = 10000, /* without a sign of life: ten that did not come */
	NS_IN_MS = 1000000,
};

/* Another thread may have beaten after the clock was read: then it is now. 0: not begun yet. */
static uint64_t age_ms(const _Atomic uint64_t *beat)
{
	uint64_t now = uv_hrtime() / NS_IN_MS;
	uint64_t last = atomic_load_explicit(beat, memory_order_relaxed);
	return last && now > last ? now - last : 0;
}

/* Signs of life are asked for every second. */
static void workers_judge(const struct totals *totals, json_t *reasons)
{
	uint64_t age = age_ms(&totals->beat);
	if (age > BEAT_MAX_MS) { /* then the workers were not asked either */
		reason_add(reasons, "the server has not checked its files for %llu s",
			(unsigned long long)age / 1000);
		return;
	}
	for (unsigned i = 0; i < totals->workers->count; i++) {
		age = age_ms(&totals->workers->workers[i].beat);
		if (age > BEAT_MAX_MS)
			reason_add(reasons, "worker %u has not responded for %llu s", i,
				(unsigned long long)age / 1000);
	}
}

unsigned health_silent(const struct totals *totals)
{
	unsigned count = 0;
	for (unsigned i = 0; i < totals->workers->count; i++)
		count += age_ms(&totals->workers->workers[i].beat) > BEAT_MAX_MS;
	return count;
}

static void inputs_judge(const struct inputs *inputs, json_t *reasons)
{
	const struct config *config = inputs_config(inputs);
	struct input input = {0, -1, -1};
	int64_t now = time(NULL);
	do {
		char name[INPUT_NAME_MAX];
		struct input_age age = input_age(inputs, &input, now);
		const char *why = inputs->verdicts[input.number].why;
		input_name(config, &input, name);
		if (input.txt >= 0 && !refcount_get(inputs->zones[input.zone].txts[input.txt]))
			reason_add(reasons, "zone %s: %s has no string: %s",
				config->zones[input.zone].name,
				config->zones[input.zone].txts[input.txt].name,
				why ? why : "none was read");
		else if (input.zone >= 0 && input.txt < 0 && why)
			reason_add(reasons, "%s is refused: %s", name, why);
		else if (input_is_stale(&age))
			reason_add(reasons, "%s is %lld s old, %s is %u s", name,
				(long long)age.seconds, age.option, age.most);
	} while (input_next(config, &input));
}

char *health_page(void *owner, bool *healthy)
{
	struct totals *totals = owner;
	json_t *reasons = json_array();
	if (!reasons)
		return NULL;
	pthread_mutex_lock(&totals->lock);
	workers_judge(totals, reasons);
	bool serving = json_array_size(reasons) == 0; /* stale data is served all the same */
	inputs_judge(totals->now.snapshot->inputs, reasons);
	pthread_mutex_unlock(&totals->lock);
	*healthy = json_array_size(reasons) == 0;
	json_t *page = json_pack("{s:b, s:b, s:o}", "healthy", (int)*healthy, "serving",
		(int)serving, "reasons", reasons);
	char *text = page ? json_dumps(page, JSON_INDENT(1)) : NULL;
	json_decref(page);
	return text;
}
