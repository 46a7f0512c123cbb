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

static void hosts_write(const struct view *view)
{
	sample_write(view->out, view->name, (double)view->inventory->mirror_list->count, NULL);
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

static void busy_write(const struct view *view)
{
	sample_write(view->out, view->name, view->inventory->scheduler.busy, NULL);
}

static void round_write(const struct view *view)
{
	sample_write(view->out, view->name, view->inventory->scheduler.round_seconds, NULL);
}

static void serial_write(const struct view *view)
{
	sample_write(view->out, view->name, (double)view->inventory->serial, NULL);
}

static void exports_write(const struct view *view)
{
	sample_write(view->out, view->name, (double)view->inventory->exports, NULL);
}

static void suspect_write(const struct view *view)
{
	sample_write(view->out, view->name, view->inventory->outage.active, NULL);
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

static void targets_write(const struct view *view, target_value *read, bool with_state)
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
			{with_state ? "state" : NULL, mirror_state_name(target->state)}};
		sample_write(view->out, view->name, value, labels);
	}
}

static void up_write(const struct view *view)
{
	targets_write(view, up_value, false);
}

static void state_write(const struct view *view)
{
	targets_write(view, state_value, true);
}

static void seconds_write(const struct view *view)
{
	targets_write(view, seconds_value, false);
}

static void stamp_write(const struct view *view)
{
	targets_write(view, stamp_value, false);
}

/* --- all of them --- */

struct metric {
	const char *name, *type, *help;
	void (*write)(const struct view *view);
};

/* doc/mirrorns-monitor.8 has them all, too. */
static const struct metric metrics[] = {
	{"mirrorns_monitor_build_info", "gauge", "The version that runs, always 1.", build_write},
	{"mirrorns_monitor_hosts", "gauge", "Mirrors in the list.", hosts_write},
	{"mirrorns_monitor_mirrors", "gauge", "Addresses by state.", mirrors_write},
	{"mirrorns_monitor_mirror_up", "gauge",
		"1: the last check of the address was good. At most 2000 addresses have series.",
		up_write},
	{"mirrorns_monitor_mirror_state", "gauge", "The state of the address, always 1.",
		state_write},
	{"mirrorns_monitor_mirror_timestamp_seconds", "gauge",
		"What its timestamp said last, in Unix seconds.", stamp_write},
	{"mirrorns_monitor_check_seconds", "gauge", "What its last good check took.",
		seconds_write},
	{"mirrorns_monitor_checks_total", "counter", "Checks by what came of them.", checks_write},
	{"mirrorns_monitor_checks_busy", "gauge", "Checks under way.", busy_write},
	{"mirrorns_monitor_round_seconds", "gauge",
		"What the last whole turn over all addresses took.", round_write},
	{"mirrorns_monitor_suspect", "gauge",
		"1: most mirrors look down at once, so the monitor suspects itself and keeps "
		"states.",
		suspect_write},
	{"mirrorns_monitor_export_serial", "gauge", "Serial of the last export.", serial_write},
	{"mirrorns_monitor_exports_total", "counter", "Exports written.", exports_write},
	{"mirrorns_monitor_alerts_total", "counter",
		"Runs of the alert command and mails: sent, failed, held (there were too many).",
		alerts_write},
	{"mirrorns_monitor_txt_timestamp_seconds", "gauge",
		"When the present version string was first seen, in Unix seconds.", txt_write},
};

static void head_write(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

char *board_metrics(const struct inventory *inventory)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		const struct metric *metric = &metrics[i];
		const struct view view = {out, inventory, metric->name};
		head_write(out, metric->name, metric->type, metric->help);
		metric->write(&view);
	}
	return text_end(out, &text);
}

char *board_metrics_end(const struct board_facts *facts)
{
	struct process_usage usage;
	process_usage_read(&usage);
	double age = (double)(time(NULL) - (facts->exported ? facts->exported : facts->started));
	const struct {
		const char *name, *type, *help;
		double value;
	} rows[] = {
		{"mirrorns_monitor_export_age_seconds", "gauge",
			"Age of the last export; before the first one, of the process.", age},
		{"mirrorns_monitor_log_dropped_total", "counter",
			"Log lines that could not be written: nobody read them, or nobody could.",
			(double)log_out_dropped()},
		{"process_cpu_seconds_total", "counter", "User and system time in seconds.",
			usage.cpu_seconds},
		{"process_resident_memory_bytes", "gauge", "Resident memory in bytes.",
			(double)usage.resident},
		{"process_virtual_memory_bytes", "gauge", "Virtual memory in bytes.",
			(double)usage.virtual},
		{"process_open_fds", "gauge", "Open file descriptors.", (double)usage.open_fds},
		{"process_max_fds", "gauge", "File descriptors that may be open.",
			(double)usage.max_fds},
		{"process_start_time_seconds", "gauge", "When the process began, in Unix seconds.",
			usage.start_seconds},
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		head_write(out, rows[i].name, rows[i].type, rows[i].help);
		sample_write(out, rows[i].name, rows[i].value, NULL);
	}
	return text_end(out, &text);
}
