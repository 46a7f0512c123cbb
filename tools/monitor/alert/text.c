#include "tools/monitor/alert/text.h"

#include "dns/base/json.h"
#include "geo/country.h"
#include "geo/stamp.h"

#include <inttypes.h>
#include <string.h>

enum { SUMMARY_LINES = 500 /* of each list */ };

/* A length of time in the configuration's units. */
static void span_write(FILE *out, uint32_t seconds)
{
	static const struct {
		uint32_t seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;
	while (units[i].seconds > 1 && seconds % units[i].seconds)
		i++;
	fprintf(out, "%" PRIu32 "%c", seconds / units[i].seconds, units[i].unit);
}

/* --- one change --- */

void alert_subject(const struct settings *settings, const struct inventory_event *event, char *text,
	size_t size)
{
	static const char *const news[MIRROR_STATES] = {[MIRROR_OK] = "back in service",
		[MIRROR_OLD] = "warning",
		[MIRROR_REMOVED] = "removed from service",
		[MIRROR_DISABLED] = "disabled"};
	char address[ADDRESS_TEXT_MAX];
	snprintf(text, size, "[%s mirrors] %s %s: %s", settings->zone, event->host,
		address_write(&event->address, address),
		event->from == event->to ? "certificate ends soon" : news[event->to]);
}

static void outlook_write(FILE *out, const struct settings *settings, enum mirror_state to)
{
	switch (to) {
	case MIRROR_OK:
		fputs("It is in the answers.\n", out);
		return;
	case MIRROR_OLD:
		fputs("This is a warning: it is still in the answers.\n"
		      "It will be removed from them if this lasts another ",
			out);
		span_write(out, settings->remove_after);
		fputs(".\n", out);
		return;
	case MIRROR_REMOVED:
		fputs("It is removed from the answers, and returns by itself once its checks\n"
		      "succeed again.\n",
			out);
		return;
	case MIRROR_DISABLED:
		fputs("It is not in the answers: disabled, or in a planned downtime.\n", out);
		return;
	}
}

/* As the monitor asks. */
static void request_write(FILE *out, const struct settings *settings,
	const struct inventory_event *event, const struct list_mirror *mirror)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
	const char *path = settings->request_path, *quote = path[strspn(path, plain)] ? "'" : "";
	char address[ADDRESS_TEXT_MAX], where[ADDRESS_TEXT_MAX + 2], name[SETTINGS_HOST_MAX];
	address_write(&event->address, address);
	snprintf(where, sizeof(where), event->address.ipv6 ? "[%s]" : "%s", address);
	fprintf(out, "    curl %s-H 'Host: %s' ", event->address.ipv6 ? "-g " : "",
		settings_host_write(settings, country_code(event->country), event->host, name));
	if (settings->scheme == SCHEME_HTTPS)
		fprintf(out, "--connect-to ::%s: ", where);
	fprintf(out, "%s%s://%s:%u%s%s\n", quote,
		settings->scheme == SCHEME_HTTPS ? "https" : "http",
		settings->scheme == SCHEME_HTTPS ? event->host : where, mirror->port, path, quote);
}

void alert_change_write(FILE *out, const struct settings *settings,
	const struct inventory_event *event, const struct list_mirror *mirror)
{
	char at[STAMP_TEXT_MAX], address[ADDRESS_TEXT_MAX];
	address_write(&event->address, address);
	stamp_write(event->at, at);
	fprintf(out, "Mirror:   %s (%s)\nAddress:  %s\nState:    %s (was %s)\nSince:    %s\n",
		event->host, country_name(event->country), address, mirror_state_name(event->to),
		mirror_state_name(event->from), at);
	fprintf(out, "Why:      %s\n\n", event->why[0] ? event->why : "-");
	outlook_write(out, settings, event->to);
	fputs("\nTo reproduce the check:\n", out);
	request_write(out, settings, event, mirror);
}

/* --- a summary --- */

static void standing_write(FILE *out, const struct inventory *inventory)
{
	size_t counts[MIRROR_STATES];
	char at[STAMP_TEXT_MAX];
	inventory_count(inventory, counts);
	fputs("Addresses: ", out);
	for (unsigned state = 0; state < MIRROR_STATES; state++)
		fprintf(out, "%s%zu %s", state ? ", " : "", counts[state],
			mirror_state_name((enum mirror_state)state));
	fputs("\n", out);
	if (inventory->exported) {
		stamp_write(inventory->exported, at);
		fprintf(out, "Export:    serial %" PRId64 ", written %s\n", inventory->serial, at);
	} else {
		fputs("Export:    none written since start\n", out);
	}
	if (inventory->outage.active)
		fprintf(out, "Suspected outage of the monitor, state changes are suspended: %s\n",
			inventory->suspect_why);
}

static void ailing_write(FILE *out, const struct inventory *inventory)
{
	size_t lines = 0, left = 0;
	for (size_t i = 0; i < inventory->count; i++) {
		const struct target *target = inventory->targets[i];
		char since[STAMP_TEXT_MAX], address[ADDRESS_TEXT_MAX];
		if (target->state == MIRROR_OK)
			continue;
		if (lines == SUMMARY_LINES) {
			left++;
			continue;
		}
		if (!lines++)
			fputs("\nNot ok now:\n", out);
		stamp_write(target->since, since);
		fprintf(out, "  %-8s since %s  %s %s (%s): %s\n", mirror_state_name(target->state),
			since, target->host, address_write(&target->address, address),
			country_code(target->mirror->country),
			target->reason[0] ? target->reason : "-");
	}
	if (left)
		fprintf(out, "  and %zu more\n", left);
	if (!lines)
		fputs("\nAll are ok.\n", out);
}

static void change_line(FILE *out, const struct inventory_event *event)
{
	char at[STAMP_TEXT_MAX], address[ADDRESS_TEXT_MAX];
	stamp_write(event->at, at);
	fprintf(out, "  %s  %s %s (%s): %s -> %s: %s\n", at, event->host,
		address_write(&event->address, address), country_code(event->country),
		mirror_state_name(event->from), mirror_state_name(event->to),
		event->why[0] ? event->why : "-");
}

/* What happened before this process began is in the inventory alone. */
static bool is_earlier(const struct alert_summary *summary, const struct inventory_event *event)
{
	int64_t first = summary->change_count ? summary->changes[0].event.at : summary->now + 1;
	return event->at >= summary->since && event->at < summary->started && event->at < first;
}

void alert_summary_write(FILE *out, const struct alert_summary *summary)
{
	const struct inventory *inventory = summary->inventory;
	char since[STAMP_TEXT_MAX], now[STAMP_TEXT_MAX];
	size_t lines = 0;
	stamp_write(summary->since, since);
	stamp_write(summary->now, now);
	fprintf(out, "Mirrors of %s, %s to %s\n\n", inventory->settings->zone, since, now);
	standing_write(out, inventory);
	ailing_write(out, inventory);
	fputs("\nChanges:\n", out);
	for (size_t i = inventory->event_count;
		i-- > 0;) /* newest first there, oldest first here */
		if (is_earlier(summary, &inventory->events[i])) {
			change_line(out, &inventory->events[i]);
			lines++;
		}
	if (summary->lost)
		fprintf(out, "  %" PRIu64 " more, not recorded\n", summary->lost);
	for (size_t i = 0; i < summary->change_count; i++)
		change_line(out, &summary->changes[i].event);
	if (!lines && !summary->lost && !summary->change_count)
		fputs("  none\n", out);
	if (summary->held)
		fprintf(out, "\n%" PRIu64 " change%s not mailed: the mail limit was reached.\n",
			summary->held, summary->held == 1 ? " was" : "s were");
}

/* --- for the command --- */

char *alert_json(const struct inventory_event *event, const struct list_mirror *mirror)
{
	char since[STAMP_TEXT_MAX], address[ADDRESS_TEXT_MAX];
	stamp_write(event->at, since);
	json_t *object = json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:o}", "host",
		plain_json(event->host), "address", address_write(&event->address, address),
		"country", country_code(event->country), "from", mirror_state_name(event->from),
		"to", mirror_state_name(event->to), "why", plain_json(event->why), "since", since,
		"admin", plain_json(mirror->admin), "alerts", plain_json(mirror->alerts));
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	char *line = NULL;
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	json_decref(object);
	return line;
}
