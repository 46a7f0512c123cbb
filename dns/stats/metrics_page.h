/* dns/stats/metrics_page.h - one page under way, between the files of dns/stats/metrics_server. */
#ifndef DNS_STATS_METRICS_PAGE_H
#define DNS_STATS_METRICS_PAGE_H

#include "dns/base/prometheus.h"
#include "dns/stats/totals.h"

struct page {
	FILE *out;
	const struct totals *totals;
	const struct totals_values *values;
	const struct inputs *inputs;
	const struct config *config;
	int64_t now; /* Unix seconds */
	const char *name; /* of the present metric */
	size_t zone; /* the present one, in metrics by zone */
};

/* One sample of the present metric. */
static inline void page_sample(
	const struct page *page, double value, struct label first, struct label second)
{
	sample_write(page->out, page->name, value, (const struct label[LABELS_MAX]){first, second});
}

/* Each writes the samples of one metric; those by zone the present zone's. */
typedef void page_write(const struct page *page);
page_write page_answers;
page_write page_decisions;
page_write page_members;
page_write page_weights;
page_write page_serial;
page_write page_export_age;
page_write page_refused;
page_write page_good;
page_write page_mirrors;
page_write page_countries;
page_write page_drained;
page_write page_txt_age;
page_write page_pings;
page_write page_pings_malformed;

#endif
