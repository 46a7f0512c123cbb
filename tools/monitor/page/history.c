#include "tools/monitor/page/parts.h"

#include <stdlib.h>
#include <string.h>

/* Unix seconds of a version string's field 3; -1: it has none. */
static long long record_time(const char *value)
{
	const char *field = inventory_txt_field(value, 3);
	size_t digits = strspn(field, "0123456789");
	if (digits < 1 || digits > 15 || (field[digits] && field[digits] != ':'))
		return -1;
	return atoll(field);
}

bool network_has_txt(const struct network *network)
{
	return network->inventory->settings->txt && network->inventory->txt_count;
}

long long html_txt_age(const struct network *network)
{
	long long since =
		network_has_txt(network) ? record_time(network->inventory->txts[0].value) : -1;
	if (since < 0)
		return -1;
	return network->now > since ? network->now - since : 0; /* one to come is as good as now */
}

static void event_add(struct html *html, const struct inventory_event *event)
{
	const char *name = mirror_state_name(event->to);
	char address[ADDRESS_TEXT_MAX];
	html_add(html, "<tr><td>");
	html_time(html, event->at);
	html_add(html, "<th scope=row>");
	html_text(html, event->host);
	html_format(html, "<small>%s</small><td>", address_write(&event->address, address));
	html_country_link(html, event->country, "");
	html_format(html, "<td class=%s>%s <span class=q>from %s</span><td>", name, name,
		mirror_state_name(event->from));
	html_text(html, event->why[0] ? event->why : "–");
	html_add(html, "\n");
}

static void event_line(struct html *html, const struct inventory_event *event)
{
	const char *name = mirror_state_name(event->to);
	html_add(html, "<li>");
	html_time(html, event->at);
	html_add(html, " ");
	html_text(html, event->host);
	html_format(html, " <b class=%s>%s</b>\n", name, name);
}

void html_events(struct html *html, const struct inventory *inventory, size_t count)
{
	size_t all = inventory->event_count;
	if (!all) {
		html_add(html, "<p class=q>No change of state is on record.\n");
		return;
	}
	if (count) {
		html_add(html, "<ul class=events>\n");
		for (size_t i = 0; i < all && i < count; i++)
			event_line(html, &inventory->events[i]);
		html_add(html, "</ul>\n");
		return;
	}
	html_add(html,
		"<table class=\"events sort\">\n<caption>Changes of state, newest first</caption>\n"
		"<thead><tr><th scope=col>When<th scope=col>Mirror<th scope=col>Country"
		"<th scope=col>State<th scope=col>Why\n<tbody>\n");
	for (size_t i = 0; i < all; i++)
		event_add(html, &inventory->events[i]);
	html_add(html, "</table>\n");
}

static void txt_row_add(struct html *html, const struct inventory_txt *txt)
{
	static const unsigned fields[] = {1, 2, 7};
	html_add(html, "<tr><td>");
	html_time(html, txt->since);
	for (size_t k = 0; k < sizeof(fields) / sizeof(*fields); k++) {
		const char *field = inventory_txt_field(txt->value, fields[k]);
		int digits = (int)strspn(field, "0123456789");
		html_format(html, "<td>%.*s", digits < 20 ? digits : 20, field);
		html_add(html, digits ? "" : "–");
	}
	html_add(html, "<td><code>");
	html_text(html, txt->value);
	html_add(html, "</code>\n");
}

static void txts_add(struct html *html, const struct network *network)
{
	const struct inventory *inventory = network->inventory;
	if (!network_has_txt(network)) {
		html_add(html, "<p class=q>No version string is configured.\n");
		return;
	}
	html_add(html,
		"<table class=\"sort txts\">\n<caption>Version strings, newest first</caption>\n"
		"<thead><tr><th scope=col>Since<th scope=col>Main<th scope=col>Daily"
		"<th scope=col>Bytecode<th scope=col>String\n<tbody>\n");
	for (size_t i = 0; i < inventory->txt_count; i++)
		txt_row_add(html, &inventory->txts[i]);
	html_add(html, "</table>\n");
}

void html_history(struct html *html, const struct network *network)
{
	struct html_frame frame = {
		"History of the mirrors", network->inventory->settings->zone, "", HTML_HISTORY};
	html_begin(html, &frame);
	html_add(html, "<h1>History</h1>\n<section aria-labelledby=txt>\n<h2 id=txt>Version "
		       "string</h2>\n");
	txts_add(html, network);
	html_add(html, "</section>\n<section aria-labelledby=changes>\n<h2 id=changes>Changes of "
		       "state</h2>\n");
	html_events(html, network->inventory, 0);
	html_add(html, "</section>\n");
	html_end(html, &frame);
}
