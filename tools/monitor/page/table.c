#include "tools/monitor/page/parts.h"

#include "tools/monitor/export/export.h"

#include <inttypes.h>

/* Up to so many addresses a line of response times has a point for each hour, for each second hour;
 * beyond, for each third: the page stays below 200 KB for 200 mirrors with two addresses each. */
enum { ROWS_FINE = 150, ROWS_COARSE = 300, DAY = 86400 /* seconds */ };

/* What all rows of the table share. */
struct table {
	struct html *html;
	const struct network *network;
	bool versions; /* a column for them */
	unsigned hours; /* told by one point of a line */
};

static bool has_versions(const struct target *target)
{
	return target->versions[0] || target->versions[1] || target->versions[2];
}

/* What the whole table has, from a look at all rows. */
static struct table table_make(struct html *html, const struct network *network)
{
	size_t rows = network->inventory->count;
	struct table table = {html, network, false, 3};
	for (size_t i = 0; i < rows; i++)
		table.versions = table.versions || has_versions(network->inventory->targets[i]);
	if (rows <= ROWS_COARSE)
		table.hours = rows <= ROWS_FINE ? 1 : 2;
	return table;
}

void html_country_link(struct html *html, unsigned country, const char *top)
{
	const char *code = country_code(country);
	if (!country) {
		html_add(html, "–");
		return;
	}
	html_format(html, "<a href=%scountry/%c%c.html>", top, code[0] | 0x20, code[1] | 0x20);
	html_country_name(html, country);
	html_format(html, "</a> <small>%s</small>", code);
}

void html_target(struct html *html, const struct target *target)
{
	const char *state = mirror_state_name(target->state);
	char address[ADDRESS_TEXT_MAX];
	html_format(html, "<td>%s<td class=%s>%s", address_write(&target->address, address), state,
		state);
	if (target->reason[0]) {
		html_add(html, "<small>");
		html_text(html, target->reason);
		html_add(html, "</small>");
	}
}

static void windows_add(struct html *html, const struct list_mirror *mirror)
{
	for (size_t i = 0; i < mirror->window_count; i++) {
		html_add(html, "<small>planned downtime ");
		html_time(html, mirror->windows[i].from);
		html_add(html, " to ");
		html_time(html, mirror->windows[i].to);
		html_add(html, "</small>");
	}
}

/* Host and country, for as many rows as there are addresses. */
static void host_add(const struct table *table, const struct list_mirror *mirror, size_t rows)
{
	struct html *html = table->html;
	if (rows > 1)
		html_format(html, "<th scope=rowgroup rowspan=%zu>", rows);
	else
		html_add(html, "<th scope=row>");
	html_text(html, mirror->host);
	if (mirror->port != settings_port(table->network->inventory->settings))
		html_format(html, ":%u", mirror->port);
	windows_add(html, mirror);
	html_format(html, rows > 1 ? "<td rowspan=%zu>" : "<td>", rows);
	html_country_link(html, mirror->country, "");
}

static void versions_add(struct html *html, const struct target *target)
{
	if (has_versions(target))
		html_format(html, "<td>%" PRIu32 " %" PRIu32 " %" PRIu32, target->versions[0],
			target->versions[1], target->versions[2]);
	else
		html_add(html, "<td>–");
}

static void address_add(const struct table *table, size_t number)
{
	struct html *html = table->html;
	int64_t now = table->network->now;
	const struct inventory *inventory = table->network->inventory;
	const struct target *target = inventory->targets[number];
	unsigned weight = publish_weight(inventory, number, now), full = target->mirror->weight;
	html_target(html, target);
	if (weight > 0 && weight < full && mirror_in_service(target->state))
		html_format(html, "<small>weight %u of %u</small>", weight, full);
	if (target->expires > now)
		html_format(html, "<small>certificate: %" PRId64 " days left</small>",
			(target->expires - now) / DAY);
	html_add(html, "<td>");
	html_moment(html, target->since, now);
	html_add(html, "<td>");
	html_moment(html, target->checked, now);
	html_add(html, "<td>");
	html_days(html, target->days, now);
	if (table->versions)
		versions_add(html, target);
	html_add(html, "<td>");
	html_hours(html, target->hours, now, table->hours);
	if (target->last_good)
		html_format(html, "%" PRIu32 " ms", target->milliseconds);
	else
		html_add(html, "–");
}

/* Targets from `first` to `end` are the mirror's. */
static void mirror_add(
	const struct table *table, const struct list_mirror *mirror, size_t first, size_t end)
{
	html_add(table->html, "<tbody><tr>");
	host_add(table, mirror, end - first);
	if (first == end)
		html_format(
			table->html, "<td colspan=%d>no address is known", table->versions ? 7 : 6);
	for (size_t i = first; i < end; i++) {
		html_add(table->html, i > first ? "\n<tr>" : "");
		address_add(table, i);
	}
	html_add(table->html, "\n");
}

void html_mirrors(struct html *html, const struct network *network)
{
	const struct inventory *inventory = network->inventory;
	struct table table = table_make(html, network);
	html_format(html,
		"<table class=\"mirrors sort%s\">\n<caption>Every address of every "
		"mirror</caption>\n"
		"<thead><tr><th scope=col>Host<th scope=col>Country<th scope=col>Address"
		"<th scope=col>State<th scope=col>Since<th scope=col>Checked"
		"<th scope=col>30 days%s<th scope=col>Response, 48 h\n",
		table.versions ? " versions" : "", table.versions ? "<th scope=col>Versions" : "");
	for (size_t i = 0, at = 0, next; i < inventory->mirror_list->count; i++, at = next) {
		const struct list_mirror *mirror = &inventory->mirror_list->list[i];
		for (next = at; next < inventory->count; next++)
			if (inventory->targets[next]->mirror != mirror)
				break;
		mirror_add(&table, mirror, at, next);
	}
	html_add(html, "</table>\n");
}
