#include "dns/stats/metrics_page.h"

static const struct pool_counts_zone *row_of(const struct page *page)
{
	const struct pool_counts *pool_counts = &page->values->pool_counts;
	const struct pool_counts_zone *row =
		page->zone < pool_counts->zone_count ? &pool_counts->zones[page->zone] : NULL;
	return row && row->pings ? row : NULL;
}

static void results_write(
	const struct page *page, const char *address, const uint64_t pings[PING_RESULTS])
{
	static const char *const results[PING_RESULTS] = {"ok", "failed"};
	for (unsigned r = 0; r < PING_RESULTS; r++)
		sample_write(page->out, page->name, (double)pings[r],
			(const struct label[LABELS_MAX]){
				{"zone", page->config->zones[page->zone].name},
				{"address", address}, {"result", results[r]}});
}

/* Listed mirrors that were told of; both series of each, so that a share can be computed. */
void page_pings(const struct page *page)
{
	const struct pool_counts_zone *row = row_of(page);
	char text[ADDRESS_TEXT_MAX];
	if (!row)
		return;
	for (size_t i = 0; i < row->member_count; i++) {
		const struct pool_counts_member *member = &row->members[i];
		if (member->pings[PING_OK] || member->pings[PING_FAILED])
			results_write(page, address_write(&member->address, text), member->pings);
	}
	const uint64_t unknown[PING_RESULTS] = {counter_get(&row->pings->unknown[PING_OK]),
		counter_get(&row->pings->unknown[PING_FAILED])};
	results_write(page, "other", unknown);
}

void page_pings_malformed(const struct page *page)
{
	const struct pool_counts_zone *row = row_of(page);
	if (row)
		page_sample(page, (double)counter_get(&row->pings->malformed),
			(struct label){"zone", page->config->zones[page->zone].name},
			(struct label){0});
}
