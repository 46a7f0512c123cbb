/* tests/unit/report_case.h - an inventory made of a report (page/report.h), whatever is in it. */
#ifndef TESTS_UNIT_REPORT_CASE_H
#define TESTS_UNIT_REPORT_CASE_H

#include "dns/base/json.h"
#include "geo/country.h"
#include "geo/stamp.h"
#include "tools/monitor/state/inventory.h"
#include "tools/monitor/state/transition.h"

#include <arpa/inet.h>

struct report_case {
	struct settings settings;
	struct mirror_list list;
	struct inventory inventory;
	int64_t now;
};

/* The texts are the report's, which must outlive it. 0: none, or no time. */
static inline int64_t report_time(const json_t *object, const char *key)
{
	int64_t seconds = 0;
	return stamp_parse(field_text(object, key), &seconds) ? seconds : 0;
}

static inline uint16_t report_country(const json_t *object)
{
	const char *code = field_text(object, "country");
	return (uint16_t)country_find(code, strlen(code));
}

static inline enum mirror_state report_state(const json_t *object, const char *key)
{
	unsigned state = MIRROR_STATES - 1;
	while (state && strcmp(field_text(object, key), mirror_state_name(state)) != 0)
		state--;
	return (enum mirror_state)state;
}

static inline struct address report_address(const json_t *object)
{
	const char *text = field_text(object, "address");
	struct address address = {.ipv6 = false};
	address_parse(&address, text);
	return address;
}

/* Shares, or means in milliseconds: the last of them is the span `last`. */
static inline void report_spans(
	const json_t *values, struct target_span *spans, int64_t size, int64_t last, bool shares)
{
	size_t i;
	json_t *value;
	json_array_foreach (values, i, value) {
		int64_t number = last - (int64_t)json_array_size(values) + 1 + (int64_t)i;
		double given = json_number_value(value);
		if (!json_is_number(value))
			continue;
		spans[number % size] = (struct target_span){.number = number,
			.checks = shares ? 100000 : 1,
			.good = shares ? (uint32_t)(given * 100000 + 0.5) : 1,
			.milliseconds = shares ? 0 : (uint64_t)given};
	}
}

/* A weight below the mirror's is that of one that has come back: it grows in steps of a twentieth
 * an hour. */
static inline int64_t report_returned(const json_t *address, unsigned full, int64_t now)
{
	json_int_t weight = field_number(address, "weight");
	for (int64_t step = 0; weight && step < TRANSITION_STEPS; step++)
		if (1 + (full - 1) * step / TRANSITION_STEPS >= weight)
			return now - step * 3600;
	return 0;
}

static inline struct target *report_target(
	const struct report_case *made, const struct list_mirror *mirror, const json_t *address)
{
	static const char *const databases[TARGET_DATABASES] = {"main", "daily", "bytecode"};
	struct target *target = calloc(1, sizeof(*target));
	const json_t *versions = json_object_get(address, "versions");
	snprintf(target->host, sizeof(target->host), "%s", mirror->host);
	snprintf(target->reason, sizeof(target->reason), "%s", field_text(address, "reason"));
	target->mirror = mirror;
	target->address = report_address(address);
	target->state = report_state(address, "state");
	target->since = report_time(address, "since");
	target->checked = target->first_seen = report_time(address, "checked");
	target->returned = report_returned(address, mirror->weight, made->now);
	target->expires = report_time(address, "certificate");
	target->milliseconds = (uint32_t)field_number(address, "milliseconds");
	target->last_good = target->milliseconds ? target->checked : 0;
	for (unsigned i = 0; i < TARGET_DATABASES; i++)
		target->versions[i] = (uint32_t)field_number(versions, databases[i]);
	report_spans(json_object_get(address, "days"), target->days, TARGET_DAYS, made->now / 86400,
		true);
	report_spans(json_object_get(address, "hours"), target->hours, TARGET_HOURS,
		made->now / 3600, false);
	return target;
}

static inline void report_mirror(struct report_case *made, const json_t *object)
{
	struct list_mirror *mirror = &made->list.list[made->list.count++];
	size_t i;
	json_t *value, *windows = json_object_get(object, "downtime");
	struct list_window *list = calloc(json_array_size(windows) + 1, sizeof(*list));
	*mirror = (struct list_mirror){.host = field_text(object, "host"),
		.country = report_country(object),
		.port = (uint16_t)field_number(object, "port"),
		.weight = (uint16_t)field_number(object, "weight"),
		.windows = list,
		.window_count = json_array_size(windows),
		.address_count = json_array_size(json_object_get(object, "addresses"))};
	json_array_foreach (windows, i, value)
		list[i] = (struct list_window){
			report_time(value, "from"), report_time(value, "to"), ""};
	json_array_foreach (json_object_get(object, "addresses"), i, value)
		made->inventory.targets[made->inventory.count++] =
			report_target(made, mirror, value);
}

static inline void report_events(struct inventory *inventory, const json_t *report)
{
	size_t i;
	json_t *value;
	json_array_foreach (json_object_get(report, "events"), i, value) {
		struct inventory_event *event = &inventory->events[inventory->event_count++];
		*event = (struct inventory_event){.at = report_time(value, "at"),
			.address = report_address(value),
			.country = report_country(value),
			.from = report_state(value, "from"),
			.to = report_state(value, "to")};
		snprintf(event->host, sizeof(event->host), "%s", field_text(value, "host"));
		snprintf(event->why, sizeof(event->why), "%s", field_text(value, "why"));
	}
	const json_t *txt = json_object_get(report, "txt");
	json_array_foreach (json_object_get(txt, "history"), i, value) {
		struct inventory_txt *one = &inventory->txts[inventory->txt_count++];
		one->since = report_time(value, "since");
		snprintf(
			one->value, sizeof(one->value), "%s", field_text(i ? value : txt, "value"));
	}
}

static inline struct report_case *report_case_new(const json_t *report)
{
	struct report_case *made = calloc(1, sizeof(*made));
	const json_t *mirrors = json_object_get(report, "mirrors");
	size_t i, count = 0;
	json_t *value;
	json_array_foreach (mirrors, i, value)
		count += json_array_size(json_object_get(value, "addresses"));
	made->now = report_time(report, "generated");
	const char *host = field_text(report, "host");
	made->settings = (struct settings){.zone = field_text(report, "zone"),
		.host = *host ? host : "db.%c.%z",
		.scheme = field_true(report, "https") ? SCHEME_HTTPS : SCHEME_HTTP,
		.txt = (char *)(uintptr_t) "txt",
		.ramp = 3600 * TRANSITION_STEPS,
		.interval = (uint32_t)field_number(report, "interval_seconds")};
	made->list.list = calloc(json_array_size(mirrors) + 1, sizeof(*made->list.list));
	made->inventory.settings = &made->settings;
	made->inventory.mirror_list = &made->list;
	made->inventory.targets = calloc(count + 1, sizeof(struct target *));
	made->inventory.serial = field_number(report, "serial");
	made->inventory.outage.active = field_true(report, "suspect");
	snprintf(made->inventory.suspect_why, sizeof(made->inventory.suspect_why), "%s",
		field_text(report, "why"));
	json_array_foreach (mirrors, i, value)
		report_mirror(made, value);
	report_events(&made->inventory, report);
	return made;
}

static inline void report_case_free(struct report_case *made)
{
	for (size_t i = 0; i < made->list.count; i++)
		free((void *)(uintptr_t)made->list.list[i].windows);
	for (size_t i = 0; i < made->inventory.count; i++)
		free(made->inventory.targets[i]);
	free(made->inventory.targets);
	free(made->list.list);
	free(made);
}

#endif
