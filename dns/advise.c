#include "dns/advise.h"

#include "dns/log.h"

/* Some places get an answer and others NODATA, which resolvers cache by scope. */
static bool nodata_depends(const struct snapshot_pool *pool, unsigned family)
{
	unsigned with = 0;
	for (uint32_t i = 0; i < pool->outcome_count; i++)
		with += pool->outcomes[i].set[family] != NULL;
	return with && with != pool->outcome_count;
}

/* `answers = 0` asks for all members, and all do not fit a message. */
static bool all_do_not_fit(const struct snapshot_pool *pool, unsigned family)
{
	for (uint32_t i = 0; pool->config->rule.answers == 0 && i < pool->outcome_count; i++) {
		const struct pool_set *set = pool->outcomes[i].set[family];
		if (set && set->answer_count < set->members)
			return true;
	}
	return false;
}

/* A pattern's names follow one another and share their configuration: one line is for all of them. */
static unsigned advise(const struct snapshot *snapshot, const char *what,
	bool (*applies)(const struct snapshot_pool *pool, unsigned family))
{
	static const char *const families[POOL_FAMILIES] = {"IPv4", "IPv6"};
	const char *path = inputs_config(snapshot->inputs)->path;
	unsigned count = 0;
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		const struct config_pool *said = NULL;
		for (size_t i = 0; i < snapshot->pool_count; i++) {
			const struct snapshot_pool *pool = &snapshot->pools[i];
			if (pool->config == said || !applies(pool, f))
				continue;
			said = pool->config;
			log_line(LOG_LEVEL_WARNING, "%s:%u: pool \"%s\": %s family=%s", path,
				said->line, said->name, what, families[f]);
			count++;
		}
	}
	return count;
}

unsigned advise_pools(const struct snapshot *snapshot)
{
	return advise(snapshot,
		       "some clients' places have no member at any level and get NODATA, which is "
		       "cached with their scope",
		       nodata_depends) +
	       advise(snapshot,
		       "all members do not fit one message of 65,535 octets, so they take turns",
		       all_do_not_fit);
}
