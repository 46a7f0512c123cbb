#include "dns/stats/totals.h"

#include "dns/base/log.h"

#include <stdlib.h>
#include <string.h>

enum { NS_IN_MS = 1000000 };

const char *const totals_reloads[TOTALS_RELOADS] = {"ok", "partly", "failed"};

void totals_init(struct totals *totals, struct worker_shared *workers)
{
	memset(totals, 0, sizeof(*totals));
	pthread_mutex_init(&totals->lock, NULL);
	totals->workers = workers;
}

static void snapshot_totals_free(const struct totals *totals, struct totals_snapshot *counted)
{
	for (unsigned i = 0; counted->workers_turns && i < totals->workers->count; i++) {
		free(counted->workers_turns[i].turns);
		ping_counts_free(counted->workers_turns[i].pings);
	}
	free(counted->workers_turns);
	*counted = (struct totals_snapshot){0};
}

void totals_free(struct totals *totals)
{
	snapshot_totals_free(totals, &totals->now);
	snapshot_totals_free(totals, &totals->before);
	pool_counts_free(&totals->values.pool_counts);
	pthread_mutex_destroy(&totals->lock);
}

/* A worker has taken the snapshot once it says so; then its turns have begun. */
static bool snapshot_totals_add(const struct totals *totals, const struct totals_snapshot *counted,
	bool left, struct pool_counts *pool_counts)
{
	bool good = true;
	for (unsigned i = 0; counted->snapshot && i < totals->workers->count; i++) {
		const struct worker *worker = &totals->workers->workers[i];
		if (left || atomic_load_explicit(&worker->served, memory_order_acquire) ==
				    counted->snapshot)
			good &= pool_counts_add(pool_counts, counted->snapshot,
				counted->workers_turns[i].turns, counted->workers_turns[i].pings);
	}
	return good;
}

bool totals_attach(struct totals *totals, const struct snapshot *snapshot,
	struct worker_handover *const *handovers)
{
	struct totals_worker *workers_turns =
		calloc(totals->workers->count, sizeof(*workers_turns));
	if (!workers_turns)
		return false;
	for (unsigned i = 0; i < totals->workers->count; i++)
		workers_turns[i] = (struct totals_worker){handovers[i]->turns, handovers[i]->pings};
	pthread_mutex_lock(&totals->lock);
	snapshot_totals_add(totals, &totals->before, true,
		&totals->values.pool_counts); /* usually closed by now */
	snapshot_totals_free(totals, &totals->before);
	totals->before = totals->now;
	totals->now = (struct totals_snapshot){snapshot, workers_turns};
	bool good = pool_counts_resize(&totals->values.pool_counts, snapshot);
	pool_counts_refusals(&totals->values.pool_counts, snapshot);
	pthread_mutex_unlock(&totals->lock);
	if (!good)
		log_line(LOG_LEVEL_ERROR,
			"Out of memory: counters of the new snapshot are incomplete");
	return true;
}

void totals_detach(struct totals *totals)
{
	pthread_mutex_lock(&totals->lock);
	bool good = snapshot_totals_add(totals, &totals->before, true, &totals->values.pool_counts);
	snapshot_totals_free(totals, &totals->before);
	pthread_mutex_unlock(&totals->lock);
	if (!good)
		log_line(LOG_LEVEL_ERROR,
			"Out of memory: counters of the previous snapshot are incomplete");
}

void totals_heartbeat(struct totals *totals)
{
	atomic_store_explicit(&totals->beat, uv_hrtime() / NS_IN_MS, memory_order_relaxed);
	for (unsigned i = 0; i < totals->workers->count; i++)
		worker_ping(&totals->workers->workers[i]);
}

void totals_reload(struct totals *totals, enum totals_reload result)
{
	pthread_mutex_lock(&totals->lock);
	totals->values.reloads[result]++;
	pthread_mutex_unlock(&totals->lock);
}

bool totals_sum(const struct totals *totals, struct totals_values *values)
{
	memset(values, 0, sizeof(*values));
	memcpy(values->reloads, totals->values.reloads, sizeof(values->reloads));
	counters_add(&values->counters, &totals->values.counters);
	for (unsigned i = 0; i < totals->workers->count; i++)
		counters_add(&values->counters, totals->workers->workers[i].serving.counters);
	if (pool_counts_copy(&values->pool_counts, &totals->values.pool_counts) &&
		snapshot_totals_add(totals, &totals->before, true, &values->pool_counts) &&
		snapshot_totals_add(totals, &totals->now, false, &values->pool_counts))
		return true;
	pool_counts_free(&values->pool_counts);
	return false;
}

bool totals_copy(struct totals *totals, struct totals_values *values)
{
	pthread_mutex_lock(&totals->lock);
	bool good = totals_sum(totals, values);
	pthread_mutex_unlock(&totals->lock);
	return good;
}

bool totals_inherit(struct totals *totals, const struct totals_values *values)
{
	struct pool_counts pool_counts;
	if (!pool_counts_copy(&pool_counts, &values->pool_counts))
		return false;
	pthread_mutex_lock(&totals->lock);
	counters_add(&totals->values.counters, &values->counters);
	for (unsigned i = 0; i < TOTALS_RELOADS; i++)
		totals->values.reloads[i] += values->reloads[i];
	pool_counts_free(&totals->values.pool_counts);
	totals->values.pool_counts = pool_counts;
	pthread_mutex_unlock(&totals->lock);
	return true;
}
