#include "tools/monitor/export/merge.h"

#include "dns/base/exit.h"
#include "dns/base/log.h"
#include "geo/mirror.h"
#include "geo/stamp.h"
#include "tools/monitor/export/merge_vote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { AHEAD_MAX = 3600 /* seconds */, WHY_MAX = 1024 };

static bool is_dated(const struct mirrors *export, int64_t now)
{
	return export && export->generated >= 0 && export->generated <= now + AHEAD_MAX;
}

size_t merge_choose(struct mirrors *const *exports, const char *const *names, size_t count,
	bool *used, merge_say *say, int64_t now)
{
	char sentence[WHY_MAX], stamp[STAMP_TEXT_MAX];
	int64_t newest = 0;
	size_t left = 0;
	for (size_t i = 0; i < count; i++)
		if (is_dated(exports[i], now) && exports[i]->generated > newest)
			newest = exports[i]->generated;
	if (newest > now) /* one clock that is ahead must not make all others late */
		newest = now;
	for (size_t i = 0; i < count; i++) {
		const struct mirrors *export = exports[i];
		used[i] = is_dated(export, now) && export->generated >= newest - MERGE_BEHIND_MAX;
		left += used[i];
		if (used[i] && export->generated > now)
			exports[i]->generated = now;
		if (used[i] || !export)
			continue;
		if (export->generated < 0)
			snprintf(sentence, sizeof(sentence),
				"%.500s: export ignored: it does not say when it was generated",
				names[i]);
		else
			snprintf(sentence, sizeof(sentence),
				"%.500s: export ignored: generated %s is %" PRId64 " s %s",
				names[i], stamp_write(export->generated, stamp),
				export->generated > now ? export->generated - now
							: newest - export->generated,
				export->generated > now ? "ahead of this clock"
							: "behind the newest");
		say(sentence);
	}
	return left;
}

static int vote_compare(const void *a, const void *b)
{
	return address_compare(
		((const struct merge_vote *)a)->address, ((const struct merge_vote *)b)->address);
}

/* Entries stand by host and state, their addresses in order. */
static int ruling_compare(const void *a, const void *b)
{
	const struct merge_ruling *x = a, *y = b;
	int order = strcasecmp(x->host, y->host);
	if (order == 0)
		order = strcmp(x->host, y->host);
	if (order == 0)
		order = (int)x->state - (int)y->state;
	return order ? order : address_compare(x->address, y->address);
}

/* All votes, by address. NULL: no memory. */
static struct merge_vote *votes_take(
	struct mirrors *const *exports, size_t count, size_t *vote_count)
{
	size_t room = 1, at = 0;
	for (size_t i = 0; i < count; i++)
		room += exports[i]->address_count;
	struct merge_vote *votes = calloc(room, sizeof(*votes));
	for (size_t i = 0; votes && i < count; i++)
		for (size_t k = 0; k < exports[i]->address_count; k++) {
			const struct mirror_address *address = &exports[i]->addresses[k];
			votes[at++] = (struct merge_vote){&address->at,
				&exports[i]->list[address->mirror], exports[i]->generated};
		}
	if (votes)
		qsort(votes, at, sizeof(*votes), vote_compare);
	*vote_count = at;
	return votes;
}

/* In the order of their addresses. */
static size_t rulings_make(const struct merge_vote *votes, size_t vote_count, size_t exports,
	struct merge_ruling *rulings)
{
	size_t count = 0;
	for (size_t at = 0, next; at < vote_count; at = next) {
		for (next = at + 1; next < vote_count; next++)
			if (vote_compare(&votes[at], &votes[next]) != 0)
				break;
		if ((next - at) * 2 > exports)
			merge_decide(votes + at, next - at, &rulings[count++]);
	}
	return count;
}

static int ruling_find(const void *key, const void *ruling)
{
	return address_compare(key, ((const struct merge_ruling *)ruling)->address);
}

/* Monitors that change their minds without changing the outcome do not change its date either. */
static void since_keep(
	const struct mirrors *before, int64_t latest, struct merge_ruling *rulings, size_t count)
{
	for (size_t i = 0; before && i < before->address_count; i++) {
		const struct mirror *was = &before->list[before->addresses[i].mirror];
		struct merge_ruling *ruling = bsearch(
			&before->addresses[i].at, rulings, count, sizeof(*rulings), ruling_find);
		int64_t since;
		if (ruling && ruling->state == (enum mirror_state)was->state &&
			stamp_parse(was->since, &since) && since <= latest)
			ruling->since = since;
	}
}

/* One entry for a run of rulings on the same host and state. */
static bool entry_add(struct export_text *export, const struct merge_ruling *rulings, size_t count)
{
	struct export_entry entry = {.host = rulings[0].host,
		.reason = "",
		.country = rulings[0].country,
		.state = rulings[0].state};
	unsigned weight = 0;
	bool good = true;
	for (size_t i = 0; i < count; i++) {
		const struct merge_ruling *ruling = &rulings[i];
		if (ruling->since && (!entry.since || ruling->since < entry.since))
			entry.since = ruling->since;
		if (ruling->checked > entry.checked)
			entry.checked = ruling->checked;
		weight += ruling->weight;
		if (!entry.reason[0])
			entry.reason = ruling->reason;
		good = export_entry_address(&entry, ruling->address) && good;
	}
	entry.weight = (uint16_t)((weight + count - 1) / count);
	return export_text_add(export, &entry) && good;
}

bool merge_text(struct mirrors *const *exports, size_t count, const struct mirrors *before,
	struct export_text *export)
{
	size_t vote_count, ruling_count = 0;
	struct merge_vote *votes = votes_take(exports, count, &vote_count);
	struct merge_ruling *rulings = votes ? calloc(vote_count + 1, sizeof(*rulings)) : NULL;
	bool good = export_text_begin(export) && rulings;
	int64_t latest = 0;
	for (size_t i = 0; i < count; i++)
		if (exports[i]->generated > latest)
			latest = exports[i]->generated;
	if (good)
		ruling_count = rulings_make(votes, vote_count, count, rulings);
	if (good) {
		since_keep(before, latest, rulings, ruling_count);
		qsort(rulings, ruling_count, sizeof(*rulings), ruling_compare);
	}
	for (size_t at = 0, next; good && at < ruling_count; at = next) {
		for (next = at + 1; next < ruling_count; next++)
			if (strcmp(rulings[next].host, rulings[at].host) != 0 ||
				rulings[next].state != rulings[at].state)
				break;
		good = entry_add(export, rulings + at, next - at);
	}
	export->generated = latest;
	free(votes);
	free(rulings);
	return good && export_text_end(export);
}

static void complain(const char *sentence)
{
	log_line(LOG_LEVEL_WARNING, "%s", sentence);
}

/* Without a file to compare with, the same inputs give the same text. */
static int export_text_print(const struct export_text *export)
{
	char *text = export_text_write(export, export->generated, export->generated);
	bool good = text && fputs(text, stdout) >= 0 && fflush(stdout) == 0;
	free(text);
	if (!good)
		log_line(LOG_LEVEL_ERROR, "cannot write the export to standard output");
	return good ? STATUS_GOOD : STATUS_FAILED;
}

static int export_text_put(const struct export_text *export, const char *out)
{
	char path[4096], why[WHY_MAX];
	snprintf(path, sizeof(path), "%s", out);
	struct export_file disk = {.path = path};
	enum export_outcome outcome =
		export_file_write(&disk, export, time(NULL), why, sizeof(why));
	export_file_free(&disk);
	if (outcome == EXPORT_FAILED)
		log_line(LOG_LEVEL_ERROR, "%s", why);
	return outcome == EXPORT_FAILED ? STATUS_FAILED : STATUS_GOOD;
}

static struct mirrors *export_load(const char *path, char *why, size_t size)
{
	struct file file;
	struct mirrors *export = NULL;
	if (file_read(&file, path, EXPORT_FILE_MAX, why, size)) {
		export = mirrors_parse(file.bytes, file.size, path, why, size);
		free(file.bytes);
	}
	return export;
}

/* False: no memory. */
static bool export_text_make(
	struct mirrors *const *chosen, size_t count, const char *out, struct export_text *export)
{
	char why[WHY_MAX];
	struct mirrors *before = out ? export_load(out, why, sizeof(why)) : NULL;
	bool good = merge_text(chosen, count, before, export);
	mirrors_free(before);
	if (!good)
		log_line(LOG_LEVEL_ERROR, "out of memory");
	return good;
}

int merge_run(const char *const *paths, size_t count, const char *out)
{
	struct mirrors *exports[MERGE_MAX] = {NULL}, *chosen[MERGE_MAX];
	char why[WHY_MAX];
	bool used[MERGE_MAX];
	struct export_text export = {.entries = 0};
	int status = STATUS_FAILED;
	size_t left, at = 0;
	for (size_t i = 0; i < count; i++) {
		exports[i] = export_load(paths[i], why, sizeof(why));
		if (!exports[i])
			log_line(LOG_LEVEL_WARNING, "%s; export ignored", why);
	}
	left = merge_choose(exports, paths, count, used, complain, time(NULL));
	for (size_t i = 0; i < count; i++)
		if (used[i])
			chosen[at++] = exports[i];
	if (left == 0 || left * 2 < count)
		log_line(LOG_LEVEL_ERROR,
			"%zu of %zu exports are usable, expected at least half: nothing is written",
			left, count);
	else if (export_text_make(chosen, left, out, &export) && !export.entries)
		log_line(LOG_LEVEL_ERROR,
			"no address is in most of the exports, nothing is written");
	else if (export.entries)
		status = out ? export_text_put(&export, out) : export_text_print(&export);
	export_text_free(&export);
	for (size_t i = 0; i < count; i++)
		mirrors_free(exports[i]);
	return status;
}
