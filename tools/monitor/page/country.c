#include "tools/monitor/page/parts.h"

#include "geo/pool.h"
#include "geo/walk.h"

#include <stdlib.h>
#include <string.h>

static const char *const family_names[POOL_FAMILIES] = {"IPv4 (A)", "IPv6 (AAAA)"};

/* One country's pool. */
struct country_view {
	struct html *html;
	const struct network *network;
	unsigned country;
	struct walk walk;
	uint32_t *weights; /* of the addresses among the candidates; 0: it is none of them */
	uint64_t sums[POOL_FAMILIES]; /* of all weights */
};

static void weights_fill(struct country_view *view)
{
	struct pool_outcome outcome;
	struct pool_member member;
	const struct network *network = view->network;
	if (!pools_resolve(network->pools, network_rule(), view->country, &outcome)) {
		view->html->failed = true;
		return;
	}
	for (unsigned f = 0; f < POOL_FAMILIES; f++)
		for (uint32_t i = 0; outcome.set[f] && pool_member(outcome.set[f], i, &member);
			i++) {
			view->weights[member.address] = member.weight;
			view->sums[f] += member.weight;
		}
}

static struct country_view view_make(
	struct html *html, const struct network *network, unsigned country)
{
	struct country_view view = {
		html, network, country, .walk = {.own = {WALK_NONE, WALK_NONE}}};
	if (network->pools)
		pools_decide(network->pools, network_rule(), country, &view.walk);
	return view;
}

/* The name that clients of a country ask for; `whole`: with the zone at its end. Nothing where each
 * mirror has its own. */
static void name_add(
	struct html *html, const struct settings *settings, const char *label, bool whole)
{
	char name[SETTINGS_HOST_MAX];
	if (!settings_host_shared(settings))
		return;
	settings_host_write(settings, label, "", name);
	size_t size = strlen(name), zone = strlen(settings->zone);
	if (!whole && size > zone && name[size - zone - 1] == '.' &&
		strcmp(name + size - zone, settings->zone) == 0)
		name[size - zone - 1] = '\0';
	html_add(html, "<code>");
	html_text(html, name);
	html_add(html, "</code>");
}

/* --- the list of all countries --- */

/* "itself", "Europe", "the world", "none". */
static void served_by_add(const struct country_view *view, enum pool_family family)
{
	int own = view->walk.own[family];
	if (own == WALK_NONE) {
		html_add(view->html, "<td class=none>none");
		return;
	}
	html_add(view->html, own ? "<td>" : "<td class=own>");
	html_add(view->html, own ? walk_place_name(&view->walk.levels[own].place) : "itself");
	html_format(view->html, " <small>%u</small>", walk_served(&view->walk, own, family));
	if (view->walk.open)
		html_add(view->html, " <small>removed</small>");
}

void html_countries(struct html *html, const struct network *network)
{
	const struct settings *settings = network->inventory->settings;
	struct html_frame frame = {
		"Countries of the mirrors", settings->zone, "../", HTML_COUNTRIES};
	html_begin(html, &frame);
	html_add(html, "<h1>Countries</h1>\n<p class=q>What serves ");
	name_add(html, settings, "xy", true);
	html_add(html, settings_host_shared(settings) ? "" : "clients of a country");
	html_add(html, ", with the number of addresses: the country itself, else its "
		       "continent, else the world.\n<table class=\"sort countries\">\n"
		       "<caption>Every country and what serves it</caption>\n<thead><tr>"
		       "<th scope=col>Country<th scope=col>Name<th scope=col>Mirrors in service"
		       "<th scope=col>IPv4 from<th scope=col>IPv6 from\n<tbody>\n");
	for (unsigned country = 1; country <= COUNTRY_MAX; country++) {
		struct country_view view = view_make(html, network, country);
		const char *code = country_code(country);
		html_format(html, "<tr><th scope=row><a href=%c%c.html>", code[0] | 0x20,
			code[1] | 0x20);
		html_country_name(html, country);
		html_add(html, "</a><td>");
		name_add(html, settings, code, false);
		html_format(html, "<td>%u", network->served[country]);
		if (network->listed[country] > network->served[country])
			html_format(html, " of %u", network->listed[country]);
		served_by_add(&view, POOL_IPV4);
		served_by_add(&view, POOL_IPV6);
		html_add(html, "\n");
	}
	html_add(html, "</table>\n");
	html_end(html, &frame);
}

/* --- one country --- */

static void names_add(const struct country_view *view)
{
	const struct settings *settings = view->network->inventory->settings;
	const char *between = "<p>";
	for (size_t i = 0; settings_host_shared(settings) && i < COUNTRY_LABELS; i++) {
		unsigned country;
		const char *label = country_label(i, &country);
		if (country != view->country)
			continue;
		html_add(view->html, between);
		name_add(view->html, settings, label, true);
		between = " or ";
		if (!strstr(settings->host, "%c"))
			break;
	}
	html_add(view->html, "\n");
}

static void verdict_add(const struct country_view *view, enum pool_family family)
{
	int own = view->walk.own[family];
	struct html *html = view->html;
	html_format(html, "<li class=%s><b>%s</b>: ",
		own == WALK_NONE || view->walk.open ? "none"
		: own                               ? "lent"
						    : "own",
		family_names[family]);
	if (own == WALK_NONE) {
		html_add(html, "no mirror has an address; the answer is empty (NODATA).\n");
		return;
	}
	uint32_t count = walk_served(&view->walk, own, family);
	html_format(html, "%u address%s of ", count, count == 1 ? "" : "es");
	html_text(html, walk_place_name(&view->walk.levels[own].place));
	if (view->walk.open)
		html_add(html, ". No mirror is in service anywhere: "
			       "removed ones are served anyway (fail-open)");
	else if (own == 0)
		html_add(html, ", the country's own");
	else
		html_format(html,
			" (fallback level %d of %d): none of the country's own is in "
			"service",
			own, view->walk.count - 1);
	html_add(html, ".\n");
}

static void levels_add(const struct country_view *view)
{
	struct html *html = view->html;
	html_add(html,
		"<table>\n<caption>Levels, in the order they are asked</caption>\n<thead><tr>"
		"<th scope=col>Level<th scope=col>IPv4 in service<th scope=col>IPv6 in "
		"service\n<tbody>\n");
	for (int i = 0; i < view->walk.count; i++) {
		const struct walk_level *level = &view->walk.levels[i];
		html_add(html, "<tr><th scope=row>");
		html_text(html, walk_place_name(&level->place));
		for (unsigned f = 0; f < POOL_FAMILIES; f++)
			html_format(html, "<td>%s%u of %u%s", i == view->walk.own[f] ? "<b>" : "",
				level->in_service[f], level->listed[f],
				i == view->walk.own[f] ? ", serves</b>" : "");
		html_add(html, "\n");
	}
	html_add(html, "</table>\n");
}

static void address_add(const struct country_view *view, uint32_t number)
{
	struct html *html = view->html;
	const struct target *target = view->network->inventory->targets[number];
	uint32_t weight = view->weights[number];
	html_add(html, "<tr><th scope=row>");
	html_text(html, target->host);
	html_target(html, target);
	html_add(html, "<td>");
	html_time(html, target->since);
	if (weight)
		html_format(html, "<td>first in %.3g %%\n",
			100.0 * weight /
				(double)view->sums[target->address.ipv6 ? POOL_IPV6 : POOL_IPV4]);
	else
		html_add(html, "<td>not served\n");
}

static void mirrors_add(const struct country_view *view)
{
	const struct network *network = view->network;
	uint32_t first = network->first[view->country], end = network->first[view->country + 1];
	if (first == end) {
		html_add(view->html, "<p class=q>No mirror of this country is listed.\n");
		return;
	}
	html_add(view->html,
		"<table class=\"sort own\">\n<caption>Mirrors of the country</caption>\n"
		"<thead><tr><th scope=col>Host<th scope=col>Address<th scope=col>State"
		"<th scope=col>Since<th scope=col>Answers\n<tbody>\n");
	for (uint32_t i = first; i < end; i++)
		address_add(view, network->order[i]);
	html_add(view->html, "</table>\n");
}

/* The hosts of one country that lend an address; the addresses of one stand beside each other. */
static void lenders_add(const struct country_view *view, enum pool_family family, unsigned country)
{
	const struct network *network = view->network;
	struct html *html = view->html;
	const struct list_mirror *last = NULL;
	for (uint32_t i = network->first[country]; i < network->first[country + 1]; i++) {
		uint32_t number = network->order[i];
		const struct target *target = network->inventory->targets[number];
		bool ipv6 = target->address.ipv6;
		if (!view->weights[number] || ipv6 != (family == POOL_IPV6) ||
			target->mirror == last)
			continue;
		if (!last) {
			html_add(html, "<dt>");
			html_country_link(html, country, "../");
		}
		html_add(html, last ? ", " : "<dd>");
		html_text(html, target->host);
		last = target->mirror;
	}
	html_add(html, last ? "\n" : "");
}

static void fallback_add(const struct country_view *view, enum pool_family family)
{
	int own = view->walk.own[family];
	if (own <= 0)
		return;
	html_format(view->html, "<section>\n<h2>Served for %s by ", family_names[family]);
	html_text(view->html, walk_place_name(&view->walk.levels[own].place));
	html_add(view->html, "</h2>\n<dl class=lent>\n");
	for (unsigned country = 1; country <= COUNTRY_MAX; country++)
		lenders_add(view, family, country);
	html_add(view->html, "</dl>\n</section>\n");
}

void html_country(struct html *html, const struct network *network, unsigned country)
{
	struct html_frame frame = {
		country_name(country), network->inventory->settings->zone, "../", HTML_COUNTRIES};
	struct country_view view = view_make(html, network, country);
	if (network->pools) {
		view.weights = calloc(network->mirrors.count, sizeof(*view.weights));
		html->failed = html->failed || !view.weights;
		if (!view.weights)
			return;
		weights_fill(&view);
	}
	html_begin(html, &frame);
	html_add(html, "<h1>");
	html_country_name(html, country);
	html_add(html, "</h1>\n");
	names_add(&view);
	html_add(html, "<ul class=verdict>\n");
	verdict_add(&view, POOL_IPV4);
	verdict_add(&view, POOL_IPV6);
	html_add(html, "</ul>\n<section aria-labelledby=own>\n<h2 id=own>Mirrors</h2>\n");
	mirrors_add(&view);
	html_add(html, "</section>\n");
	fallback_add(&view, POOL_IPV4);
	fallback_add(&view, POOL_IPV6);
	html_add(html,
		"<section aria-labelledby=levels>\n<h2 id=levels>How the level is chosen</h2>\n");
	levels_add(&view);
	html_add(html, "</section>\n");
	html_end(html, &frame);
	free(view.weights);
}
