#include "dns/base/json.h"
#include "geo/country.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/view.h"
#include "tools/html/html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Countries without a mirror of their own are one line for each way that they are served. */
enum { ROWS_WHOLE = 12 /* that few are never put together */, CODES_SHOWN = 8, CODES_MAX = 200 };

/* How well a family is served: by the place's own mirrors, by another place's, by none. */
enum service { SERVICE_OWN, SERVICE_LENT, SERVICE_NONE, SERVICE_NOT_ANSWERED };

static enum service service_of(const json_t *row, const json_t *family)
{
	const char *flag = field_text(family, "flag");
	if (strcmp(flag, "not answered") == 0)
		return SERVICE_NOT_ANSWERED;
	if (strcmp(flag, "empty") == 0 || strcmp(flag, "fail-open") == 0)
		return SERVICE_NONE;
	return *flag || strcmp(field_text(family, "level"), field_text(row, "place")) != 0
		       ? SERVICE_LENT
		       : SERVICE_OWN;
}

/* Does a mirror stand in this row's own place, or is it the only row of its kind? */
static bool has_own(const json_t *row)
{
	return field_number(json_object_get(row, "ipv4"), "listed") ||
	       field_number(json_object_get(row, "ipv6"), "listed");
}

static bool same_family(const json_t *a, const json_t *b)
{
	return strcmp(field_text(a, "level"), field_text(b, "level")) == 0 &&
	       strcmp(field_text(a, "flag"), field_text(b, "flag")) == 0 &&
	       field_number(a, "members") == field_number(b, "members");
}

static bool same_fate(const json_t *a, const json_t *b)
{
	return !has_own(a) && !has_own(b) &&
	       strcmp(field_text(a, "pool"), field_text(b, "pool")) == 0 &&
	       strcmp(field_text(a, "zone"), field_text(b, "zone")) == 0 &&
	       same_family(json_object_get(a, "ipv4"), json_object_get(b, "ipv4")) &&
	       same_family(json_object_get(a, "ipv6"), json_object_get(b, "ipv6"));
}

static void family_cells(struct screen_table *table, const json_t *row, const char *key)
{
	static const enum screen_colour colours[] = {SCREEN_PLAIN, SCREEN_WARN, SCREEN_BAD};
	const json_t *family = json_object_get(row, key);
	const char *flag = field_text(family, "flag"), *level = field_text(family, "level");
	enum service service = service_of(row, family);
	bool none = field_number(family, "listed") == 0 && field_number(family, "members") == 0;
	if (service == SERVICE_NOT_ANSWERED || (none && strcmp(flag, "empty") == 0)) {
		screen_cell(table, SCREEN_DIM, "-");
		screen_cell(table, SCREEN_DIM, "-");
		return;
	}
	screen_cell(table, SCREEN_PLAIN, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
		field_number(family, "served"), field_number(family, "listed"));
	screen_cell(table, colours[service], "%" JSON_INTEGER_FORMAT " of %s%s%s",
		field_number(family, "members"), *level ? level : "no level", *flag ? ", " : "",
		flag);
}

static void row_show(struct screen_table *table, const json_t *row, const char *what)
{
	screen_cell(table, SCREEN_PLAIN, "%s", what);
	family_cells(table, row, "ipv4");
	family_cells(table, row, "ipv6");
	screen_row_end(table);
}

/* "db.de", or "db.local DE" where the client decides. */
static void single_show(struct screen_table *table, const json_t *row)
{
	char what[1400];
	bool client = strcmp(field_text(row, "rule"), "client") == 0;
	const char *country = field_text(row, "country");
	snprintf(what, sizeof(what), "%s%s%s", field_text(row, "name"), client ? " " : "",
		!client    ? ""
		: *country ? country
			   : "(no country)");
	row_show(table, row, what);
}

/* Rows from `first` on that share its fate; marks them. */
static void group_show(struct screen_table *table, const json_t *rows, size_t first, bool *done)
{
	char what[CODES_MAX + 1400];
	const json_t *row = json_array_get(rows, first);
	size_t count = 0, used = (size_t)snprintf(what, 1400, "%s for", field_text(row, "pool"));
	used = used < 1400 ? used : 1399;
	size_t all = json_array_size(rows);
	for (size_t i = first; i < all; i++) {
		const char *country = field_text(json_array_get(rows, i), "country");
		if (done[i] || !same_fate(row, json_array_get(rows, i)))
			continue;
		done[i] = true;
		if (++count <= CODES_SHOWN)
			used += (size_t)snprintf(
				what + used, 8, " %.4s", *country ? country : "??");
	}
	if (count > CODES_SHOWN)
		snprintf(what + used, sizeof(what) - used, " and %zu more", count - CODES_SHOWN);
	row_show(table, row, what);
}

void view_pools(const json_t *result, const json_t *before)
{
	static const char *const titles[] = {"NAME", "IPV4", "SERVES", "IPV6", "SERVES"};
	const json_t *rows = json_object_get(result, "pools");
	size_t count = json_array_size(rows);
	json_int_t more = field_number(result, "more");
	bool *done = calloc(count + 1, sizeof(*done));
	struct screen_table table = {.right = 1u << 1 | 1u << 3};
	const char *zone = NULL;
	(void)before;
	for (size_t i = 0; done && i < count; i++) {
		const json_t *row = json_array_get(rows, i);
		if (!zone || strcmp(zone, field_text(row, "zone")) != 0) {
			screen_table_end(&table);
			table.right = 1u << 1 | 1u << 3;
			zone = field_text(row, "zone");
			screen_line(SCREEN_BOLD,
				"%s: members in service/listed in the place, and the level that serves",
				zone);
			for (unsigned k = 0; k < sizeof(titles) / sizeof(*titles); k++)
				screen_cell(&table, SCREEN_DIM, "%s", titles[k]);
			screen_row_end(&table);
		}
		if (done[i])
			continue;
		if (count <= ROWS_WHOLE || has_own(row) || !*field_text(row, "country"))
			single_show(&table, row);
		else
			group_show(&table, rows, i, done);
	}
	screen_table_end(&table);
	if (more > 0)
		screen_line(SCREEN_DIM,
			"  and %" JSON_INTEGER_FORMAT " more rows: limit them with a PATTERN",
			more);
	free(done);
}

/* --- --html --- */

/* Members in service and listed in the place itself; then the level that answers. */
static void family_add(struct html *html, const json_t *row, const char *key)
{
	static const char *const classes[] = {"own", "lent", "none"};
	const json_t *family = json_object_get(row, key);
	const char *flag = field_text(family, "flag"), *level = field_text(family, "level");
	enum service service = service_of(row, family);
	if (service == SERVICE_NOT_ANSWERED) {
		html_add(html, "<td>–<td>not answered");
		return;
	}
	html_format(html,
		"<td>%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
		"<td class=%s>%" JSON_INTEGER_FORMAT " of ",
		field_number(family, "served"), field_number(family, "listed"), classes[service],
		field_number(family, "members"));
	html_text(html, *level ? level : "no level");
	html_add(html, *flag ? ", " : "");
	html_text(html, flag);
}

static void row_add(struct html *html, const json_t *row)
{
	const char *code = field_text(row, "country");
	unsigned country = country_find(code, strlen(code));
	html_add(html, "<tr><th scope=row>");
	html_text(html, field_text(row, "name"));
	html_add(html, "<td>");
	if (country)
		html_country_name(html, country);
	else
		html_text(html, *code ? code : "–");
	family_add(html, row, "ipv4");
	family_add(html, row, "ipv6");
	html_add(html, "\n");
}

static void zone_begin(struct html *html, const char *zone)
{
	html_add(html, "<table class=\"sort pools\">\n<caption>Pools of ");
	html_text(html, zone);
	html_add(html, "</caption>\n<thead><tr><th scope=col>Name<th scope=col>Country"
		       "<th scope=col>IPv4 in service<th scope=col>IPv4 answers"
		       "<th scope=col>IPv6 in service<th scope=col>IPv6 answers\n<tbody>\n");
}

static void rows_add(struct html *html, const json_t *result)
{
	const char *zone = NULL;
	size_t i;
	json_t *row;
	json_int_t more = field_number(result, "more");
	json_array_foreach (json_object_get(result, "pools"), i, row) {
		if (!zone || strcmp(zone, field_text(row, "zone")) != 0) {
			html_add(html, zone ? "</table>\n" : "");
			zone = field_text(row, "zone");
			zone_begin(html, zone);
		}
		row_add(html, row);
	}
	html_add(html, zone ? "</table>\n" : "<p>No pools.\n");
	if (more > 0)
		html_format(html,
			"<p>And %" JSON_INTEGER_FORMAT " more rows: limit them with a pattern.\n",
			more);
}

void view_pools_page(const json_t *result, const json_t *before)
{
	static const struct html_frame frame = {"Pools", "mirrorns", "", HTML_ALONE};
	struct html html = {.text = NULL};
	(void)before;
	html_begin(&html, &frame);
	html_add(&html, "<h1>Pools</h1>\n<p class=q>Members in service and listed in the place "
			"itself, and the level that answers. Written ");
	html_time(&html, time(NULL));
	html_add(&html, " UTC.\n");
	rows_add(&html, result);
	html_end(&html, &frame);
	if (html.failed)
		screen_line(SCREEN_BAD, "out of memory for the page");
	else
		fwrite(html.text, 1, html.size, stdout);
	free(html.text);
}
