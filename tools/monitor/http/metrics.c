#include "tools/monitor/http/facts.h"

#include "dns/base/log_out.h"
#include "dns/base/memory_text.h"
#include "dns/base/process.h"
#include "dns/base/prometheus.h"
#include "geo/country.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MS_IN_SECOND = 1000 };

static void labelled(
	FILE *out, const char *name, double value, const char *label, const char *label_value)
{
	const struct label labels[LABELS_MAX] = {{label, label_value}};
	sample_write(out, name, value, labels);
}

/* --- of the inventory --- */

struct view {
	FILE *out;
	const struct inventory *inventory;
	const char *name; /* of the present metric */
};

static void build_write(const struct view *view)
{
	labelled(view->out, view->name, 1, "version", MIRRORNS_VERSION);
}

static void mirrors_write(const struct view *view)
{
	size_t counts[MIRROR_STATES];
	inventory_count(view->inventory, counts);
	for (unsigned state = 0; state < MIRROR_STATES; state++)
		labelled(view->out, view->name, (double)counts[state], "state",
			mirror_state_name((enum mirror_state)state));
}

static void checks_write(const struct view *view)
{
	labelled(view->out, view->name, (double)view->inventory->scheduler.good, "result", "good");
	labelled(view->out, view->name, (double)view->inventory->scheduler.failed, "result",
		"failed");
}

static void alerts_write(const struct view *view)
{
	labelled(view->out, view->name, (double)view->inventory->alerts_sent, "result", "sent");
	labelled(view->out, view->name, (double)view->inventory->alerts_failed, "result", "failed");
	labelled(view->out, view->name, (double)view->inventory->alerts_held, "result", "held");
}

static void txt_write(const struct view *view)
{
	if (view->inventory->txt_count)
		sample_write(view->out, view->name, (double)view->inventory->txts[0].since, NULL);
}

/* --- of each address --- */

/* False: this address has no such sample. */
typedef bool target_value(const struct target *target, double *value);

static bool up_value(const struct target *target, double *value)
{
	*value = target->checked && !target->failing_since;
	return target->checked;
}

static bool state_value(const struct target *target, double *value)
{
	(void)target;
	*value = 1;
	return true;
}

static bool seconds_value(const struct target *target, double *value)
{
	*value = (double)target->milliseconds / MS_IN_SECOND;
	return target->last_good;
}

static bool stamp_value(const struct target *target, double *value)
{
	*value = (double)target->stamp;
	return target->stamp;
}

static bool expires_value(const struct target *target, double *value)
{
	*value = (double)target->expires;
	return target->expires;
}

static void targets_write(const struct view *view, target_value *read)
{
	for (size_t i = 0; i < view->inventory->count && i < BOARD_SERIES_MAX; i++) {
		const struct target *target = view->inventory->targets[i];
		char address[ADDRESS_TEXT_MAX];
		double value;
		if (!read(target, &value))
			continue;
		const struct label labels[LABELS_MAX] = {{"host", target->host},
			{"address", address_write(&target->address, address)},
			{"country", country_code(target->mirror->country)},
			{read == state_value ? "state" : NULL, mirror_state_name(target->state)}};
		sample_write(view->out, view->name, value, labels);
	}
}

/* --- all of them --- */

/* One sample of `value`, or what `write` writes, or one of each address. */
struct metric {
	const char *name, *type, *help;
	double value;
	void (*write)(const struct view *view);
	target_value *read;
};

static void metric_write(FILE *out, const struct inventory *inventory, const struct metric *metric)
{
	const struct view view = {out, inventory, metric->name};
	metric_begin(out, metric->name, metric->type, metric->help);
	if (metric->write)
		metric->write(&view);
	else if (metric->read)
		targets_write(&view, metric->read);
	else
		sample_write(out, metric->name, metric->value, NULL);
}

/* `end`: what else there is to write, or NULL. */
static char *metrics_text(const struct inventory *inventory, const struct metric *metrics,
	size_t count, void (*end)(FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++)
		metric_write(out, inventory, &metrics[i]);
	if (end)
		end(out);
	return text_end(out, &text);
}

/* doc/mirrorns-monitor.8 has them all, too. */
char *board_metrics(const struct inventory *inventory)
{
	const struct metric metrics[] = {
		{"mirrorns_monitor_build_info", "gauge", "Version of the program, always 1.",
			.write = build_write},
		{"mirrorns_monitor_hosts", "gauge", "Mirrors in the list.",
			.value = (double)inventory->mirror_list->count},
		{"mirrorns_monitor_mirrors", "gauge", "Addresses by state.",
			.write = mirrors_write},
		{"mirrorns_monitor_mirror_up", "gauge",
			"1 if the last check of the address succeeded, else 0; at most 2000 addresses have series.",
			.read = up_value},
		{"mirrorns_monitor_mirror_state", "gauge", "The state of the address, always 1.",
			.read = state_value},
		{"mirrorns_monitor_mirror_timestamp_seconds", "gauge",
			"Last timestamp read from the address, in Unix seconds.",
			.read = stamp_value},
		{"mirrorns_monitor_certificate_expiry_seconds", "gauge",
			"When its certificate ends, in Unix seconds.", .read = expires_value},
		{"mirrorns_monitor_check_seconds", "gauge",
			"Duration of its last successful check, in seconds.",
			.read = seconds_value},
		{"mirrorns_monitor_checks_total", "counter", "Completed checks by result.",
			.write = checks_write},
		{"mirrorns_monitor_checks_busy", "gauge", "Checks in progress.",
			.value = inventory->scheduler.busy},
		{"mirrorns_monitor_round_seconds", "gauge",
			"Duration of the last full cycle over all addresses, in seconds.",
			.value = inventory->scheduler.round_seconds},
		{"mirrorns_monitor_suspect", "gauge",
			"1 while an outage of the monitor is suspected: "
			"most mirrors fail at once, state changes are suspended.",
			.value = inventory->outage.active},
		{"mirrorns_monitor_export_serial", "gauge", "Serial of the last export.",
			.value = (double)inventory->serial},
		{"mirrorns_monitor_exports_total", "counter", "Exports written.",
			.value = (double)inventory->exports},
		{"mirrorns_monitor_alerts_total", "counter",
			"Alert command runs and mails by result; held: over the limit.",
			.write = alerts_write},
		{"mirrorns_monitor_txt_timestamp_seconds", "gauge",
			"Time when the current version string was first seen, in Unix seconds.",
			.write = txt_write},
	};
	return metrics_text(inventory, metrics, sizeof(metrics) / sizeof(*metrics), NULL);
}

char *board_metrics_end(const struct board_facts *facts)
{
	double age = (double)(time(NULL) - (facts->exported ? facts->exported : facts->started));
	const struct metric metrics[] = {
		{"mirrorns_monitor_export_age_seconds", "gauge",
			"Age of the last export; before the first one, of the process.",
			.value = age},
		{"mirrorns_monitor_log_dropped_total", "counter",
			"Log lines lost because the log could not be written.",
			.value = (double)log_out_dropped()},
	};
	return metrics_text(
		NULL, metrics, sizeof(metrics) / sizeof(*metrics), process_metrics_write);
}
