/* tools/monitor/page/parts.h - the status page's parts: each adds its own to a page. */
#ifndef TOOLS_MONITOR_PAGE_PARTS_H
#define TOOLS_MONITOR_PAGE_PARTS_H

#include "geo/country.h"
#include "geo/mirrors.h"
#include "geo/pool.h"
#include "geo/stamp.h"
#include "tools/html/html.h"
#include "tools/monitor/state/inventory.h"

enum { TXT_STALE = 3 * 3600 /* seconds after which old clients ignore a version string */ };

/* The inventory as it is shown, and what the server's own rules make of it for a pool with all
 * defaults. A target's number is that of its address, and of its mirror among `mirrors`. */
struct network {
	const struct inventory *inventory;
	int64_t now; /* Unix seconds */
	struct mirrors mirrors;
	struct pools *pools; /* NULL: no address is known */
	uint32_t *order; /* numbers of all targets, by country, then as they are listed */
	uint32_t first[COUNTRY_MAX + 2]; /* where a country's addresses begin in `order` */
	unsigned served[COUNTRY_MAX + 1], listed[COUNTRY_MAX + 1]; /* mirrors, by country */
};

/* False: no memory; nothing but `served` and `listed` is in it. */
bool network_init(struct network *network, const struct inventory *inventory, int64_t now);
void network_free(struct network *network);
const struct pool_rule *network_rule(void);

/* Whole pages. */
void html_index(struct html *html, const struct network *network);
void html_history(struct html *html, const struct network *network);
void html_countries(struct html *html, const struct network *network);
void html_country(struct html *html, const struct network *network, unsigned country);

/* Parts of several. */
void html_mirrors(struct html *html, const struct network *network); /* the table */
void html_map(struct html *html, const struct network *network);
/* The newest `count` changes of state as lines; 0: all of them as a table. */
void html_events(struct html *html, const struct inventory *inventory, size_t count);
/* An address, its state and the reason of that, as table cells. */
void html_target(struct html *html, const struct target *target);
/* The country's flag and name with a way to its page; `top` as in struct html_frame. */
void html_country_link(struct html *html, unsigned country, const char *top);
/* Seconds from the newest version string's record time (field 3) to `now`; -1: there is none. */
long long html_txt_age(const struct network *network);
/* Is a version string watched, and was one read? */
bool network_has_txt(const struct network *network);
/* Thirty days to `now` as bars with their mean; 48 hours as a line, with the mean of each `step`
 * (1..48) of them as a point. */
void html_days(struct html *html, const struct target_span *days, int64_t now);
void html_hours(struct html *html, const struct target_span *hours, int64_t now, unsigned step);

#endif
