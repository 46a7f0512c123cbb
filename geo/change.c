#include "geo/mirror.h"

#include "geo/country.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	HOST_MAX = 253,
	REASON_MAX = 120, /* octets of a reason that a line shows */
	ITEM_MAX = 640, /* octets of one host in the line */
	WHAT_MAX = ITEM_MAX - HOST_MAX - 4, /* of them, what became of it */
	MORE_MAX = 40, /* room for "; and N more" */
};

static const char gone[] = "gone from the export";

struct row {
	const struct mirror *mirror;
	const struct mirror_address *address;
};

/* The addresses of one host, in order. */
struct range {
	const struct row *rows;
	size_t count;
};

enum { KINDS = 3, KIND_SAME = KINDS }; /* besides enum mirror_change_kind */

/* A host in both exports, in either of which it may have no addresses. */
struct item {
	struct range before, after;
	unsigned kind; /* or KIND_SAME */
};

struct line {
	char *text;
	size_t used, size;
	size_t left; /* items that are not written yet */
	bool cut;
};

static int row_compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = strcasecmp(x->mirror->host, y->mirror->host);
	return order ? order : address_compare(x->address, y->address);
}

static struct row *rows_new(const struct mirrors *mirrors)
{
	struct row *rows = malloc(mirrors->address_count * sizeof *rows + 1);
	if (!rows)
		return NULL;
	for (size_t i = 0; i < mirrors->address_count; i++) {
		const struct mirror_address *address = &mirrors->addresses[i];
		rows[i] = (struct row){&mirrors->list[address->mirror], address};
	}
	qsort(rows, mirrors->address_count, sizeof *rows, row_compare);
	return rows;
}

/* The rows from the first on that are of its host. */
static struct range range_first(const struct row *rows, size_t count)
{
	size_t i = 0;
	while (i < count && strcasecmp(rows[i].mirror->host, rows[0].mirror->host) == 0)
		i++;
	return (struct range){rows, i};
}

static const struct mirror *range_served(struct range range)
{
	for (size_t i = 0; i < range.count; i++) {
		if (mirror_in_service(range.rows[i].mirror->state))
			return range.rows[i].mirror;
	}
	return NULL;
}

static bool row_same(const struct row *x, const struct row *y)
{
	const struct mirror *a = x->mirror, *b = y->mirror;
	return address_compare(x->address, y->address) == 0 && a->state == b->state &&
	       a->weight == b->weight && a->country == b->country;
}

static unsigned item_kind(const struct item *item)
{
	bool before = range_served(item->before), after = range_served(item->after);
	if (before != after)
		return after ? MIRROR_IN : MIRROR_OUT;
	if (item->before.count != item->after.count)
		return MIRROR_CHANGED;
	for (size_t i = 0; i < item->before.count; i++) {
		if (!row_same(&item->before.rows[i], &item->after.rows[i]))
			return MIRROR_CHANGED;
	}
	return KIND_SAME;
}

/* Merges the hosts of both sides; items has room for all of them. Returns those that differ. */
static size_t items_find(struct range before, struct range after, struct item *items)
{
	size_t count = 0;
	while (before.count > 0 || after.count > 0) {
		struct item *item = &items[count];
		int order = before.count == 0  ? 1
			    : after.count == 0 ? -1
					       : strcasecmp(before.rows[0].mirror->host,
							 after.rows[0].mirror->host);
		*item = (struct item){.kind = KIND_SAME};
		if (order <= 0)
			item->before = range_first(before.rows, before.count);
		if (order >= 0)
			item->after = range_first(after.rows, after.count);
		before = (struct range){
			before.rows + item->before.count, before.count - item->before.count};
		after = (struct range){
			after.rows + item->after.count, after.count - item->after.count};
		item->kind = item_kind(item);
		count += item->kind != KIND_SAME;
	}
	return count;
}

/* --- the line --- */

/* ": reason", fit for a log line: no control characters, not long, no broken UTF-8 at its end. */
static const char *reason_write(const struct mirror *mirror, char text[REASON_MAX + 3])
{
	size_t size = strlen(mirror->reason);
	if (size > REASON_MAX) {
		for (size = REASON_MAX; size > 0 && (mirror->reason[size] & 0xC0) == 0x80;)
			size--;
	}
	snprintf(text, REASON_MAX + 3, "%s%.*s", size ? ": " : "", (int)size, mirror->reason);
	for (char *at = text; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7F)
			*at = ' ';
	}
	return text;
}

/* The first pair of one address's mirrors, before and after, that differ in each. */
struct difference {
	const struct mirror *state[2], *weight[2], *country[2];
	bool addresses;
};

static void pair_compare(struct difference *difference, const struct mirror *pair[2])
{
	if (!difference->state[0] && pair[0]->state != pair[1]->state)
		memcpy(difference->state, pair, sizeof difference->state);
	if (!difference->weight[0] && pair[0]->weight != pair[1]->weight)
		memcpy(difference->weight, pair, sizeof difference->weight);
	if (!difference->country[0] && pair[0]->country != pair[1]->country)
		memcpy(difference->country, pair, sizeof difference->country);
}

static struct difference difference_find(const struct item *item)
{
	struct difference difference = {.addresses = item->before.count != item->after.count};
	size_t i = 0, k = 0;
	while (i < item->before.count && k < item->after.count) {
		const struct row *x = &item->before.rows[i], *y = &item->after.rows[k];
		int order = address_compare(x->address, y->address);
		i += order <= 0;
		k += order >= 0;
		if (order != 0)
			difference.addresses = true;
		else
			pair_compare(&difference, (const struct mirror *[2]){x->mirror, y->mirror});
	}
	return difference;
}

/* What became of a host that was and still is in service, or never was. */
static void changed_write(const struct item *item, char *text, size_t size)
{
	struct difference difference = difference_find(item);
	char weight[32] = "", country[32] = "", state[REASON_MAX + 64] = "", reason[REASON_MAX + 3];
	const struct mirror **pair = difference.weight;
	if (item->before.count == 0 || item->after.count == 0) {
		snprintf(text, size, "%s", item->after.count ? "listed, not in service" : gone);
		return;
	}
	if (pair[0])
		snprintf(
			weight, sizeof weight, ", weight %u->%u", pair[0]->weight, pair[1]->weight);
	pair = difference.country;
	if (pair[0])
		snprintf(country, sizeof country, ", country %s->%s",
			country_code(pair[0]->country), country_code(pair[1]->country));
	pair = difference.state;
	if (pair[0])
		snprintf(state, sizeof state, ", %s->%s%s", mirror_state_name(pair[0]->state),
			mirror_state_name(pair[1]->state), reason_write(pair[1], reason));
	char whole[sizeof weight + sizeof country + sizeof state + 16];
	snprintf(whole, sizeof whole, "%s%s%s%s", difference.addresses ? ", addresses" : "", weight,
		country, state);
	snprintf(text, size, "%.*s", (int)size - 1, whole[0] ? whole + 2 : "");
}

/* The mirror that the words are about: as it is after, if it is still there. */
static const struct mirror *item_mirror(const struct item *item)
{
	const struct range *range = item->after.count ? &item->after : &item->before;
	return item->kind == MIRROR_IN ? range_served(*range) : range->rows[0].mirror;
}

static void item_what(const struct item *item, char text[WHAT_MAX])
{
	char reason[REASON_MAX + 3];
	const struct mirror *mirror = item_mirror(item);
	if (item->kind == MIRROR_CHANGED)
		changed_write(item, text, WHAT_MAX);
	else if (item->kind == MIRROR_IN)
		snprintf(text, WHAT_MAX, "%s", mirror_state_name(mirror->state));
	else if (item->after.count == 0)
		snprintf(text, WHAT_MAX, "%s", gone);
	else
		snprintf(text, WHAT_MAX, "%s%s", mirror_state_name(mirror->state),
			reason_write(mirror, reason));
}

static void item_write(const struct item *item, char text[ITEM_MAX])
{
	char what[WHAT_MAX];
	item_what(item, what);
	snprintf(text, ITEM_MAX, "%.*s (%s)", HOST_MAX, item_mirror(item)->host, what);
}

/* Adds one item if room stays for what comes after it; after the first that does not fit, none. */
static void line_add(struct line *line, const char *before, const char *item)
{
	size_t need = strlen(before) + strlen(item) + (line->left > 1 ? MORE_MAX : 1);
	if (line->cut || need > line->size - line->used) {
		line->cut = true;
		return;
	}
	line->used += (size_t)snprintf(
		line->text + line->used, line->size - line->used, "%s%s", before, item);
	line->left--;
}

static void line_write(struct line *line, const struct item *items, size_t count)
{
	static const char *const titles[KINDS] = {"in: ", "out: ", "changed: "};
	char text[ITEM_MAX], title[16];
	line->left = count;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		snprintf(title, sizeof title, "%s%s", line->used ? "; " : "", titles[kind]);
		for (size_t i = 0; i < count && !line->cut; i++) {
			if (items[i].kind != kind)
				continue;
			item_write(&items[i], text);
			line_add(line, title, text);
			snprintf(title, sizeof title, ", ");
		}
	}
	if (line->left > 0)
		snprintf(line->text + line->used, line->size - line->used, "%sand %zu more",
			line->used ? " " : "", line->left);
}

/* Both exports' hosts that differ, to be freed with their rows. */
struct comparison {
	struct row *rows[2];
	struct item *items;
	size_t count;
};

/* False: no memory. */
static bool comparison_make(
	struct comparison *comparison, const struct mirrors *before, const struct mirrors *after)
{
	comparison->rows[0] = rows_new(before);
	comparison->rows[1] = rows_new(after);
	comparison->items =
		calloc(before->address_count + after->address_count + 1, sizeof *comparison->items);
	comparison->count = 0;
	if (!comparison->rows[0] || !comparison->rows[1] || !comparison->items)
		return false;
	comparison->count = items_find((struct range){comparison->rows[0], before->address_count},
		(struct range){comparison->rows[1], after->address_count}, comparison->items);
	return true;
}

static void comparison_free(struct comparison *comparison)
{
	free(comparison->rows[0]);
	free(comparison->rows[1]);
	free(comparison->items);
}

size_t mirrors_diff(
	const struct mirrors *before, const struct mirrors *after, char *text, size_t size)
{
	char none[1];
	struct line line = {.text = size ? text : none, .size = size ? size : sizeof none};
	if (!before) {
		snprintf(line.text, line.size, "%zu mirror%s, %zu of %zu address%s in service",
			after->hosts, after->hosts == 1 ? "" : "s", after->in_service,
			after->address_count, after->address_count == 1 ? "" : "es");
		return after->count;
	}
	size_t count = after->count;
	struct comparison comparison;
	snprintf(line.text, line.size, "out of memory for the list of changes");
	if (comparison_make(&comparison, before, after)) {
		count = comparison.count;
		snprintf(line.text, line.size, "%s", count ? "" : "no mirror changed");
		line_write(&line, comparison.items, count);
	}
	comparison_free(&comparison);
	return count;
}

bool mirrors_compare(const struct mirrors *before, const struct mirrors *after,
	mirror_change_each *each, void *context)
{
	struct comparison comparison;
	bool good = comparison_make(&comparison, before, after);
	for (size_t i = 0; good && i < comparison.count; i++) {
		char what[WHAT_MAX];
		const struct item *item = &comparison.items[i];
		struct mirror_change change = {
			.kind = (enum mirror_change_kind)item->kind,
			.mirror = item_mirror(item),
			.what = what,
		};
		item_what(item, what);
		good = each(context, &change);
	}
	comparison_free(&comparison);
	return good;
}
