#include "dns/control/status.h"

#include "dns/base/json.h"
#include "dns/load/drain_file.h"
#include "dns/load/input_state.h"
#include "dns/snapshot/snapshot.h"
#include "dns/stats/health.h"
#include "geo/stamp.h"

#include <stdlib.h>
#include <time.h>

static json_t *when_json(int64_t seconds)
{
	char text[STAMP_TEXT_MAX];
	return seconds < 0 ? json_null() : json_string(stamp_write(seconds, text));
}

static json_t *text_json(const char *text)
{
	return text ? plain_json(text) : json_null();
}

/* What became of a watched file: its state, and the sentence. */
static void file_state_add(json_t *object, const struct inputs *inputs, const struct input *input,
	enum input_state *worst)
{
	char why[INPUT_WHY_MAX];
	enum input_state state = input_state(inputs, input, time(NULL), why);
	json_object_set_new(object, "state", json_string(input_state_name(state)));
	json_object_set_new(object, "why", plain_json(why));
	*worst = state > *worst ? state : *worst;
}

/* Hosts with an address that is answered when its turn comes. */
static size_t mirrors_served(const struct mirrors *mirrors)
{
	size_t count = 0;
	bool *seen = calloc(mirrors->count + 1, sizeof(*seen));
	for (size_t i = 0; seen && i < mirrors->address_count; i++) {
		const struct mirror_address *address = &mirrors->addresses[i];
		const struct mirror *mirror = &mirrors->list[address->mirror];
		if (address->drained || !mirror_in_service(mirror->state))
			continue;
		count += !seen[mirror->first];
		seen[mirror->first] = true;
	}
	free(seen);
	return count;
}

/* With its age, unless that may be any or it is not there: then null. */
static void file_age_add(json_t *object, const struct input_age *age)
{
	json_object_set_new(
		object, "max_age_seconds", age->most ? json_integer(age->most) : json_null());
}

static json_t *export_json(const struct inputs *inputs, size_t z, enum input_state *worst)
{
	const struct mirrors *mirrors = refcount_get(inputs->zones[z].mirrors);
	const struct input input = input_export(inputs_config(inputs), z);
	if (!mirrors)
		return json_null();
	struct input_age age = input_age(inputs, &input, time(NULL));
	json_t *export = json_pack("{s:o, s:o, s:I, s:I, s:I}", "serial",
		mirrors->serial < 0 ? json_null() : json_integer(mirrors->serial), "generated",
		when_json(mirrors->generated), "age_seconds", (json_int_t)age.seconds, "mirrors",
		(json_int_t)mirrors->hosts, "served", (json_int_t)mirrors_served(mirrors));
	file_age_add(export, &age);
	file_state_add(export, inputs, &input, worst);
	return export;
}

static json_t *txt_json(
	const struct inputs *inputs, const struct input *input, enum input_state *worst)
{
	const struct config_txt *config =
		&inputs_config(inputs)->zones[input->zone].txts[input->txt];
	const struct txt *txt = refcount_get(inputs->zones[input->zone].txts[input->txt]);
	struct input_age age = input_age(inputs, input, time(NULL));
	char *copy = txt ? strndup(txt->text, txt->size) : NULL;
	json_t *json = json_pack("{s:o, s:o, s:o, s:b}", "name", plain_json(config->name), "value",
		text_json(copy), "age_seconds", txt ? json_integer(age.seconds) : json_null(),
		"stale", input_is_stale(&age));
	free(copy);
	file_age_add(json, &age);
	file_state_add(json, inputs, input, worst);
	return json;
}

static json_t *zone_json(const struct snapshot *snapshot, size_t z, enum input_state *worst)
{
	const struct inputs *inputs = snapshot->inputs;
	const struct config_zone *config = &inputs_config(inputs)->zones[z];
	const struct zone_file *file = refcount_get(inputs->zones[z].file);
	struct input input = input_export(inputs_config(inputs), z);
	enum input_state state = INPUT_OK;
	json_t *export = config->export ? export_json(inputs, z, &state) : json_null();
	json_t *txts = json_array();
	for (size_t t = 0; t < config->txt_count; t++) {
		input_next(inputs_config(inputs), &input);
		json_array_append_new(txts, txt_json(inputs, &input, &state));
	}
	*worst = state > *worst ? state : *worst;
	return json_pack("{s:o, s:s, s:I, s:I, s:I, s:o, s:o}", "zone", plain_json(config->name),
		"state", input_state_name(state), "serial", (json_int_t)file->serial, "names",
		(json_int_t)zone_names(snapshot->zones[z].zone), "pools",
		(json_int_t)config->pool_count, "export", export, "txt", txts);
}

static json_t *geo_json(const struct inputs *inputs, enum input_state *worst)
{
	const struct place_database *database = refcount_get(inputs->database);
	const struct input both[] = {{INPUTS_DATABASE, -1, -1}, {INPUTS_OVERRIDES, -1, -1}};
	char why[INPUT_WHY_MAX];
	int64_t now = time(NULL);
	/* Both have one state: that of the one that is worse. */
	bool overrides =
		input_state(inputs, &both[1], now, why) > input_state(inputs, &both[0], now, why);
	json_t *geo = json_pack("{s:o, s:o, s:I, s:I, s:I}", "database",
		text_json(inputs_config(inputs)->geo_database), "build",
		when_json(database ? (int64_t)database->build : -1), "networks",
		(json_int_t)(database ? database->networks : 0), "countries",
		(json_int_t)(database ? database->countries : 0), "unknown_networks",
		(json_int_t)(database ? database->unknown : 0));
	file_state_add(geo, inputs, &both[overrides], worst);
	return geo;
}

static json_t *reload_json(const struct reload *reload)
{
	const char *result = !reload->last.served   ? "refused"
			     : reload->last.refused ? "partly refused"
						    : "ok";
	return json_pack("{s:o, s:s, s:o}", "when", when_json(reload->last.when), "result", result,
		"why", plain_json(reload->last.why));
}

/* With how many addresses each one takes out now: what the snapshot knows, so none where it is not
 * served yet. */
static json_t *drained_json(const struct reload *reload)
{
	const struct drains *drains = refcount_get(reload->drains);
	const struct inputs *inputs = reload->current->inputs;
	const struct drains *served = refcount_get(inputs->drains);
	json_t *list = drains_json(drains);
	for (size_t i = 0; list && i < drains->count; i++) {
		const struct drain *found = drains_find(served, drains->list[i].glob);
		json_int_t count = 0;
		for (size_t z = 0; found && z < inputs->zone_count; z++)
			count += (json_int_t)drains_taken(inputs->zones[z].mirrors,
				inputs->zones[z].exported, (size_t)(found - served->list));
		json_object_set_new(json_array_get(list, i), "addresses", json_integer(count));
	}
	return list;
}

json_t *status_json(const struct reload *reload, int64_t started)
{
	const struct snapshot *snapshot = reload->current;
	enum input_state state = INPUT_OK;
	json_t *zones = json_array(), *geo = geo_json(snapshot->inputs, &state);
	for (size_t z = 0; z < snapshot->zone_count; z++)
		json_array_append_new(zones, zone_json(snapshot, z, &state));
	return json_pack("{s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "version",
		MIRRORNS_VERSION, "state", input_state_name(state), "uptime_seconds",
		(json_int_t)(time(NULL) - started), "config", plain_json(reload->config_path),
		"zones", zones, "geo", geo, "reload", reload_json(reload), "workers",
		(json_int_t)reload->workers->count, "workers_silent",
		(json_int_t)health_silent(reload->totals), "drains", drained_json(reload));
}
