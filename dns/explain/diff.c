#include "dns/explain/diff.h"

#include "dns/base/json.h"
#include "dns/explain/diff_pools.h"
#include "dns/load/inputs.h"
#include "geo/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SENTENCE_MAX = 2048 };

/* One comparison under way. */
struct comparing {
	const struct snapshot *snapshot;
	const char *file;
	size_t zone;
	const struct mirrors *before;
	const struct mirrors *after;
	json_t *lists[3]; /* by enum mirror_change_kind */
	size_t counts[3];
};

static bool in_service(const struct mirrors *mirrors, const struct mirror_address *address)
{
	return mirror_in_service((enum mirror_state)mirrors->list[address->mirror].state);
}

/* How many addresses of `mirrors` are not among `others`; of those in service alone, on both sides,
 * if `served`. False: no memory. */
static bool gone_count(
	const struct mirrors *mirrors, const struct mirrors *others, bool served, size_t *gone)
{
	size_t count = 0;
	struct mirror_address *sorted = malloc((others->address_count + 1) * sizeof(*sorted));
	if (!sorted)
		return false;
	for (size_t i = 0; i < others->address_count; i++)
		if (!served || in_service(others, &others->addresses[i]))
			sorted[count++] = others->addresses[i];
	qsort(sorted, count, sizeof(*sorted), address_compare);
	*gone = 0;
	for (size_t i = 0; i < mirrors->address_count; i++)
		if (!served || in_service(mirrors, &mirrors->addresses[i]))
			*gone += !bsearch(&mirrors->addresses[i], sorted, count, sizeof(*sorted),
				address_compare);
	free(sorted);
	return true;
}

/* --- which zone --- */

static bool same_file(const char *path, const char *other)
{
	struct file_stamp a = file_stamp(path), b = file_stamp(other);
	return strcmp(path, other) == 0 || (a.inode && a.inode == b.inode && a.device == b.device);
}

/* False: no zone has an export, or no memory. */
static bool zone_choose(struct comparing *comparing, const struct mirrors *mirrors)
{
	const struct inputs *inputs = comparing->snapshot->inputs;
	size_t least = SIZE_MAX;
	for (size_t z = 0; z < inputs->zone_count; z++) {
		const char *path = inputs_config(inputs)->zones[z].export;
		const struct mirrors *before = refcount_get(inputs->zones[z].mirrors);
		size_t gone = 0;
		if (!path || !before)
			continue;
		bool same = same_file(path, comparing->file);
		if (!same && inputs->zone_count > 1 && !gone_count(mirrors, before, false, &gone))
			return false;
		if (!same && gone >= least)
			continue;
		least = gone;
		comparing->zone = z;
		comparing->before = before;
		if (same)
			break;
	}
	return comparing->before;
}

/* Several zones may have one export: a file that is meant for one is meant for all of them. */
static bool zone_shares(const struct comparing *chosen, size_t z)
{
	const struct config_zone *zones = inputs_config(chosen->snapshot->inputs)->zones;
	return z == chosen->zone ||
	       (zones[z].export && refcount_get(chosen->snapshot->inputs->zones[z].mirrors) &&
		       same_file(zones[z].export, zones[chosen->zone].export));
}

/* --- the parts of the result --- */

static bool change_take(void *context, const struct mirror_change *change)
{
	struct comparing *comparing = context;
	json_t *list = comparing->lists[change->kind];
	comparing->counts[change->kind]++;
	if (json_array_size(list) >= DIFF_LIST_MAX)
		return true;
	json_t *row = json_pack("{s:s, s:s, s:o}", "host", change->mirror->host, "country",
		country_code(change->mirror->country), "why", plain_json(change->what));
	return json_array_append_new(list, row) == 0;
}

static json_t *serials_json(const struct comparing *comparing)
{
	const struct mirrors *sides[2] = {comparing->before, comparing->after};
	json_t *values[2];
	for (unsigned i = 0; i < 2; i++)
		values[i] = sides[i]->serial < 0 ? json_null()
						 : json_integer((json_int_t)sides[i]->serial);
	return json_pack("{s:o, s:o}", "before", values[0], "after", values[1]);
}

static json_t *generated_json(const struct comparing *comparing)
{
	const struct mirrors *sides[2] = {comparing->before, comparing->after};
	char texts[2][STAMP_TEXT_MAX] = {"", ""};
	for (unsigned i = 0; i < 2; i++)
		if (sides[i]->generated >= 0)
			stamp_write(sides[i]->generated, texts[i]);
	return json_pack("{s:s, s:s}", "before", texts[0], "after", texts[1]);
}

static json_t *served_json(const struct comparing *comparing)
{
	size_t gone, come;
	const struct mirrors *before = comparing->before, *after = comparing->after;
	if (!gone_count(before, after, true, &gone) || !gone_count(after, before, true, &come))
		return NULL;
	double all = before->in_service ? (double)before->in_service : 1.0;
	return json_pack("{s:I, s:I, s:I, s:I, s:f}", "before", (json_int_t)before->in_service,
		"after", (json_int_t)after->in_service, "gone", (json_int_t)gone, "come",
		(json_int_t)come, "gone_percent", 100.0 * (double)gone / all);
}

/* Adds what depends on the pools. */
static bool pools_add(const struct comparing *comparing, json_t *result)
{
	const struct snapshot_zone *zone = &comparing->snapshot->zones[comparing->zone];
	struct pools *own = zone->pools ? NULL : pools_new(comparing->before);
	struct pools *after = pools_new(comparing->after);
	size_t more = 0;
	struct diff_pair pair = {
		.config = zone->config, .before = zone->pools ? zone->pools : own, .after = after};
	bool good = pair.before && after &&
		    json_object_set_new(result, "countries", diff_countries(&pair)) == 0 &&
		    json_object_set_new(result, "levels", diff_levels(&pair, &more)) == 0 &&
		    json_object_set_new(result, "levels_more", count_json(more)) == 0;
	pools_free(own);
	pools_free(after);
	return good;
}

static json_t *lists_json(struct comparing *comparing)
{
	for (unsigned i = 0; i < 3; i++)
		comparing->lists[i] = json_array();
	if (!mirrors_compare(comparing->before, comparing->after, change_take, comparing)) {
		for (unsigned i = 0; i < 3; i++)
			json_decref(comparing->lists[i]);
		return NULL;
	}
	size_t shown = 0, all = 0;
	for (unsigned i = 0; i < 3; i++) {
		shown += json_array_size(comparing->lists[i]);
		all += comparing->counts[i];
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:{s:I, s:I, s:I}, s:I}", "zone",
		plain_json(comparing->snapshot->zones[comparing->zone].config->name), "in",
		comparing->lists[MIRROR_IN], "out", comparing->lists[MIRROR_OUT], "changed",
		comparing->lists[MIRROR_CHANGED], "counts", "in",
		(json_int_t)comparing->counts[MIRROR_IN], "out",
		(json_int_t)comparing->counts[MIRROR_OUT], "changed",
		(json_int_t)comparing->counts[MIRROR_CHANGED], "more", (json_int_t)(all - shown));
}

static json_t *result_make(struct comparing *comparing)
{
	json_t *result = lists_json(comparing);
	return whole_json(result,
		result && json_object_set_new(result, "file", plain_json(comparing->file)) == 0 &&
			json_object_set_new(result, "serial", serials_json(comparing)) == 0 &&
			json_object_set_new(result, "generated", generated_json(comparing)) == 0 &&
			json_object_set_new(result, "served", served_json(comparing)) == 0 &&
			pools_add(comparing, result));
}

/* `forced`: would a forced reload take it? */
static bool outcome_add(json_t *result, enum diff_result outcome, bool forced, const char *why)
{
	static const char *const words[] = {"same", "changes", "refused"};
	return json_object_set_new(result, "word", json_string(words[outcome])) == 0 &&
	       json_object_set_new(result, "forced", json_boolean(forced)) == 0 &&
	       json_object_set_new(result, "why", plain_json(why)) == 0;
}

/* --- the file --- */

static struct refcount *export_read(
	const struct snapshot *snapshot, const char *path, char *why, size_t size)
{
	struct file file;
	if (!inputs_file_read(inputs_config(snapshot->inputs), &file, path, why, size))
		return NULL;
	struct refcount *shared = inputs_export_parse(&file, path, why, size);
	free(file.bytes);
	struct refcount *marked =
		drains_mark(shared, refcount_get(snapshot->inputs->drains), time(NULL));
	if (shared && !marked)
		snprintf(why, size, "%s: out of memory", path);
	refcount_release(shared);
	return marked;
}

/* The word and the result of one zone for an export that is well-formed; *result NULL: no
 * memory. */
static enum diff_result zone_judge(
	struct comparing *comparing, json_t **result, char *why, size_t size)
{
	char ignored[SENTENCE_MAX];
	struct mirror_limits limits =
		inputs_limits(comparing->snapshot->inputs, comparing->zone, time(NULL));
	why[0] = '\0';
	enum diff_result outcome = DIFF_REFUSED;
	bool follows = mirrors_follow(comparing->after, &limits, comparing->file, why, size);
	limits.force = true; /* which does not set a wrong clock */
	bool forced = mirrors_follow(
		comparing->after, &limits, comparing->file, ignored, sizeof(ignored));
	*result = result_make(comparing);
	if (follows)
		outcome = comparing->counts[MIRROR_IN] || comparing->counts[MIRROR_OUT] ||
					  comparing->counts[MIRROR_CHANGED]
				  ? DIFF_CHANGES
				  : DIFF_SAME;
	if (*result && outcome_add(*result, outcome, forced, why))
		return outcome;
	json_decref(*result);
	*result = NULL;
	snprintf(why, size, "%s: out of memory for the comparison", comparing->file);
	return DIFF_REFUSED;
}

/* Results of several zones under way. */
struct judged {
	json_t *first, *others; /* `first`: the earliest of those that it is worst for */
	size_t more; /* zones whose results were too many */
	enum diff_result outcome; /* the first one's */
};

/* Takes over `result`. False: no memory. */
static bool result_add(struct judged *judged, enum diff_result outcome, json_t *result)
{
	json_t *other = result;
	if (!judged->first || outcome > judged->outcome) {
		other = judged->first;
		judged->first = result;
		judged->outcome = outcome;
	}
	if (!other)
		return true;
	if (json_array_size(judged->others) < DIFF_ZONES_MAX - 1)
		return json_array_append_new(judged->others, other) == 0;
	judged->more++;
	json_decref(other);
	return true;
}

/* All zones that have the chosen one's export. */
static enum diff_result zones_judge(
	const struct comparing *chosen, json_t **result, char *why, size_t size)
{
	struct judged judged = {.others = json_array()};
	const struct inputs *inputs = chosen->snapshot->inputs;
	bool good = judged.others;
	for (size_t z = 0; good && z < inputs->zone_count; z++) {
		char sentence[SENTENCE_MAX];
		json_t *one;
		if (!zone_shares(chosen, z))
			continue;
		struct comparing comparing = {.snapshot = chosen->snapshot,
			.file = chosen->file,
			.zone = z,
			.before = refcount_get(inputs->zones[z].mirrors),
			.after = chosen->after};
		enum diff_result outcome = zone_judge(&comparing, &one, sentence, sizeof(sentence));
		if (!judged.first || outcome > judged.outcome)
			snprintf(why, size, "%s", sentence);
		good = one && result_add(&judged, outcome, one);
	}
	if (good && json_object_set(judged.first, "others", judged.others) == 0 &&
		json_object_set_new(judged.first, "others_more", count_json(judged.more)) == 0) {
		*result = json_incref(judged.first);
	} else {
		judged.outcome = DIFF_REFUSED;
		snprintf(why, size, "%s: out of memory for the comparison", chosen->file);
	}
	json_decref(judged.first);
	json_decref(judged.others);
	return judged.outcome;
}

enum diff_result diff_json(
	const struct snapshot *snapshot, const char *file, json_t **result, char *why, size_t size)
{
	struct comparing chosen = {.snapshot = snapshot, .file = file};
	enum diff_result outcome = DIFF_REFUSED;
	*result = NULL;
	if (!file) {
		snprintf(why, size, "diff needs the path of an export");
		return DIFF_REFUSED;
	}
	struct refcount *after = export_read(snapshot, file, why, size);
	if (!after)
		return DIFF_REFUSED;
	chosen.after = refcount_get(after);
	if (zone_choose(&chosen, chosen.after))
		outcome = zones_judge(&chosen, result, why, size);
	else
		snprintf(why, size,
			"%s: no zone has an export to compare with: set one with `export`", file);
	refcount_release(after);
	return outcome;
}
