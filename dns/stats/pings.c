#include "dns/stats/pings.h"

#include "dns/base/json.h"
#include "dns/load/drain.h"
#include "zones/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 16 };

/* One list under way, the most interesting first. */
struct row {
	struct address address;
	const char *host; /* "": it is not listed */
	struct ping_item item;
};

struct rows {
	struct row *list;
	size_t count;
};

struct pings {
	const struct snapshot *snapshot;
	const struct pool_counts_zone *row;
	const struct mirrors *mirrors; /* NULL: no export */
	const struct drain *pattern; /* NULL: all */
	size_t matches;
};

static uint64_t total_of(const struct ping_item *item)
{
	return item->counts[PING_OK] + item->counts[PING_FAILED];
}

/* By failures, then by pings, then by address. */
static int row_compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	uint64_t failed_x = x->item.counts[PING_FAILED], failed_y = y->item.counts[PING_FAILED];
	if (failed_x != failed_y)
		return failed_x < failed_y ? 1 : -1;
	if (total_of(&x->item) != total_of(&y->item))
		return total_of(&x->item) < total_of(&y->item) ? 1 : -1;
	return memcmp(x->address.octets, y->address.octets, KEY_SIZE);
}

static int item_compare(const void *a, const void *b)
{
	const struct ping_item *x = a, *y = b;
	if (total_of(x) != total_of(y))
		return total_of(x) < total_of(y) ? 1 : -1;
	return memcmp(x->key, y->key, KEY_SIZE);
}

/* --- mirrors --- */

static void row_add(struct pings *pings, struct rows *rows, const struct row *row)
{
	if (!total_of(&row->item) ||
		(pings->pattern && !drain_matches(pings->pattern, row->host, &row->address)))
		return;
	pings->matches++;
	rows->list[rows->count++] = *row;
}

static void listed_add(struct pings *pings, struct rows *rows)
{
	for (size_t i = 0; pings->mirrors && i < pings->mirrors->address_count; i++) {
		const struct mirror_address *address = &pings->mirrors->addresses[i];
		const struct pool_counts_member *member =
			pool_counts_member(pings->row, &address->at);
		struct row row = {
			.address = address->at, .host = pings->mirrors->list[address->mirror].host};
		if (!member)
			continue;
		memcpy(row.item.counts, member->pings, sizeof(member->pings));
		row_add(pings, rows, &row);
	}
}

static void unknown_add(struct pings *pings, struct rows *rows)
{
	const struct heavy_hitters *top = &pings->row->pings->mirrors;
	for (size_t i = 0; i < heavy_hitters_rows(top); i++) {
		struct row row = {.host = ""};
		if (!heavy_hitters_read(top, i, &row.item))
			continue;
		row.address = address_from_ipv6((const uint8_t *)row.item.key);
		row_add(pings, rows, &row);
	}
}

static json_t *row_json(const struct row *row)
{
	char text[ADDRESS_TEXT_MAX];
	uint64_t ok = row->item.counts[PING_OK], failed = row->item.counts[PING_FAILED];
	return json_pack("{s:s, s:o, s:o, s:o, s:f, s:o}", "address",
		address_write(&row->address, text), "host", plain_json(row->host), "ok",
		count_json(ok), "failed", count_json(failed), "share_failed",
		ok + failed ? (double)failed / (double)(ok + failed) : 0.0, "error",
		count_json(row->item.error));
}

static void rows_end(struct rows *rows, size_t most, json_t *list)
{
	qsort(rows->list, rows->count, sizeof(*rows->list), row_compare);
	for (size_t i = 0; i < rows->count && i < most; i++)
		json_array_append_new(list, row_json(&rows->list[i]));
	rows->count = 0;
}

/* Listed ones first: the others may be anybody's invention. */
static json_t *mirrors_json(struct pings *pings)
{
	size_t room = pings->mirrors ? pings->mirrors->address_count : 0;
	room += heavy_hitters_rows(&pings->row->pings->mirrors);
	struct rows rows = {.list = calloc(room, sizeof(*rows.list))};
	json_t *list = rows.list ? json_array() : NULL;
	if (list) {
		listed_add(pings, &rows);
		rows_end(&rows, PINGS_MIRRORS_MAX, list);
		unknown_add(pings, &rows);
		rows_end(&rows, PINGS_ROWS_MAX, list);
	}
	free(rows.list);
	return list;
}

/* --- releases --- */

static json_t *release_json(const struct ping_item *item)
{
	uint8_t key[KEY_SIZE];
	memcpy(key, item->key, KEY_SIZE);
	return json_pack("{s:s#, s:o, s:o, s:o}", "db", (const char *)key,
		(int)strnlen((const char *)key, PING_DB_MAX), "version",
		count_json(wire_u32(key + PING_DB_MAX)), "count", count_json(total_of(item)),
		"error", count_json(item->error));
}

static json_t *flevel_json(const struct ping_item *item)
{
	return json_pack("{s:o, s:o}", "flevel", count_json(item->key[0]), "count",
		count_json(total_of(item)));
}

static json_t *items_json(
	struct ping_item *items, size_t count, json_t *(*write)(const struct ping_item *item))
{
	json_t *list = json_array();
	qsort(items, count, sizeof(*items), item_compare);
	for (size_t i = 0; i < count && i < PINGS_ROWS_MAX; i++)
		json_array_append_new(list, write(&items[i]));
	return list;
}

static json_t *releases_json(const struct ping_count *counts)
{
	size_t room = heavy_hitters_rows(&counts->releases), count = 0;
	struct ping_item *items = calloc(room, sizeof(*items));
	for (size_t i = 0; items && i < room; i++)
		count += heavy_hitters_read(&counts->releases, i, &items[count]) &&
			 total_of(&items[count]);
	json_t *list = items ? items_json(items, count, release_json) : NULL;
	free(items);
	return list;
}

static json_t *flevels_json(const struct ping_count *counts)
{
	size_t count = 0;
	struct ping_item *items = calloc(PING_FLEVELS, sizeof(*items));
	for (unsigned i = 0; items && i < PING_FLEVELS; i++) {
		items[count].key[0] = i;
		items[count].counts[PING_OK] = counter_get(&counts->flevels[i]);
		count += items[count].counts[PING_OK] > 0;
	}
	json_t *list = items ? items_json(items, count, flevel_json) : NULL;
	free(items);
	return list;
}

/* --- all of them --- */

static json_t *sums_json(const struct pool_counts_zone *row)
{
	uint64_t values[PING_RESULTS], unknown = 0;
	for (unsigned r = 0; r < PING_RESULTS; r++) {
		values[r] = counter_get(&row->pings->unknown[r]);
		unknown += values[r];
		for (size_t i = 0; i < row->member_count; i++)
			values[r] += row->members[i].pings[r];
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "ok", count_json(values[PING_OK]), "failed",
		count_json(values[PING_FAILED]), "malformed",
		count_json(counter_get(&row->pings->malformed)), "unknown", count_json(unknown));
}

static json_t *zone_json(struct pings *pings, size_t z)
{
	const struct config_zone *config = pings->snapshot->zones[z].config;
	json_t *names = json_array();
	for (size_t i = 0; i < config->ping_count; i++)
		json_array_append_new(names, plain_json(config->pings[i].name));
	pings->mirrors = refcount_get(pings->snapshot->inputs->zones[z].mirrors);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "zone", plain_json(config->name),
		"names", names, "pings", sums_json(pings->row), "mirrors", mirrors_json(pings),
		"versions", releases_json(pings->row->pings), "flevels",
		flevels_json(pings->row->pings));
}

json_t *pings_json(const struct snapshot *snapshot, const struct pool_counts *pool_counts,
	const char *pattern, char *why, size_t size)
{
	struct drain glob;
	struct pings pings = {.snapshot = snapshot, .pattern = pattern ? &glob : NULL};
	if (pattern && !drain_parse(&glob, pattern, why, size))
		return NULL;
	json_t *zones = json_array();
	bool good = zones;
	/* The rows of the counts are the snapshot's zones. */
	for (size_t z = 0; good && z < snapshot->zone_count && z < pool_counts->zone_count; z++) {
		pings.row = &pool_counts->zones[z];
		if (pings.row->pings && snapshot->zones[z].ping_count)
			good = json_array_append_new(zones, zone_json(&pings, z)) == 0;
	}
	if (!good)
		snprintf(why, size, "out of memory for the list of pings");
	if (good && pattern && !pings.matches) {
		snprintf(why, size,
			"no mirror with client reports matches \"%s\": "
			"`mirrornsctl pings` without a pattern lists all",
			glob.glob);
		good = false;
	}
	if (good)
		return json_pack("{s:o}", "zones", zones);
	json_decref(zones);
	return NULL;
}
