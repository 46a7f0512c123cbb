#include "dns/control/command_drain.h"

#include "dns/base/json.h"
#include "dns/base/why.h"
#include "dns/control/context.h"
#include "dns/load/drain_file.h"
#include "geo/country.h"
#include "geo/pool.h"
#include "geo/stamp.h"
#include "geo/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	WHY_SIZE = 1024,
	HOSTS_MAX = 100, /* named in a reply */
	SECONDS_MAX = 10 * 366 * 86400, /* ten years: for longer there is "until undrained" */
};

/* A change of the drains on its way to the workers. */
struct change {
	struct control_request *request;
	json_t *result;
};

/* What a drain takes out. */
struct reach {
	size_t addresses;
	size_t in_service; /* of them, answered until now */
	size_t held; /* of an undrain: another drain still takes them out */
	uint32_t ttl; /* the longest of a pool that they may be in */
};

static uint32_t ttl_most(const struct config_zone *zone)
{
	uint32_t ttl = 0;
	for (size_t p = 0; p < zone->pool_count; p++)
		if (zone->pools[p].rule.ttl > ttl)
			ttl = zone->pools[p].rule.ttl;
	return ttl;
}

static struct reach reach_find(
	const struct inputs *inputs, const struct drain *drain, json_t *hosts)
{
	struct reach reach = {0};
	for (size_t z = 0; z < inputs->zone_count; z++) {
		const struct mirrors *mirrors = refcount_get(inputs->zones[z].mirrors);
		uint32_t last = UINT32_MAX;
		for (size_t i = 0; mirrors && i < mirrors->address_count; i++) {
			const struct mirror_address *address = &mirrors->addresses[i];
			const struct mirror *mirror = &mirrors->list[address->mirror];
			if (!drain_matches(drain, mirror->host, &address->at))
				continue;
			reach.addresses++;
			reach.in_service += mirror_in_service(mirror->state) && !address->drained;
			uint32_t ttl = ttl_most(&inputs_config(inputs)->zones[z]);
			reach.ttl = ttl > reach.ttl ? ttl : reach.ttl;
			if (last != address->mirror && json_array_size(hosts) < HOSTS_MAX)
				json_array_append_new(hosts, plain_json(mirror->host));
			last = address->mirror;
		}
	}
	return reach;
}

/* --- may it be --- */

static const char *const types[POOL_FAMILIES] = {"A", "AAAA"};

/* Does a place have a member in service before, and none after? */
static bool place_empties(const struct pools *before, const struct pools *after,
	const struct pool_rule *rule, unsigned country, unsigned family)
{
	struct walk had, has;
	pools_decide(before, rule, country, &had);
	pools_decide(after, rule, country, &has);
	return had.own[family] != WALK_NONE && !had.open &&
	       (has.own[family] == WALK_NONE || has.open);
}

static const char *place_name(const struct pool_rule *rule, unsigned country)
{
	if (rule->from == POOL_FROM_FIXED)
		return "any client";
	return country == COUNTRY_NONE ? "clients without a country" : country_code(country);
}

/* The sentence names one of the places that would be left without a member in service. False: there
 * is none. */
static bool pool_empties(const struct pools *before, const struct pools *after,
	const struct config_pool *pool, unsigned family, char *why)
{
	const struct pool_rule *rule = &pool->rule;
	unsigned least = rule->from == POOL_FROM_LABEL ? 1 : 0, count = 0, named = 0;
	unsigned most = rule->from == POOL_FROM_FIXED ? 0 : COUNTRY_MAX;
	char others[32] = "";
	for (unsigned country = least; country <= most; country++) {
		if (!place_empties(before, after, rule, country, family))
			continue;
		count++;
		named = country;
	}
	if (count > 1)
		snprintf(others, sizeof(others), " and %u others", count - 1);
	if (count)
		snprintf(why, WHY_SIZE,
			"pool \"%.255s\" would have no mirror in service at any level for %s%s "
			"(%s); use `mirrornsctl drain --force` to drain anyway",
			pool->name, place_name(rule, named), others, types[family]);
	return count;
}

static bool zone_empties(
	const struct inputs *inputs, size_t z, const struct drains *drains, int64_t now, char *why)
{
	const struct config_zone *zone = &inputs_config(inputs)->zones[z];
	struct refcount *marked = drains_mark(inputs->zones[z].exported, drains, now);
	struct pools *before = pools_new(refcount_get(inputs->zones[z].mirrors));
	struct pools *after = marked ? pools_new(refcount_get(marked)) : NULL;
	bool empties = !before || !after;
	snprintf(why, WHY_SIZE, "out of memory while checking what this drain leaves");
	for (size_t p = 0; !empties && p < zone->pool_count; p++)
		for (unsigned f = 0; !empties && f < POOL_FAMILIES; f++)
			empties = pool_empties(before, after, &zone->pools[p], f, why);
	pools_free(before);
	pools_free(after);
	refcount_release(marked);
	return empties;
}

static bool some_pool_empties(
	const struct inputs *inputs, const struct drains *drains, int64_t now, char *why)
{
	for (size_t z = 0; z < inputs->zone_count; z++)
		if (inputs->zones[z].mirrors && zone_empties(inputs, z, drains, now, why))
			return true;
	return false;
}

/* --- the change --- */

static void on_drain_served(void *owner, const struct reload_outcome *outcome)
{
	struct change *change = owner;
	control_reply(change->request, outcome->served ? STATUS_GOOD : STATUS_FAILED,
		change->result, outcome->served ? NULL : outcome->why);
	free(change);
}

/* Saves them, then has them served; takes over `drains` and `result`. */
static void drains_change(struct control_request *request, struct refcount *drains, json_t *result)
{
	const struct command_context *place = control_owner(request);
	const struct inputs *inputs = place->reload->current->inputs;
	struct change *change = malloc(sizeof(*change));
	char why[WHY_SIZE + STATE_DIR_PATH_MAX] = "out of memory";
	if (change)
		*change = (struct change){request, result};
	const struct reload_wish wish = {.done = on_drain_served, .owner = change};
	if (change && result && drains &&
		drains_save(refcount_get(drains), inputs_config(inputs), why, sizeof(why))) {
		reload_drains_set(place->reload, drains);
		if (reload_ask(place->reload, &wish))
			return;
		drains = NULL;
		snprintf(why, sizeof(why), "out of memory while waiting for the new snapshot");
	}
	refcount_release(drains);
	free(change);
	json_decref(result);
	control_reply(request, STATUS_FAILED, NULL, why);
}

/* Reads what is asked for. False: one sentence. */
static bool drain_read(const json_t *arguments, struct drain *drain, int64_t now, char *why)
{
	const char *glob = json_string_value(json_object_get(arguments, "glob"));
	const char *reason = json_string_value(json_object_get(arguments, "why"));
	const json_t *seconds = json_object_get(arguments, "for_seconds");
	if (!drain_parse(drain, glob ? glob : "", why, WHY_SIZE))
		return false;
	if (reason && strlen(reason) > DRAIN_WHY_MAX)
		return why_write(why, WHY_SIZE, "the reason has %zu octets, expected at most %d",
			strlen(reason), DRAIN_WHY_MAX);
	snprintf(drain->why, sizeof(drain->why), "%s", reason ? reason : "");
	if (!seconds || json_is_null(seconds))
		return true;
	json_int_t count = json_integer_value(seconds);
	if (json_is_integer(seconds) && count >= 1 && count <= SECONDS_MAX) {
		drain->until = now + count;
		return true;
	}
	return why_write(why, WHY_SIZE, "for_seconds is not a number from 1 to %d", SECONDS_MAX);
}

/* The verb's exit status when it is not to be; STATUS_GOOD: it may, and *drains has it. */
static enum exit_status drain_judge(const struct control_request *request,
	const struct drain *drain, int64_t now, struct refcount **drains, char *why)
{
	const struct command_context *place = control_owner(request);
	const struct inputs *inputs = place->reload->current->inputs;
	bool force = json_is_true(json_object_get(control_arguments(request), "force"));
	if (place->takeover->pausing) {
		snprintf(why, WHY_SIZE, "a takeover is in progress, try again");
		return STATUS_FAILED;
	}
	if (!reach_find(inputs, drain, NULL).addresses) {
		snprintf(why, WHY_SIZE, "\"%s\" matches no host and no address of any export",
			drain->glob);
		return STATUS_FAILED;
	}
	*drains = drains_with(refcount_get(place->reload->drains), drain, now);
	if (!*drains) {
		snprintf(why, WHY_SIZE,
			"there are already %d drains, expected fewer: undrain some first",
			DRAINS_MAX);
		return STATUS_FAILED;
	}
	if (force || !some_pool_empties(inputs, refcount_get(*drains), now, why))
		return STATUS_GOOD;
	refcount_release(*drains);
	return STATUS_FAILED;
}

/* Drained once more: what is not said again stays. */
static void drain_keep(struct drain *drain, const struct drain *before, int64_t now)
{
	if (!before || drain_is_over(before, now))
		return;
	if (!drain->until)
		drain->until = before->until;
	if (!*drain->why)
		snprintf(drain->why, sizeof(drain->why), "%s", before->why);
}

void command_drain(struct control_request *request)
{
	const struct command_context *place = control_owner(request);
	int64_t now = time(NULL);
	struct drain drain;
	struct refcount *drains;
	char why[WHY_SIZE], until[STAMP_TEXT_MAX];
	bool read = drain_read(control_arguments(request), &drain, now, why);
	if (read)
		drain_keep(
			&drain, drains_find(refcount_get(place->reload->drains), drain.glob), now);
	enum exit_status status =
		read ? drain_judge(request, &drain, now, &drains, why) : STATUS_WRONG;
	if (status != STATUS_GOOD) {
		control_reply(request, status, NULL, why);
		return;
	}
	json_t *hosts = json_array();
	struct reach reach = reach_find(place->reload->current->inputs, &drain, hosts);
	json_t *result = json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:o}", "glob",
		plain_json(drain.glob), "until",
		drain.until ? json_string(stamp_write(drain.until, until)) : json_null(), "why",
		plain_json(drain.why), "addresses", (json_int_t)reach.addresses, "taken_out",
		(json_int_t)reach.in_service, "clients_gone_after_seconds", (json_int_t)reach.ttl,
		"hosts", hosts);
	drains_change(request, drains, result);
}

/* What is back in the answers once `found` is gone and the others are left. */
static void undrain_reach(struct reach *reach, const struct inputs *inputs,
	const struct drain *found, const struct drains *left)
{
	int64_t now = time(NULL);
	for (size_t z = 0; z < inputs->zone_count; z++) {
		const struct mirrors *mirrors = refcount_get(inputs->zones[z].mirrors);
		for (size_t i = 0; mirrors && i < mirrors->address_count; i++) {
			const struct mirror_address *address = &mirrors->addresses[i];
			const struct mirror *mirror = &mirrors->list[address->mirror];
			if (!drain_matches(found, mirror->host, &address->at))
				continue;
			bool held = drains_match(left, mirrors, address, now);
			reach->addresses++;
			reach->held += held;
			reach->in_service += mirror_in_service(mirror->state) && !held;
		}
	}
}

void command_undrain(struct control_request *request)
{
	const struct command_context *place = control_owner(request);
	const struct drains *drains = refcount_get(place->reload->drains);
	const char *glob = json_string_value(json_object_get(control_arguments(request), "glob"));
	const struct drain *found = glob ? drains_find(drains, glob) : NULL;
	char why[WHY_SIZE];
	if (!glob) {
		control_reply(request, STATUS_WRONG, NULL, "the request has no glob");
		return;
	}
	if (!found || place->takeover->pausing) {
		snprintf(why, sizeof(why),
			found ? "a takeover is in progress, try again"
			      : "\"%.255s\" is not drained; `mirrornsctl status` lists the drains",
			glob);
		control_reply(request, STATUS_FAILED, NULL, why);
		return;
	}
	struct refcount *left = drains_without(drains, glob, time(NULL));
	struct reach reach = {0};
	undrain_reach(&reach, place->reload->current->inputs, found, refcount_get(left));
	json_t *result = json_pack("{s:o, s:I, s:I, s:I}", "glob", plain_json(found->glob),
		"addresses", (json_int_t)reach.addresses, "back", (json_int_t)reach.in_service,
		"held", (json_int_t)reach.held);
	drains_change(request, left, result);
}
