#include "tools/monitor/page/report.h"

#include "dns/base/json.h"
#include "geo/country.h"
#include "geo/stamp.h"
#include "tools/monitor/export/export.h"

static void text_set(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, plain_json(text));
}

/* "" for a time that never was. */
static void time_set(json_t *object, const char *key, int64_t seconds)
{
	char text[STAMP_TEXT_MAX];
	text_set(object, key, seconds > 0 ? stamp_write(seconds, text) : "");
}

static void number_set(json_t *object, const char *key, int64_t number)
{
	json_object_set_new(object, key, json_integer(number));
}

static json_t *counts_json(const struct inventory *inventory)
{
	size_t counts[MIRROR_STATES];
	json_t *json = json_object();
	inventory_count(inventory, counts);
	for (unsigned state = 0; state < MIRROR_STATES; state++)
		number_set(json, mirror_state_name(state), (int64_t)counts[state]);
	return json;
}

static json_t *txt_json(const struct inventory *inventory)
{
	if (!inventory->settings->txt || !inventory->txt_count)
		return json_null();
	json_t *json = json_object(), *history = json_array();
	text_set(json, "value", inventory->txts[0].value);
	time_set(json, "since", inventory->txts[0].since);
	for (size_t i = 0; i < inventory->txt_count; i++) {
		json_t *row = json_object();
		time_set(row, "since", inventory->txts[i].since);
		text_set(row, "value", inventory->txts[i].value);
		json_array_append_new(history, row);
	}
	json_object_set_new(json, "history", history);
	return json;
}

/* Oldest first. */
static json_t *spans_json(const struct target_span *spans, int64_t size, int64_t last, bool share)
{
	json_t *json = json_array();
	for (int64_t number = last - size + 1; number <= last; number++) {
		const struct target_span *span = target_span_find(spans, size, number);
		json_t *value;
		if (!span || (!share && !span->good))
			value = json_null();
		else if (share)
			value = json_real((double)span->good / span->checks);
		else
			value = json_integer((json_int_t)(span->milliseconds / span->good));
		json_array_append_new(json, value);
	}
	return json;
}

static json_t *versions_json(const struct target *target)
{
	static const char *const names[TARGET_DATABASES] = {"main", "daily", "bytecode"};
	bool known = false;
	for (size_t i = 0; i < TARGET_DATABASES; i++)
		known = known || target->versions[i];
	if (!known)
		return json_null();
	json_t *json = json_object();
	for (size_t i = 0; i < TARGET_DATABASES; i++)
		number_set(json, names[i], target->versions[i]);
	return json;
}

static json_t *address_json(const struct inventory *inventory, size_t at, int64_t now)
{
	const struct target *target = inventory->targets[at];
	char text[ADDRESS_TEXT_MAX];
	json_t *json = json_object();
	text_set(json, "address", address_write(&target->address, text));
	text_set(json, "family", target->address.ipv6 ? "ipv6" : "ipv4");
	text_set(json, "state", mirror_state_name(target->state));
	time_set(json, "since", target->since);
	time_set(json, "checked", target->checked);
	text_set(json, "reason", target->reason);
	number_set(json, "weight", publish_weight(inventory, at, now));
	json_object_set_new(json, "milliseconds",
		target->last_good ? json_integer(target->milliseconds) : json_null());
	time_set(json, "stamp", target->stamp);
	json_object_set_new(json, "versions", versions_json(target));
	json_object_set_new(json, "days", spans_json(target->days, TARGET_DAYS, now / 86400, true));
	json_object_set_new(
		json, "hours", spans_json(target->hours, TARGET_HOURS, now / 3600, false));
	return json;
}

static json_t *windows_json(const struct list_mirror *mirror)
{
	json_t *json = json_array();
	for (size_t i = 0; i < mirror->window_count; i++) {
		json_t *window = json_object();
		time_set(window, "from", mirror->windows[i].from);
		time_set(window, "to", mirror->windows[i].to);
		json_array_append_new(json, window);
	}
	return json;
}

static json_t *mirror_json(const struct list_mirror *mirror)
{
	json_t *json = json_object();
	text_set(json, "host", mirror->host);
	text_set(json, "country", country_code(mirror->country));
	text_set(json, "name", country_name(mirror->country));
	number_set(json, "port", mirror->port);
	number_set(json, "weight", mirror->weight);
	json_object_set_new(json, "disabled", json_boolean(mirror->disabled));
	json_object_set_new(json, "downtime", windows_json(mirror));
	json_object_set_new(json, "addresses", json_array());
	return json;
}

/* In the list's order, those whose names have not been found among them. */
static json_t *mirrors_json(const struct inventory *inventory, int64_t now)
{
	json_t *json = json_array();
	size_t at = 0;
	for (size_t i = 0; i < inventory->mirror_list->count; i++) {
		const struct list_mirror *mirror = &inventory->mirror_list->list[i];
		json_t *object = mirror_json(mirror), *list = json_object_get(object, "addresses");
		for (; at < inventory->count && inventory->targets[at]->mirror == mirror; at++)
			json_array_append_new(list, address_json(inventory, at, now));
		json_array_append_new(json, object);
	}
	return json;
}

static json_t *events_json(const struct inventory *inventory)
{
	json_t *json = json_array();
	for (size_t i = 0; i < inventory->event_count; i++) {
		const struct inventory_event *event = &inventory->events[i];
		char text[ADDRESS_TEXT_MAX];
		json_t *object = json_object();
		time_set(object, "at", event->at);
		text_set(object, "host", event->host);
		text_set(object, "address", address_write(&event->address, text));
		text_set(object, "country", country_code(event->country));
		text_set(object, "from", mirror_state_name(event->from));
		text_set(object, "to", mirror_state_name(event->to));
		text_set(object, "why", event->why);
		json_array_append_new(json, object);
	}
	return json;
}

json_t *report_new(const struct inventory *inventory, int64_t now)
{
	json_t *json = json_object();
	if (!json)
		return NULL;
	text_set(json, "zone", inventory->settings->zone);
	text_set(json, "version", MIRRORNS_VERSION);
	time_set(json, "generated", now);
	number_set(json, "serial", inventory->serial);
	json_object_set_new(json, "suspect", json_boolean(inventory->outage.active));
	text_set(json, "why", inventory->outage.active ? inventory->suspect_why : "");
	number_set(json, "interval_seconds", inventory->settings->interval);
	json_object_set_new(json, "counts", counts_json(inventory));
	json_object_set_new(json, "txt", txt_json(inventory));
	json_object_set_new(json, "mirrors", mirrors_json(inventory, now));
	json_object_set_new(json, "events", events_json(inventory));
	return json;
}
