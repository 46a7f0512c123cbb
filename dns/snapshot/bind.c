#include "dns/snapshot/bind.h"

#include "dns/snapshot/find.h"
#include "dns/snapshot/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAKEN_TYPES = 4 };

static size_t pool_names(const struct config_pool *pool)
{
	return pool->pattern ? COUNTRY_LABELS : 1;
}

static size_t pool_outcomes(const struct config_pool *pool)
{
	switch ((enum pool_from)pool->rule.from) {
	case POOL_FROM_LABEL:
		return pool_names(pool);
	case POOL_FROM_CLIENT:
		return COUNTRY_MAX + 2; /* one is tried out behind the last */
	case POOL_FROM_FIXED:
		return 1;
	}
	return 1;
}

bool owner_attach_prepare(struct snapshot *snapshot)
{
	size_t names = 0, outcomes = 0, maps = 0, txts = 0;
	const struct config *config = inputs_config(snapshot->inputs);
	for (size_t z = 0; z < config->zone_count; z++) {
		const struct config_zone *zone = &config->zones[z];
		txts += zone->txt_count;
		for (size_t p = 0; p < zone->pool_count; p++) {
			names += pool_names(&zone->pools[p]);
			outcomes += pool_outcomes(&zone->pools[p]);
			maps += zone->pools[p].rule.from == POOL_FROM_CLIENT;
		}
	}
	snapshot->pools = calloc(names + 1, sizeof(*snapshot->pools));
	snapshot->dynamics = calloc(names + txts + 1, sizeof(*snapshot->dynamics));
	snapshot->dynamic_count = 1;
	snapshot->outcomes = calloc(outcomes + 1, sizeof(*snapshot->outcomes));
	snapshot->maps = calloc(maps + 1, sizeof(*snapshot->maps));
	snapshot->images = calloc(txts + 1, sizeof(*snapshot->images));
	return snapshot->pools && snapshot->dynamics && snapshot->outcomes && snapshot->maps &&
	       snapshot->images;
}

static bool conflict(
	const struct owner_attach *attach, unsigned line, const char *name, const char *found)
{
	const struct config_arena *files = &inputs_config(attach->snapshot->inputs)->arena;
	snprintf(attach->why, attach->size, "%s:%u: \"%s\" in zone %s: %s",
		config_line_file(files, line), config_line_number(line), name, attach->config->name,
		found);
	return false;
}

/* Is there a delegation at or above a name, or a DNAME above it? What it is, or NULL. */
static const char *cut_find(const struct owner_attach *attach, const uint8_t *name)
{
	unsigned above = name_labels(name) - zone_labels(attach->zone->zone);
	for (unsigned i = 0; i < above; i++, name += name[0] + 1) {
		const struct zone_node *node = zone_get(attach->zone->zone, name);
		if (!node)
			continue;
		if (zone_rrset(node, TYPE_NS) && !(name[0] == 1 && name[1] == '*'))
			return "it is at or below a delegation in the zone file, "
			       "expected an authoritative name";
		if (i > 0 && zone_rrset(node, TYPE_DNAME))
			return "it is below a DNAME in the zone file, "
			       "expected an authoritative name";
	}
	return NULL;
}

/* Does the zone file leave a name to us: no cut above, no record of these types? Else refused. */
static bool name_is_free(const struct owner_attach *attach, unsigned line, const char *name,
	const uint8_t *wire, const uint16_t types[TAKEN_TYPES])
{
	const char *cut = cut_find(attach, wire);
	const struct zone_node *node = zone_get(attach->zone->zone, wire);
	const struct zone_file *file = refcount_get(attach->inputs->file);
	const struct zone_entry *entry = file->entries;
	char found[INPUTS_WHY_MAX];
	unsigned i = 0;
	if (cut)
		return conflict(attach, line, name, cut);
	while (node && i < TAKEN_TYPES && !zone_rrset(node, types[i]))
		i++;
	if (!node || i == TAKEN_TYPES)
		return true;
	while (entry->rrset.type != types[i] || !name_equal(entry->owner, wire))
		entry++;
	snprintf(found, sizeof(found),
		"the zone file already has a record for this name (%s:%u): remove one of the two",
		entry->file, entry->line);
	return conflict(attach, line, name, found);
}

/* The node's own binding, made if need be. */
static struct snapshot_dynamic *dynamic_of(
	const struct owner_attach *attach, struct zone_node *node)
{
	if (!node->dynamic)
		node->dynamic = (uint32_t)attach->snapshot->dynamic_count++;
	return &attach->snapshot->dynamics[node->dynamic];
}

static bool txt_put(const struct owner_attach *attach, struct zone_node *node,
	const struct config_txt *config, const struct txt *txt)
{
	size_t rdata_max = txt->size + txt->size / 255 + 1;
	uint8_t *rdata = malloc(rdata_max);
	uint8_t *image = malloc(RECORD_FIXED + rdata_max);
	bool good = rdata && image;
	if (good) {
		size_t rdata_size = rrset_txt_rdata(rdata, txt->text, txt->size);
		struct rrset rrset = {
			.type = TYPE_TXT, .count = 1, .ttl = config->ttl, .records = image};
		rrset.size = (uint32_t)record_write(
			image, TYPE_TXT, config->ttl, rdata, (uint16_t)rdata_size);
		attach->snapshot->images[attach->snapshot->image_count++] = image;
		image = NULL;
		good = zone_put(attach->zone->zone, node, &rrset);
	}
	free(rdata);
	free(image);
	return good || owner_attach_no_memory(attach);
}

static bool txt_attach(const struct owner_attach *attach, size_t t)
{
	const struct config_txt *config = &attach->config->txts[t];
	const struct txt *txt = refcount_get(attach->inputs->txts[t]);
	static const uint16_t types[TAKEN_TYPES] = {TYPE_CNAME, TYPE_DNAME, TYPE_TXT, TYPE_TXT};
	if (!name_is_free(attach, config->line, config->name, config->wire, types))
		return false;
	struct zone_node *node = zone_add(attach->zone->zone, config->wire);
	if (!node)
		return owner_attach_no_memory(attach);
	if (txt && config->stale == STALE_WITHDRAW &&
		txt_is_stale(txt, config, attach->snapshot->inputs->now)) {
		/* No wildcard may answer in its stead. */
		dynamic_of(attach, node)->state = DYNAMIC_WITHDRAWN;
		return true;
	}
	if (txt)
		return txt_put(attach, node, config, txt);
	dynamic_of(attach, node)->state = DYNAMIC_FAILED;
	return true;
}

/* FNV-1a. */
static uint64_t name_hash(const uint8_t *name)
{
	uint64_t hash = 0xCBF29CE484222325;
	for (size_t i = 0, size = name_size(name); i < size; i++)
		hash = (hash ^ name[i]) * 0x100000001B3;
	return hash;
}

/* Puts a pool at a name; `model`, if any, has the same outcomes. */
static bool pool_attach(const struct owner_attach *attach, const uint8_t *name,
	const struct config_pool *config, const struct snapshot_pool *model, unsigned country)
{
	struct snapshot *snapshot = attach->snapshot;
	struct zone_node *node = zone_add(attach->zone->zone, name);
	if (!node)
		return owner_attach_no_memory(attach);
	struct snapshot_pool *pool = &snapshot->pools[snapshot->pool_count++];
	pool->config = config;
	pool->ecs = config->rule.ecs;
	pool->country = (uint16_t)country;
	if (model) {
		pool->map = model->map;
		pool->outcomes = model->outcomes;
		pool->outcome_count = model->outcome_count;
	} else if (!owner_attach_resolve(attach, pool, country)) {
		return false;
	}
	pool->name_hash = name_hash(name);
	pool->turn = (uint32_t)snapshot->turn_count;
	snapshot->turn_count += pool->outcome_count * POOL_FAMILIES;
	dynamic_of(attach, node)->pool = pool;
	return true;
}

static bool exact_attach(const struct owner_attach *attach, const struct config_pool *config)
{
	const bool *families = config->rule.families;
	const uint16_t types[TAKEN_TYPES] = {TYPE_CNAME, TYPE_DNAME,
		families[POOL_IPV4] ? TYPE_A : TYPE_AAAA, families[POOL_IPV6] ? TYPE_AAAA : TYPE_A};
	if (!name_is_free(attach, config->line, config->name, config->wire, types))
		return false;
	return pool_attach(attach, config->wire, config, NULL, COUNTRY_NONE);
}

/* Does something that is written out win over a pattern here? */
static bool name_is_taken(const struct owner_attach *attach, const uint8_t *name)
{
	const struct zone_node *node = zone_get(attach->zone->zone, name);
	if (node && node->rrset_count)
		return true;
	for (size_t t = 0; t < attach->config->txt_count; t++)
		if (name_equal(attach->config->txts[t].wire, name))
			return true;
	for (size_t p = 0; p < attach->config->pool_count; p++)
		if (!attach->config->pools[p].pattern &&
			name_equal(attach->config->pools[p].wire, name))
			return true;
	return false;
}

/* Two patterns that give one name. */
static bool patterns_meet(
	const struct owner_attach *attach, const struct config_pool *config, const uint8_t *name)
{
	char text[NAME_TEXT_MAX], found[NAME_TEXT_MAX + 128];
	const struct zone_node *node = zone_get(attach->zone->zone, name);
	if (!node || !node->dynamic)
		return false;
	snprintf(found, sizeof(found), "covers %s, as pool \"%s\" does, expected one pool per name",
		name_write(name, text),
		attach->snapshot->dynamics[node->dynamic].pool->config->name);
	conflict(attach, config->line, config->name, found);
	return true;
}

/* One name for each code, but for those that the zone file has or delegates. */
static bool pattern_attach(const struct owner_attach *attach, const struct config_pool *config)
{
	const struct snapshot_pool *model = NULL;
	const char *cut = NULL;
	size_t before = attach->snapshot->pool_count, pools = before;
	for (size_t i = 0; i < COUNTRY_LABELS; i++) {
		unsigned country;
		const char *label = country_label(i, &country);
		uint8_t name[NAME_SIZE_MAX];
		if (!walk_expand(name, config, label))
			return conflict(attach, config->line, config->name,
				"a country code makes this name longer than 255 octets, "
				"expected at most that");
		const char *found = cut_find(attach, name);
		cut = found ? found : cut;
		if (found || name_is_taken(attach, name))
			continue;
		if (patterns_meet(attach, config, name) ||
			!pool_attach(attach, name, config, model, country))
			return false;
		pools = attach->snapshot->pool_count;
		if (config->rule.from != POOL_FROM_LABEL)
			model = &attach->snapshot->pools[pools - 1];
	}
	return !cut || pools > before || conflict(attach, config->line, config->name, cut);
}

bool owner_attach_zone(struct snapshot *snapshot, const struct snapshot *previous, size_t z,
	char *why, size_t size)
{
	struct owner_attach attach = {
		.snapshot = snapshot,
		.previous = previous,
		.config = &inputs_config(snapshot->inputs)->zones[z],
		.inputs = &snapshot->inputs->zones[z],
		.zone = &snapshot->zones[z],
		.why = why,
		.size = size,
	};
	attach.zone->first_pool = snapshot->pool_count;
	for (size_t t = 0; t < attach.config->txt_count; t++)
		if (!txt_attach(&attach, t))
			return false;
	if (!attach.config->pool_count)
		return true;
	attach.zone->pools = pools_new(refcount_get(attach.inputs->mirrors));
	if (!attach.zone->pools)
		return owner_attach_no_memory(&attach);
	for (unsigned pattern = 0; pattern < 2; pattern++) /* exact names first: they win */
		for (size_t p = 0; p < attach.config->pool_count; p++) {
			const struct config_pool *pool = &attach.config->pools[p];
			if (pool->pattern == pattern &&
				!(pattern ? pattern_attach : exact_attach)(&attach, pool))
				return false;
		}
	return true;
}
