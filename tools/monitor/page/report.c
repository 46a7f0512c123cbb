#include "tools/monitor/page/report.h"

#include "dns/base/json.h"
#include "geo/country.h"
#include "geo/stamp.h"
#include "tools/monitor/export/export.h"

/* "" for a time that never was. */
static json_t *time_json(int64_t seconds)
{
	char text[STAMP_TEXT_MAX];
	return json_string(seconds > 0 ? stamp_write(seconds, text) : "");
}

static json_t *counts_json(const struct inventory *inventory)
{
	size_t counts[MIRROR_STATES];
	json_t *json = json_object();
	inventory_count(inventory, counts);
	for (unsigned state = 0; state < MIRROR_STATES; state++)
		json_object_set_new(
			json, mirror_state_name(state), json_integer((json_int_t)counts[state]));
	return json;
}

static json_t *txt_json(const struct inventory *inventory)
{
	const struct inventory_txt *txts = inventory->txts;
	if (!inventory->settings->txt || !inventory->txt_count)
		return json_null();
	json_t *history = json_array();
	for (size_t i = 0; i < inventory->txt_count; i++)
		json_array_append_new(
			history, json_pack("{s:o, s:o}", "since", time_json(txts[i].since), "value",
					 plain_json(txts[i].value)));
	return json_pack("{s:o, s:o, s:o}", "value", plain_json(txts[0].value), "since",
		time_json(txts[0].since), "history", history);
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

static json_t *versions_json(const uint32_t versions[TARGET_DATABASES])
{
	if (!versions[0] && !versions[1] && !versions[2])
		return json_null();
	return json_pack("{s:I, s:I, s:I}", "main", (json_int_t)versions[0], "daily",
		(json_int_t)versions[1], "bytecode", (json_int_t)versions[2]);
}

static json_t *address_json(const struct inventory *inventory, size_t at, int64_t now)
{
	const struct target *target = inventory->targets[at];
	char text[ADDRESS_TEXT_MAX];
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o}",
		"address", address_write(&target->address, text), "family",
		target->address.ipv6 ? "ipv6" : "ipv4", "state", mirror_state_name(target->state),
		"since", time_json(target->since), "checked", time_json(target->checked), "reason",
		plain_json(target->reason), "weight", (int)publish_weight(inventory, at, now),
		"milliseconds",
		target->last_good ? json_integer(target->milliseconds) : json_null(), "stamp",
		time_json(target->stamp), "certificate", time_json(target->expires), "versions",
		versions_json(target->versions), "days",
		spans_json(target->days, TARGET_DAYS, now / 86400, true), "hours",
		spans_json(target->hours, TARGET_HOURS, now / 3600, false));
}

static json_t *mirror_json(const struct list_mirror *mirror)
{
	json_t *windows = json_array();
	for (size_t i = 0; i < mirror->window_count; i++)
		json_array_append_new(
			windows, json_pack("{s:o, s:o}", "from", time_json(mirror->windows[i].from),
					 "to", time_json(mirror->windows[i].to)));
	return json_pack("{s:o, s:s, s:s, s:i, s:i, s:b, s:o, s:[]}", "host",
		plain_json(mirror->host), "country", country_code(mirror->country), "name",
		country_name(mirror->country), "port", mirror->port, "weight", mirror->weight,
		"disabled", mirror->disabled, "downtime", windows, "addresses");
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

static json_t *event_json(const struct inventory_event *event)
{
	char text[ADDRESS_TEXT_MAX];
	return json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:o}", "at", time_json(event->at), "host",
		plain_json(event->host), "address", address_write(&event->address, text), "country",
		country_code(event->country), "from", mirror_state_name(event->from), "to",
		mirror_state_name(event->to), "why", plain_json(event->why));
}

json_t *report_new(const struct inventory *inventory, int64_t now)
{
	json_t *events = json_array();
	for (size_t i = 0; i < inventory->event_count; i++)
		json_array_append_new(events, event_json(&inventory->events[i]));
	return json_pack("{s:s, s:s, s:o, s:I, s:b, s:o, s:I, s:o, s:o, s:o, s:o}", "zone",
		inventory->settings->zone, "version", MIRRORNS_VERSION, "generated", time_json(now),
		"serial", (json_int_t)inventory->serial, "suspect", inventory->outage.active, "why",
		plain_json(inventory->outage.active ? inventory->suspect_why : ""),
		"interval_seconds", (json_int_t)inventory->settings->interval, "counts",
		counts_json(inventory), "txt", txt_json(inventory), "mirrors",
		mirrors_json(inventory, now), "events", events);
}
