#include "dns/stats/health.h"

#include "dns/base/json.h"

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

static void txt_judge(const struct inputs *inputs, size_t z, size_t t, json_t *reasons)
{
	const struct config *config = inputs_config(inputs);
	const struct config_zone *zone = &config->zones[z];
	const struct txt *txt = refcount_get(inputs->zones[z].txts[t]);
	const char *why = inputs->verdicts[inputs_export(config, z) + 1 + t].why;
	if (!txt)
		reason_add(reasons, "zone %s: %s has no string: %s", zone->name, zone->txts[t].name,
			why ? why : "none was read");
	else if (txt_is_stale(txt, &zone->txts[t], time(NULL)))
		reason_add(reasons, "zone %s: the string of %s is %lld s old, max-age is %u s",
			zone->name, zone->txts[t].name, (long long)(time(NULL) - txt->since),
			zone->txts[t].max_age);
}

static void inputs_judge(const struct inputs *inputs, json_t *reasons)
{
	const struct config *config = inputs_config(inputs);
	for (size_t z = 0; z < config->zone_count; z++) {
		const char *why = inputs->verdicts[inputs_export(config, z)].why;
		if (why)
			reason_add(reasons, "zone %s: the export is refused: %s",
				config->zones[z].name, why);
		for (size_t t = 0; t < config->zones[z].txt_count; t++)
			txt_judge(inputs, z, t, reasons);
	}
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
