#include "tools/monitor/page/parts.h"

#include "tools/html/asset.h"

#include <string.h>

/* Mirrors in service from which a country has a shade. */
static const struct {
	unsigned least;
	const char *name, *words;
} shades[] = {{10, "m4", "10 and more"}, {4, "m3", "4 to 9"}, {2, "m2", "2 or 3"}, {1, "m1", "1"}};

enum { SHADES = sizeof(shades) / sizeof(*shades) };

static const char *shade_find(const struct network *network, unsigned country)
{
	if (!country || !network->listed[country])
		return NULL;
	for (unsigned i = 0; i < SHADES; i++)
		if (network->served[country] >= shades[i].least)
			return shades[i].name;
	return "m0";
}

/* A country with mirrors is a link of its own; by keyboard the list of countries is shorter. */
static void country_add(
	struct html *html, const struct network *network, unsigned country, const char *shade)
{
	const char *code = country_code(country);
	html_format(html, "<a href=country/%c%c.html tabindex=-1 class=%s><title>", code[0] | 0x20,
		code[1] | 0x20, shade);
	html_text(html, country_name(country));
	html_format(html, ": %u of %u in service</title>", network->served[country],
		network->listed[country]);
}

/* The outlines of all countries without mirrors are one path: nothing has to tell them apart. */
static void world_add(struct html *html, const struct network *network, bool coloured)
{
	const char *line = (const char *)asset_world.octets, *end = line + asset_world.size;
	for (const char *next; line < end; line = next) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		const char *path = line + 3;
		unsigned country = country_find(line, 2);
		const char *shade = shade_find(network, country);
		next = stop ? stop + 1 : end;
		bool dot = next - line > 6 && memcmp(next - 3, "h0\n", 3) == 0;
		if (coloured != (shade != NULL) || (dot && !shade))
			continue;
		if (coloured)
			country_add(html, network, country, shade);
		html_add(html, !coloured ? "" : dot ? "<path class=dot d=\"" : "<path d=\"");
		html_octets(html, path, (size_t)((stop ? stop : end) - path));
		html_add(html, coloured ? "\"/></a>\n" : "");
	}
}

static void legend_add(struct html *html)
{
	html_add(html, "<figcaption>Mirrors in service: ");
	for (unsigned i = SHADES; i-- > 0;)
		html_format(html, "<span class=%s>%s</span> ", shades[i].name, shades[i].words);
	html_add(html, "<span class=m0>none of those listed</span> "
		       "<a href=country/index.html>All countries</a></figcaption>");
}

void html_map(struct html *html, const struct network *network)
{
	html_format(html,
		"<figure class=map><svg viewBox=\"0 0 %d %d\" aria-hidden=true>\n<path d=\"",
		ASSET_WORLD_WIDTH, ASSET_WORLD_HEIGHT);
	world_add(html, network, false);
	html_add(html, "\"/>\n");
	world_add(html, network, true);
	html_add(html, "</svg>\n");
	legend_add(html);
	html_add(html, "</figure>\n");
}
