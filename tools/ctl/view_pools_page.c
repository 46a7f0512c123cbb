#include "geo/country.h"
#include "dns/base/json.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/view.h"
#include "tools/html/html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Members in service and listed in the place itself; then who answers, by a class that says how
 * well. */
static void family_add(struct html *html, const json_t *row, const char *key)
{
	const json_t *family = json_object_get(row, key);
	const char *flag = field_text(family, "flag"), *level = field_text(family, "level");
	const char *class = "own";
	if (strcmp(flag, "not answered") == 0) {
		html_add(html, "<td>–<td>not answered");
		return;
	}
	if (strcmp(flag, "empty") == 0 || strcmp(flag, "fail-open") == 0)
		class = "none";
	else if (*flag || strcmp(level, field_text(row, "place")) != 0)
		class = "lent";
	html_format(html,
		"<td>%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
		"<td class=%s>%" JSON_INTEGER_FORMAT " of ",
		field_number(family, "served"), field_number(family, "listed"), class,
		field_number(family, "members"));
	html_text(html, *level ? level : "nobody");
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
			"itself, and who answers. Written ");
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
