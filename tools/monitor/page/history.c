#include "tools/monitor/page/parts.h"

#include "dns/base/json.h"
#include "geo/stamp.h"

#include <stdlib.h>
#include <string.h>

/* Where a field of a version string begins; NULL: it has fewer. */
static const char *field_find(const char *value, unsigned index)
{
	while (index-- && value) {
		value = strchr(value, ':');
		value = value ? value + 1 : NULL;
	}
	return value;
}

/* Unix seconds of a version string's field 3; -1: it has none. */
static long long record_time(const char *value)
{
	const char *field = field_find(value, 3);
	size_t digits = field ? strspn(field, "0123456789") : 0;
	if (digits < 1 || digits > 15 || (field[digits] && field[digits] != ':'))
		return -1;
	return atoll(field);
}

long long html_txt_age(const json_t *report)
{
	long long since = record_time(field_text(json_object_get(report, "txt"), "value"));
	int64_t now;
	if (since < 0 || !stamp_parse(field_text(report, "generated"), &now))
		return -1;
	return now > since ? now - since : 0; /* a time to come is as good as now */
}

static void state_word(struct html *html, const char *state)
{
	html_format(html, "<b class=%s>", html_state_class(state));
	html_text(html, *state ? state : "new");
	html_add(html, "</b>");
}

static void event_add(struct html *html, const json_t *event, const char *top)
{
	const char *why = field_text(event, "why");
	html_add(html, "<tr><td>");
	html_time(html, field_text(event, "at"));
	html_add(html, "<th scope=row>");
	html_text(html, field_text(event, "host"));
	html_add(html, "<small>");
	html_text(html, field_text(event, "address"));
	html_add(html, "</small><td>");
	html_country_link(html, field_text(event, "country"), top);
	html_state(html, field_text(event, "to"));
	html_add(html, " <span class=q>from ");
	html_text(html, *field_text(event, "from") ? field_text(event, "from") : "nothing");
	html_add(html, "</span><td>");
	html_text(html, *why ? why : "–");
	html_add(html, "\n");
}

static void event_line(struct html *html, const json_t *event)
{
	const char *to = field_text(event, "to");
	html_add(html, "<li>");
	html_time(html, field_text(event, "at"));
	html_add(html, " ");
	html_text(html, field_text(event, "host"));
	html_add(html, " ");
	state_word(html, to);
	html_add(html, "\n");
}

void html_events(struct html *html, const json_t *report, size_t count, const char *top)
{
	const json_t *events = json_object_get(report, "events");
	size_t all = json_array_size(events);
	if (!all) {
		html_add(html, "<p class=q>No change of state is on record.\n");
		return;
	}
	if (count) {
		html_add(html, "<ul class=events>\n");
		for (size_t i = 0; i < all && i < count; i++)
			event_line(html, json_array_get(events, i));
		html_add(html, "</ul>\n");
		return;
	}
	html_add(html,
		"<table class=\"events sort\">\n<caption>Changes of state, newest first</caption>\n"
		"<thead><tr><th scope=col>When<th scope=col>Mirror<th scope=col>Country"
		"<th scope=col>State<th scope=col>Why\n<tbody>\n");
	for (size_t i = 0; i < all; i++)
		event_add(html, json_array_get(events, i), top);
	html_add(html, "</table>\n");
}

static void txt_add(struct html *html, const json_t *txt)
{
	size_t i;
	json_t *one;
	const json_t *history = json_object_get(txt, "history");
	if (!json_array_size(history)) {
		html_add(html, "<p class=q>No version string is watched.\n");
		return;
	}
	html_add(html,
		"<table class=\"sort txts\">\n<caption>Version strings, newest first</caption>\n"
		"<thead><tr><th scope=col>Since<th scope=col>Main<th scope=col>Daily"
		"<th scope=col>Bytecode<th scope=col>String\n<tbody>\n");
	json_array_foreach (history, i, one) {
		static const unsigned fields[] = {1, 2, 7};
		const char *value = field_text(one, "value");
		html_add(html, "<tr><td>");
		html_time(html, field_text(one, "since"));
		for (size_t k = 0; k < sizeof(fields) / sizeof(*fields); k++) {
			const char *field = field_find(value, fields[k]);
			int digits = field ? (int)strspn(field, "0123456789") : 0;
			html_format(
				html, "<td>%.*s", digits < 20 ? digits : 20, digits ? field : "");
			html_add(html, digits ? "" : "–");
		}
		html_add(html, "<td><code>");
		html_text(html, value);
		html_add(html, "</code>\n");
	}
	html_add(html, "</table>\n");
}

void html_history(struct html *html, const json_t *report)
{
	struct html_frame frame = {
		"History of the mirrors", field_text(report, "zone"), "", HTML_HISTORY};
	html_begin(html, &frame);
	html_add(html, "<h1>History</h1>\n<section aria-labelledby=txt>\n<h2 id=txt>Version "
		       "string</h2>\n");
	txt_add(html, json_object_get(report, "txt"));
	html_add(html, "</section>\n<section aria-labelledby=changes>\n<h2 id=changes>Changes of "
		       "state</h2>\n");
	html_events(html, report, 0, "");
	html_add(html, "</section>\n");
	html_end(html, &frame);
}
