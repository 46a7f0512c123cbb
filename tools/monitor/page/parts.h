/* tools/monitor/page/parts.h - the status page's parts: each adds its own to a page. */
#ifndef TOOLS_MONITOR_PAGE_PARTS_H
#define TOOLS_MONITOR_PAGE_PARTS_H

#include "geo/country.h"
#include "geo/mirror.h"
#include "geo/pool.h"
#include "tools/html/html.h"

#include <jansson.h>

enum { TXT_STALE = 3 * 3600 /* seconds after which old clients ignore a version string */ };

/* An address of the report; the report owns both. */
struct network_line {
	const json_t *mirror, *address;
};

/* The report's mirrors as the server takes them, and what its own rules make of them for a pool
 * with all defaults. */
struct network {
	struct mirrors *mirrors; /* NULL: there is none, or no address is known */
	struct pools *pools; /* the same */
	struct network_line *lines; /* by the number of an address */
	uint32_t *order; /* numbers of all addresses, by country, then as they are listed */
	uint32_t first[COUNTRY_MAX + 2]; /* where a country's addresses begin in `order` */
	unsigned served[COUNTRY_MAX + 1], listed[COUNTRY_MAX + 1]; /* mirrors, by country */
};

/* False: one sentence; nothing but `served` and `listed` is in it. */
bool network_init(struct network *network, const json_t *report, char *why, size_t size);
void network_free(struct network *network);
const struct pool_rule *network_rule(void);

/* Whole pages. */
void html_index(struct html *html, const json_t *report, const struct network *network);
void html_history(struct html *html, const json_t *report);
void html_countries(struct html *html, const json_t *report, const struct network *network);
void html_country(
	struct html *html, const json_t *report, const struct network *network, unsigned country);

/* Parts of several. */
void html_mirrors(struct html *html, const json_t *report); /* the table */
void html_map(struct html *html, const struct network *network);
/* The newest `count` changes of state; `top` as in struct html_frame. */
void html_events(struct html *html, const json_t *report, size_t count, const char *top);
/* The style's class of a state, as an attribute's value. */
const char *html_state_class(const char *state);
/* A table cell's beginning: "<td class=ok>ok". */
void html_state(struct html *html, const char *state);
/* The country's flag and name with a way to its page, else its code as it is. */
void html_country_link(struct html *html, const char *code, const char *top);
/* Seconds from the string's record time (field 3) to the report; -1: it has none. */
long long html_txt_age(const json_t *report);
/* Thirty days as bars with their mean; 48 hours as a line, with the mean of each `step` (1..48) of
 * them as a point. */
void html_days(struct html *html, const json_t *days);
void html_hours(struct html *html, const json_t *hours, unsigned step);
void html_milliseconds(struct html *html, const json_t *milliseconds);

#endif
