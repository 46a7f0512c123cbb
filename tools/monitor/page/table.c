#include "tools/monitor/page/parts.h"

#include "dns/base/json.h"

#include <string.h>

/* Up to so many addresses a line of response times has a point for each hour, for each second hour;
 * beyond, for each third: the page stays below 200 KB for 200 mirrors with two addresses each. */
enum { ROWS_FINE = 150, ROWS_COARSE = 300 };

/* What all rows of the table share. */
struct table {
	struct html *html;
	const char *generated;
	bool versions; /* a column for them */
	unsigned hours; /* told by one point of a line */
};

/* What the whole table has, from a look at all rows. */
static struct table table_make(struct html *html, const json_t *report)
{
	struct table table = {.html = html, .generated = field_text(report, "generated")};
	size_t i, k, rows = 0;
	json_t *mirror, *address;
	json_array_foreach (json_object_get(report, "mirrors"), i, mirror)
		json_array_foreach (json_object_get(mirror, "addresses"), k, address) {
			rows++;
			table.versions = table.versions ||
					 json_is_object(json_object_get(address, "versions"));
		}
	table.hours = rows <= ROWS_FINE ? 1 : rows <= ROWS_COARSE ? 2 : 3;
	return table;
}

void html_country_link(struct html *html, const char *code, const char *top)
{
	unsigned country = country_find(code, strlen(code));
	if (!country) {
		html_text(html, *code ? code : "–");
		return;
	}
	const char *known = country_code(country);
	html_format(html, "<a href=%scountry/%c%c.html>", top, known[0] | 0x20, known[1] | 0x20);
	html_country_name(html, country);
	html_format(html, "</a> <small>%s</small>", known);
}

const char *html_state_class(const char *state)
{
	for (int i = 0; i < MIRROR_STATES; i++)
		if (strcmp(state, mirror_state_name((enum mirror_state)i)) == 0)
			return mirror_state_name((enum mirror_state)i);
	return "\"\"";
}

void html_state(struct html *html, const char *state)
{
	html_format(html, "<td class=%s>", html_state_class(state));
	html_text(html, *state ? state : "unknown");
}

static void windows_add(const struct table *table, const json_t *mirror)
{
	size_t i;
	json_t *window;
	json_array_foreach (json_object_get(mirror, "downtime"), i, window) {
		html_add(table->html, "<small>planned downtime ");
		html_time(table->html, field_text(window, "from"));
		html_add(table->html, " to ");
		html_time(table->html, field_text(window, "to"));
		html_add(table->html, "</small>");
	}
}

/* Host and country, for as many rows as there are addresses. */
static void host_add(const struct table *table, const json_t *mirror, size_t rows)
{
	struct html *html = table->html;
	json_int_t port = field_number(mirror, "port");
	if (rows > 1)
		html_format(html, "<th scope=rowgroup rowspan=%zu>", rows);
	else
		html_add(html, "<th scope=row>");
	html_text(html, field_text(mirror, "host"));
	if (port && port != 80)
		html_format(html, ":%" JSON_INTEGER_FORMAT, port);
	windows_add(table, mirror);
	html_format(html, rows > 1 ? "<td rowspan=%zu>" : "<td>", rows);
	html_country_link(html, field_text(mirror, "country"), "");
}

static void versions_add(const struct table *table, const json_t *versions)
{
	static const char *const names[] = {"main", "daily", "bytecode"};
	if (!json_is_object(versions)) {
		html_add(table->html, "<td>–");
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		html_format(table->html, "%s%" JSON_INTEGER_FORMAT, i ? " " : "<td>",
			field_number(versions, names[i]));
}

static void address_add(const struct table *table, const json_t *mirror, const json_t *address)
{
	struct html *html = table->html;
	json_int_t weight = field_number(address, "weight"), full = field_number(mirror, "weight");
	const char *state = field_text(address, "state"), *reason = field_text(address, "reason");
	html_add(html, "<td>");
	html_text(html, field_text(address, "address"));
	html_state(html, state);
	if (*reason) {
		html_add(html, "<small>");
		html_text(html, reason);
		html_add(html, "</small>");
	}
	if (weight > 0 && weight < full && (strcmp(state, "ok") == 0 || strcmp(state, "old") == 0))
		html_format(html,
			"<small>weight %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
			"</small>",
			weight, full);
	html_add(html, "<td>");
	html_moment(html, field_text(address, "since"), table->generated);
	html_add(html, "<td>");
	html_moment(html, field_text(address, "checked"), table->generated);
	html_add(html, "<td>");
	html_days(html, json_object_get(address, "days"));
	if (table->versions)
		versions_add(table, json_object_get(address, "versions"));
	html_add(html, "<td>");
	html_hours(html, json_object_get(address, "hours"), table->hours);
	html_milliseconds(html, json_object_get(address, "milliseconds"));
}

static void mirror_add(const struct table *table, const json_t *mirror)
{
	size_t i, rows = json_array_size(json_object_get(mirror, "addresses"));
	json_t *address;
	html_add(table->html, "<tbody><tr>");
	host_add(table, mirror, rows);
	if (!rows)
		html_format(
			table->html, "<td colspan=%d>no address is known", table->versions ? 7 : 6);
	json_array_foreach (json_object_get(mirror, "addresses"), i, address) {
		html_add(table->html, i ? "\n<tr>" : "");
		address_add(table, mirror, address);
	}
	html_add(table->html, "\n");
}

void html_mirrors(struct html *html, const json_t *report)
{
	struct table table = table_make(html, report);
	size_t i;
	json_t *mirror;
	html_format(html,
		"<table class=\"mirrors sort%s\">\n<caption>Every address of every "
		"mirror</caption>\n"
		"<thead><tr><th scope=col>Host<th scope=col>Country<th scope=col>Address"
		"<th scope=col>State<th scope=col>Since<th scope=col>Checked"
		"<th scope=col>30 days%s<th scope=col>Response, 48 h\n",
		table.versions ? " versions" : "", table.versions ? "<th scope=col>Versions" : "");
	json_array_foreach (json_object_get(report, "mirrors"), i, mirror)
		mirror_add(&table, mirror);
	html_add(html, "</table>\n");
}
