/* tools/monitor/export/merge.h - the exports of several monitors as one, by majority.
 *
 * An export that is refused, without a time, from the future or more than MERGE_BEHIND_MAX behind
 * the newest is left out. An address counts when more than half of those left have it. It is
 * disabled when most say so; else in the worst state that more than half say or worse. Weight,
 * country, since and reason are theirs who say so. No time is later than its export's, no export's
 * later than this clock. The order in which exports are named changes nothing. */
#ifndef TOOLS_MONITOR_EXPORT_MERGE_H
#define TOOLS_MONITOR_EXPORT_MERGE_H

#include "geo/mirrors.h"
#include "tools/monitor/export/export_file.h"

enum { MERGE_BEHIND_MAX = 1800 /* seconds */ };

/* Marks whom to leave out: used[i] is true for the others; `exports` may have NULLs, which are.
 * Calls `say` with a sentence for each. What the others say of when they were made is made `now`
 * where it is later. Returns how many are left. */
typedef void merge_say(const char *sentence);
size_t merge_choose(struct mirrors *const *exports, const char *const *names, size_t count,
	bool *used, merge_say *say, int64_t now);
/* Lays out what these exports have in common. What is in the state that it was in `before` (NULL:
 * none) is so since then. False: no memory; the export is to be freed in both cases. */
bool merge_text(struct mirrors *const *exports, size_t count, const struct mirrors *before,
	struct export_text *export);

/* Reads the named files, and writes `out`, or standard output for NULL. Returns the exit status. */
int merge_run(const char *const *paths, size_t count, const char *out);

#endif
