#include "dns/load/input_state.h"

#include <stdio.h>

bool input_next(const struct config *config, struct input *input)
{
	size_t zone = input->zone < 0 ? 0 : (size_t)input->zone;
	input->number++;
	if (input->number < INPUTS_ZONES)
		return true;
	if (input->zone >= 0 && (size_t)++input->txt < config->zones[zone].txt_count)
		return true;
	input->zone++;
	input->txt = -1;
	return (size_t)input->zone < config->zone_count;
}

/* The monitor's word, else when it was taken. */
static int64_t export_since(const struct inputs_zone *zone)
{
	const struct mirrors *mirrors = refcount_get(zone->exported);
	return mirrors->generated >= 0 ? mirrors->generated : zone->accepted;
}

struct input_age input_age(const struct inputs *inputs, const struct input *input, int64_t now)
{
	const struct config *config = inputs_config(inputs);
	const struct place_database *database = refcount_get(inputs->database);
	if (input->zone < 0) {
		if (input->number != INPUTS_DATABASE || !database)
			return (struct input_age){.option = ""};
		return (struct input_age){
			now - (int64_t)database->build, config->geo_max_age, "max-age"};
	}
	const struct inputs_zone *zone = &inputs->zones[input->zone];
	const struct config_zone *zone_config = &config->zones[input->zone];
	if (input->txt < 0) {
		if (!zone->exported)
			return (struct input_age){.option = ""};
		return (struct input_age){
			now - export_since(zone), zone_config->export_max_age, "export-max-age"};
	}
	const struct txt *txt = refcount_get(zone->txts[input->txt]);
	if (!txt)
		return (struct input_age){.option = ""};
	return (struct input_age){
		now - txt->since, zone_config->txts[input->txt].max_age, "max-age"};
}

enum input_state input_state(const struct inputs *inputs, const struct input *input, int64_t now,
	char why[INPUT_WHY_MAX])
{
	struct input_age age = input_age(inputs, input, now);
	const char *refusal = inputs->verdicts[input->number].why;
	snprintf(why, INPUT_WHY_MAX, "%s", refusal ? refusal : "");
	if (input->txt >= 0 && !refcount_get(inputs->zones[input->zone].txts[input->txt]))
		return INPUT_MISSING; /* nothing can be served */
	if (refusal)
		return inputs->stamps[input->number].inode ? INPUT_REFUSED : INPUT_MISSING;
	if (!input_is_stale(&age))
		return INPUT_OK;
	snprintf(why, INPUT_WHY_MAX, "%lld s old, %s is %u s", (long long)age.seconds, age.option,
		age.most);
	return INPUT_STALE;
}

const char *input_state_name(enum input_state state)
{
	switch (state) {
	case INPUT_OK:
		return "ok";
	case INPUT_STALE:
		return "stale";
	case INPUT_REFUSED:
		return "refused";
	case INPUT_MISSING:
		return "missing";
	}
	return "";
}

const char *input_name(
	const struct config *config, const struct input *input, char text[INPUT_NAME_MAX])
{
	const struct config_zone *zone = input->zone < 0 ? NULL : &config->zones[input->zone];
	if (!zone)
		snprintf(text, INPUT_NAME_MAX, "%s",
			input->number == INPUTS_DATABASE ? "the country database"
							 : "the overrides");
	else if (input->txt < 0)
		snprintf(text, INPUT_NAME_MAX, "zone %s: the export", zone->name);
	else
		snprintf(text, INPUT_NAME_MAX, "zone %s: the string of %s", zone->name,
			zone->txts[input->txt].name);
	return text;
}
