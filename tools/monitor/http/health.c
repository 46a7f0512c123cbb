#include "tools/monitor/http/facts.h"

#include "dns/base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* An export comes every five minutes at least. */
enum { EXPORT_LATE_SECONDS = 900, ROOM_LEAST = 65536 /* octets */ };

static void export_judge(const struct board_facts *facts, json_t *reasons)
{
	int64_t age = time(NULL) - facts->exported;
	if (!facts->exported)
		reason_add(reasons, "no export has been written yet, after %" PRId64 " s",
			(int64_t)time(NULL) - facts->started);
	else if (age > EXPORT_LATE_SECONDS)
		reason_add(reasons, "the last export is %" PRId64 " s old", age);
}

/* Nothing more can be written there. Some file systems do not count. */
static bool is_full(const char *folder)
{
	struct statvfs disk;
	if (statvfs(folder, &disk) != 0)
		return false;
	return (disk.f_blocks && disk.f_bavail * disk.f_frsize < ROOM_LEAST) ||
	       (disk.f_files && !disk.f_favail);
}

/* SQLite writes beside the file, too. */
static bool can_write(const char *path, const char *folder)
{
	if (access(folder, W_OK | X_OK) != 0 || (access(path, R_OK | W_OK) != 0 && errno != ENOENT))
		return false;
	bool full = is_full(folder);
	errno = full ? ENOSPC : 0;
	return !full;
}

static void state_judge(const struct board_facts *facts, json_t *reasons)
{
	char *copy = facts->state ? strdup(facts->state) : NULL;
	if (!copy)
		return;
	if (!can_write(facts->state, dirname(copy)))
		reason_add(reasons, "the state file %s cannot be written: %s", facts->state,
			strerror(errno));
	free(copy);
}

char *board_health(const struct board_facts *facts, bool *healthy)
{
	json_t *reasons = json_array();
	if (!reasons)
		return NULL;
	export_judge(facts, reasons);
	if (facts->suspect)
		reason_add(reasons, "most mirrors fail at once, state changes are suspended: %s",
			facts->suspect_why);
	state_judge(facts, reasons);
	*healthy = json_array_size(reasons) == 0;
	json_t *page = json_pack("{s:b, s:o}", "healthy", (int)*healthy, "reasons", reasons);
	char *text = page ? json_dumps(page, JSON_INDENT(1)) : NULL;
	json_decref(page);
	return text;
}
