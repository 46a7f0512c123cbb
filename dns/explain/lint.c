#include "dns/explain/lint.h"

#include "dns/base/log.h"
#include "geo/walk.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { CODES_MAX = 20, POOLS_MAX = 100 };

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

/* A pattern's names follow one another and share their configuration: one line is for all of
 * them. */
static unsigned lint_warn(const struct snapshot *snapshot, const char *what,
	bool (*applies)(const struct snapshot_pool *pool, unsigned family))
{
	static const char *const families[POOL_FAMILIES] = {"IPv4", "IPv6"};
	const struct config_arena *files = &inputs_config(snapshot->inputs)->arena;
	unsigned count = 0;
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		const struct config_pool *said = NULL;
		for (size_t i = 0; i < snapshot->pool_count; i++) {
			const struct snapshot_pool *pool = &snapshot->pools[i];
			if (pool->config == said || !applies(pool, f))
				continue;
			said = pool->config;
			log_line(LOG_LEVEL_WARNING, "%s:%u: pool \"%s\": %s family=%s",
				config_line_file(files, said->line), config_line_number(said->line),
				said->name, what, families[f]);
			count++;
		}
	}
	return count;
}

unsigned lint_pools(const struct snapshot *snapshot)
{
	return lint_warn(snapshot,
		       "some places have no member at any level: their clients get NODATA, "
		       "cached with their ECS scope",
		       nodata_depends) +
	       lint_warn(snapshot,
		       "not all members fit in one message of 65,535 octets: they rotate",
		       all_do_not_fit);
}

/* Is it meant to be a version string? */
static bool txt_is_version(const struct config_txt *config, const struct txt *txt)
{
	size_t size = strlen(config->name), colons = 0;
	for (size_t i = 0; i < txt->size; i++)
		colons += txt->text[i] == ':';
	return colons >= 3 || (size >= 3 && strcasecmp(config->name + size - 3, "cvd") == 0);
}

unsigned lint_txts(const struct snapshot *snapshot)
{
	const struct config *config = inputs_config(snapshot->inputs);
	unsigned count = 0;
	char why[256];
	for (size_t z = 0; z < config->zone_count; z++)
		for (size_t t = 0; t < config->zones[z].txt_count; t++) {
			const struct config_txt *name = &config->zones[z].txts[t];
			const struct txt *txt = refcount_get(snapshot->inputs->zones[z].txts[t]);
			if (name->cvd || !txt || !txt_is_version(name, txt) ||
				txt_cvd_check(txt->text, txt->size, why, sizeof(why)))
				continue;
			log_line(LOG_LEVEL_WARNING,
				"%s:1: %s; freshclam cannot read it, format = \"cvd\" would refuse it "
				"txt=%s",
				name->file, why, name->name);
			count++;
		}
	return count;
}

/* Countries by their code, the first few written out. */
struct countries {
	unsigned count;
	char text[CODES_MAX * sizeof("no country")];
};

static void country_add(struct countries *countries, unsigned country)
{
	size_t used = strlen(countries->text);
	if (countries->count++ < CODES_MAX)
		snprintf(countries->text + used, sizeof(countries->text) - used, " %s",
			country == COUNTRY_NONE ? "no country" : country_code(country));
}

/* "; WHAT: AT BE and 3 more", or nothing. */
static void countries_write(char *text, size_t size, const char *what, const struct countries *from)
{
	size_t used = strlen(text);
	if (from->count)
		snprintf(text + used, size - used, "; %s:%s", what, from->text);
	used = strlen(text);
	if (from->count > CODES_MAX)
		snprintf(text + used, size - used, " and %u more", from->count - CODES_MAX);
}

/* What the places that a pool may be asked for come to. */
struct summary {
	unsigned own,
		other; /* places with members of their own level in service; of other levels only */
	uint32_t first_level; /* addresses there, of the last place */
	struct countries thin, empty;
};

static void place_look(struct summary *summary, const struct snapshot_zone *zone,
	const struct pool_rule *rule, unsigned country)
{
	struct walk walk;
	bool thin = false, empty = true;
	pools_decide(zone->pools, rule, country, &walk);
	summary->first_level = 0;
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		uint32_t count = rule->families[f] ? walk.levels[0].in_service[f] : 0;
		summary->first_level += count;
		thin |= count && count < rule->min_members;
		empty &= walk.own[f] == WALK_NONE;
	}
	if (empty)
		country_add(&summary->empty, country);
	if (country == COUNTRY_NONE) /* a client of no country, which starts at the world */
		return;
	summary->own += !empty && summary->first_level;
	summary->other += !empty && !summary->first_level;
	if (thin)
		country_add(&summary->thin, country);
}

static size_t names_count(const struct snapshot *snapshot, const struct config_pool *config)
{
	size_t count = 0;
	for (size_t i = 0; i < snapshot->pool_count; i++)
		count += snapshot->pools[i].config == config;
	return count;
}

static void pool_say(const struct snapshot *snapshot, const struct snapshot_zone *zone,
	const struct config_pool *pool)
{
	struct summary summary = {0};
	char first[128], more[2 * sizeof(summary.thin.text) + 128] = "";
	size_t names = names_count(snapshot, pool);
	if (pool->rule.from == POOL_FROM_FIXED) {
		place_look(&summary, zone, &pool->rule, 1); /* any: the place is fixed */
		snprintf(first, sizeof(first), "addresses of its own place in service: %u",
			summary.first_level);
		if (summary.thin.count)
			snprintf(more, sizeof(more), "; below min-members");
		if (summary.empty.count)
			snprintf(more, sizeof(more), "; no answer");
	} else {
		unsigned client = pool->rule.from == POOL_FROM_CLIENT;
		for (unsigned c = client ? COUNTRY_NONE : 1; c <= COUNTRY_MAX; c++)
			place_look(&summary, zone, &pool->rule, c);
		snprintf(first, sizeof(first),
			"countries with mirrors of their own in service: %u, "
			"served by later levels: %u",
			summary.own, summary.other);
		countries_write(more, sizeof(more), "below min-members", &summary.thin);
		countries_write(more, sizeof(more), "no answer", &summary.empty);
	}
	log_line(summary.empty.count || !names ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
		"Pool \"%s\" of zone %s: %s%s%s names=%zu", pool->name, zone->config->name, first,
		more, names ? "" : "; names written out override all of its names", names);
}

void lint_summary(const struct snapshot *snapshot)
{
	size_t said = 0, left = 0;
	for (size_t z = 0; z < snapshot->zone_count; z++)
		for (size_t p = 0; p < snapshot->zones[z].config->pool_count; p++) {
			if (said++ < POOLS_MAX)
				pool_say(snapshot, &snapshot->zones[z],
					&snapshot->zones[z].config->pools[p]);
			else
				left++;
		}
	if (left)
		log_line(LOG_LEVEL_INFO, "More pools (not listed) pools=%zu", left);
}
