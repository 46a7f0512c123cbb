#include "tools/monitor/page/parts.h"

#include "dns/base/json.h"

enum { EVENTS_SHOWN = 6 };

static const char *const states[] = {"ok", "old", "removed", "disabled"};
static const char *const state_words[] = {"in service", "in service, with a warning",
	"out of service", "planned downtime or disabled"};

enum { STATES = sizeof(states) / sizeof(*states) };

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

static void banners_add(struct html *html, const json_t *report)
{
	const char *why = field_text(report, "why");
	long long age = html_txt_age(report);
	if (field_true(report, "suspect")) {
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

static void headline_add(struct html *html, const json_t *report)
{
	const json_t *counts = json_object_get(report, "counts");
	json_int_t served = field_number(counts, "ok") + field_number(counts, "old");
	json_int_t all =
		served + field_number(counts, "removed") + field_number(counts, "disabled");
	if (!all)
		html_add(html, "<h1>No address is known yet</h1>\n");
	else if (served == all && !field_number(counts, "old"))
		html_format(html,
			"<h1>All %" JSON_INTEGER_FORMAT " addresses are in service</h1>\n", all);
	else
		html_format(html,
			"<h1>%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
			" addresses are in service</h1>\n",
			served, all);
	html_add(html, "<p class=q>");
	html_format(html, "%zu mirrors, each address checked every ",
		json_array_size(json_object_get(report, "mirrors")));
	span_add(html, (long long)field_number(report, "interval_seconds"));
	html_format(html, ". Export %" JSON_INTEGER_FORMAT ", written ",
		field_number(report, "serial"));
	html_format(html, "<span id=generated data-interval=%" JSON_INTEGER_FORMAT ">",
		field_number(report, "interval_seconds"));
	html_time(html, field_text(report, "generated"));
	html_add(html, " UTC</span>.\n");
}

static void counts_add(struct html *html, const json_t *report)
{
	const json_t *counts = json_object_get(report, "counts");
	html_add(html, "<dl class=counts>\n");
	for (unsigned i = 0; i < STATES; i++)
		html_format(html,
			"<div class=%s><dt>%s<dd><b>%" JSON_INTEGER_FORMAT
			"</b> <small>%s</small></div>\n",
			states[i], states[i], field_number(counts, states[i]), state_words[i]);
	html_add(html, "</dl>\n");
}

static void txt_add(struct html *html, const json_t *report)
{
	const json_t *txt = json_object_get(report, "txt");
	const char *value = field_text(txt, "value");
	long long age = html_txt_age(report);
	html_add(html, "<section aria-labelledby=txt>\n<h2 id=txt>Version string</h2>\n");
	if (!*value) {
		html_add(html, "<p class=q>None is watched.\n</section>\n");
		return;
	}
	html_add(html, "<p><code>");
	html_text(html, value);
	html_add(html, "</code>\n<p class=q>This one since ");
	html_time(html, field_text(txt, "since"));
	if (age >= 0) {
		html_add(html, age > TXT_STALE ? "; <b>stale</b>, refreshed " : "; refreshed ");
		span_add(html, age);
		html_add(html, " before this page");
	}
	html_add(html, ". <a href=history.html>Earlier ones</a>\n</section>\n");
}

void html_index(struct html *html, const json_t *report, const struct network *network)
{
	struct html_frame frame = {"Mirrors' status", field_text(report, "zone"), "", HTML_MIRRORS};
	html_begin(html, &frame);
	banners_add(html, report);
	headline_add(html, report);
	counts_add(html, report);
	html_add(html, "<div class=top>\n<section aria-label=\"World map\">\n");
	html_map(html, network);
	html_add(html, "</section>\n<div class=side>\n");
	txt_add(html, report);
	html_add(html, "<section aria-labelledby=changes>\n<h2 id=changes>Latest changes</h2>\n");
	html_events(html, report, EVENTS_SHOWN, "");
	html_add(html, "<p class=q><a href=\"history.html#changes\">All changes</a>\n"
		       "</section>\n</div>\n</div>\n"
		       "<section aria-labelledby=mirrors>\n<h2 id=mirrors>Mirrors</h2>\n");
	html_mirrors(html, report);
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
