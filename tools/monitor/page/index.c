#include "tools/monitor/page/parts.h"

#include <inttypes.h>

enum { EVENTS_SHOWN = 6 };

static const char *const state_words[MIRROR_STATES] = {"in service", "in service, with a warning",
	"out of service", "planned downtime or disabled"};

/* Two hours and more are told in hours, then in days. */
static void span_add(struct html *html, long long seconds)
{
	if (seconds < 60)
		html_format(html, "%lld s", seconds);
	else if (seconds < 120 * 60)
		html_format(html, "%lld min", seconds / 60);
	else if (seconds < 48 * 3600)
		html_format(html, "%lld h", seconds / 3600);
	else
		html_format(html, "%lld days", seconds / 86400);
}

static void banners_add(struct html *html, const struct network *network)
{
	const char *why = network->inventory->suspect_why;
	long long age = html_txt_age(network);
	if (network->inventory->outage.active) {
		html_add(html, "<div class=banner><strong>Possible monitoring outage.</strong> "
			       "Most mirrors fail at once, state changes are suspended");
		html_add(html, *why ? ": " : ".");
		html_text(html, why);
		html_add(html, "</div>\n");
	}
	if (age > TXT_STALE) {
		html_add(html,
			"<div class=banner><strong>The version string is stale.</strong> It was "
			"refreshed ");
		span_add(html, age);
		html_add(html,
			" ago; clients ignore one that is older than 3 hours and ask by HTTP "
			"instead.</div>\n");
	}
}

static void headline_add(struct html *html, const struct network *network, const size_t *counts)
{
	const struct inventory *inventory = network->inventory;
	uint32_t interval = inventory->settings->interval;
	size_t served = counts[MIRROR_OK] + counts[MIRROR_OLD];
	if (!inventory->count)
		html_add(html, "<h1>No addresses yet</h1>\n");
	else
		html_format(html, "<h1>Addresses in service: %zu of %zu</h1>\n", served,
			inventory->count);
	html_format(html, "<p class=q>%zu mirror%s, each address checked every ",
		inventory->mirror_list->count, inventory->mirror_list->count == 1 ? "" : "s");
	span_add(html, interval);
	html_format(html, ". Export %" PRId64 ", written ", inventory->serial);
	html_format(html, "<span id=generated data-interval=%" PRIu32 ">", interval);
	html_time(html, network->now);
	html_add(html, " UTC</span>.\n");
}

static void counts_add(struct html *html, const size_t *counts)
{
	html_add(html, "<dl class=counts>\n");
	for (unsigned i = 0; i < MIRROR_STATES; i++) {
		const char *name = mirror_state_name((enum mirror_state)i);
		html_format(html, "<div class=%s><dt>%s<dd><b>%zu</b> <small>%s</small></div>\n",
			name, name, counts[i], state_words[i]);
	}
	html_add(html, "</dl>\n");
}

static void txt_add(struct html *html, const struct network *network)
{
	const struct inventory_txt *txt = &network->inventory->txts[0];
	long long age = html_txt_age(network);
	html_add(html, "<section aria-labelledby=txt>\n<h2 id=txt>Version string</h2>\n");
	if (!network_has_txt(network)) {
		html_add(html, "<p class=q>None configured.\n</section>\n");
		return;
	}
	html_add(html, "<p><code>");
	html_text(html, txt->value);
	html_add(html, "</code>\n<p class=q>First seen ");
	html_time(html, txt->since);
	if (age >= 0) {
		html_add(html, age > TXT_STALE ? "; <b>stale</b>, refreshed " : "; refreshed ");
		span_add(html, age);
		html_add(html, " before this page");
	}
	html_add(html, ". <a href=history.html>Earlier ones</a>\n</section>\n");
}

void html_index(struct html *html, const struct network *network)
{
	const struct inventory *inventory = network->inventory;
	size_t counts[MIRROR_STATES];
	struct html_frame frame = {"Mirrors' status", inventory->settings->zone, "", HTML_MIRRORS};
	html_begin(html, &frame);
	inventory_count(inventory, counts);
	banners_add(html, network);
	headline_add(html, network, counts);
	counts_add(html, counts);
	html_add(html, "<div class=top>\n<section aria-label=\"World map\">\n");
	html_map(html, network);
	html_add(html, "</section>\n<div class=side>\n");
	txt_add(html, network);
	html_add(html, "<section aria-labelledby=changes>\n<h2 id=changes>Latest changes</h2>\n");
	html_events(html, inventory, EVENTS_SHOWN);
	html_add(html, "<p class=q><a href=\"history.html#changes\">All changes</a>\n"
		       "</section>\n</div>\n</div>\n"
		       "<section aria-labelledby=mirrors>\n<h2 id=mirrors>Mirrors</h2>\n");
	html_mirrors(html, network);
	html_add(html,
		"<p class=\"q key\">30 days: a bar for each day, as high as its share of good "
		"checks "
		"(<svg role=none><path class=g d=\"M0 7h8\"/></svg> from 99 %, "
		"<svg role=none><path class=p d=\"M0 9.5h8\"/></svg> from 50 %, "
		"<svg role=none><path class=b d=\"M0 11.5h8\"/></svg> below, "
		"<svg role=none><path class=n d=\"M0 13.5h8\"/></svg> not known). "
		"Response: means, each line on its own scale. Versions: main, daily, "
		"bytecode.\n</section>\n");
	html_end(html, &frame);
}
