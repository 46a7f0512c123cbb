#include "dns/stats/metrics_page.h"

static void sample_zone(const struct page *page, double value, struct label second)
{
	page_sample(
		page, value, (struct label){"zone", page->config->zones[page->zone].name}, second);
}

static const struct pool_counts_zone *row_of(const struct page *page)
{
	return page->zone < page->values->pool_counts.zone_count
		       ? &page->values->pool_counts.zones[page->zone]
		       : NULL;
}

static const struct mirrors *mirrors_of(const struct page *page)
{
	return refcount_get(page->inputs->zones[page->zone].mirrors);
}

void page_answers(const struct page *page)
{
	const struct config_zone *zone = &page->config->zones[page->zone];
	const struct pool_counts_zone *row = row_of(page);
	for (size_t p = 0; row && p < zone->pool_count && p < row->pool_count; p++)
		sample_zone(page, (double)row->pools[p].answers,
			(struct label){"pool", zone->pools[p].name});
}

void page_decisions(const struct page *page)
{
	const struct pool_counts_zone *row = row_of(page);
	bool levels[COUNTS_LEVELS];
	char text[COUNTS_LEVEL_TEXT];
	pool_counts_levels(&page->config->zones[page->zone], levels);
	for (unsigned i = 0; row && i < COUNTS_LEVELS; i++)
		if (levels[i] || row->levels[i])
			sample_zone(page, (double)row->levels[i],
				(struct label){"level", pool_counts_level_write(i, text)});
}

void page_members(const struct page *page)
{
	const struct pool_counts_zone *row = row_of(page);
	char text[ADDRESS_TEXT_MAX];
	for (size_t i = 0; row && i < row->member_count; i++)
		sample_zone(page, (double)row->members[i].firsts,
			(struct label){"address", address_write(&row->members[i].address, text)});
	if (row && row->member_count == POOL_COUNTS_MEMBERS_MAX)
		sample_zone(page, (double)row->others, (struct label){"address", "other"});
}

/* Is it in the answers when its turn comes? */
static bool is_answered(const struct mirror *mirror, const struct mirror_address *address)
{
	return mirror_in_service((enum mirror_state)mirror->state) && !address->drained;
}

void page_weights(const struct page *page)
{
	const struct mirrors *mirrors = mirrors_of(page);
	const struct pool_counts_zone *row = row_of(page);
	char text[ADDRESS_TEXT_MAX];
	for (size_t i = 0; row && mirrors && i < mirrors->address_count; i++) {
		const struct mirror_address *address = &mirrors->addresses[i];
		const struct mirror *mirror = &mirrors->list[address->mirror];
		if (pool_counts_member(row, &address->at))
			sample_zone(page, is_answered(mirror, address) ? mirror->weight : 0,
				(struct label){"address", address_write(&address->at, text)});
	}
}

void page_serial(const struct page *page)
{
	const struct mirrors *mirrors = mirrors_of(page);
	if (mirrors && mirrors->serial >= 0)
		sample_zone(page, (double)mirrors->serial, (struct label){0});
}

void page_export_age(const struct page *page)
{
	const struct mirrors *mirrors = mirrors_of(page);
	if (!mirrors)
		return;
	int64_t since = mirrors->generated >= 0 ? mirrors->generated
						: page->inputs->zones[page->zone].accepted;
	sample_zone(page, (double)(page->now - since), (struct label){0});
}

void page_refused(const struct page *page)
{
	const struct pool_counts_zone *row = row_of(page);
	if (row && mirrors_of(page))
		sample_zone(page, (double)row->refused, (struct label){0});
}

void page_good(const struct page *page)
{
	const struct inputs_verdict *verdict =
		&page->inputs->verdicts[inputs_export(page->config, page->zone)];
	if (mirrors_of(page))
		sample_zone(page, !verdict->why, (struct label){0});
}

void page_mirrors(const struct page *page)
{
	const struct mirrors *mirrors = mirrors_of(page);
	size_t counts[MIRROR_STATES] = {0};
	if (!mirrors)
		return;
	for (size_t i = 0; i < mirrors->count; i++)
		counts[mirrors->list[i].state]++;
	for (unsigned i = 0; i < MIRROR_STATES; i++)
		sample_zone(page, (double)counts[i],
			(struct label){"state", mirror_state_name((enum mirror_state)i)});
}

void page_countries(const struct page *page)
{
	const struct mirrors *mirrors = mirrors_of(page);
	size_t counts[COUNTRY_MAX + 1] = {0};
	bool listed[COUNTRY_MAX + 1] = {false};
	uint32_t last = UINT32_MAX; /* a mirror's addresses stand together */
	for (size_t i = 0; mirrors && i < mirrors->address_count; i++) {
		const struct mirror_address *address = &mirrors->addresses[i];
		const struct mirror *mirror = &mirrors->list[address->mirror];
		listed[mirror->country] = true;
		if (address->mirror == last || !is_answered(mirror, address))
			continue;
		last = address->mirror;
		counts[mirror->country]++;
	}
	for (unsigned i = 1; i <= COUNTRY_MAX; i++)
		if (listed[i])
			sample_zone(page, (double)counts[i],
				(struct label){"country", country_code(i)});
}

void page_drained(const struct page *page)
{
	const struct mirrors *mirrors = mirrors_of(page);
	size_t count = 0;
	for (size_t i = 0; mirrors && i < mirrors->address_count; i++)
		count += mirrors->addresses[i].drained;
	if (mirrors)
		sample_zone(page, (double)count, (struct label){0});
}

void page_txt_age(const struct page *page)
{
	const struct config_zone *zone = &page->config->zones[page->zone];
	for (size_t t = 0; t < zone->txt_count; t++) {
		const struct txt *txt = refcount_get(page->inputs->zones[page->zone].txts[t]);
		if (txt)
			sample_zone(page, (double)(page->now - txt->since),
				(struct label){"name", zone->txts[t].name});
	}
}
