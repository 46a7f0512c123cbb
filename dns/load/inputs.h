/* dns/load/inputs.h - what was read and accepted: configuration, zone files, exports, TXT, places.
 *
 * A set of inputs never changes; the next one shares with it whatever was not read again. Reading
 * takes everything or keeps the last good copy of what is refused. A refusal is logged at once,
 * what was taken when it is served. */
#ifndef DNS_LOAD_INPUTS_H
#define DNS_LOAD_INPUTS_H

#include "dns/base/refcount.h"
#include "dns/config/config.h"
#include "dns/load/drain_list.h"
#include "dns/load/state_dir.h"
#include "dns/load/txt.h"
#include "geo/mirror.h"
#include "geo/place.h"
#include "zones/load.h"

enum {
	INPUTS_WHY_MAX = 1536,
	INPUTS_SAY_ZONES = 3, /* a start tells of so many zones, then how many more there are */
};

/* One `shared` each: the object's type is named; NULL: there is none. */
struct inputs_zone {
	struct refcount *file; /* struct zone_file */
	struct refcount *exported; /* struct mirrors as they were accepted */
	struct refcount *mirrors; /* struct mirrors: the same, with what is drained marked */
	struct refcount **txts; /* struct txt, as many as the zone's configuration has */
	struct export_history history;
	int64_t accepted; /* Unix seconds when `exported` was accepted */
};

/* What became of a watched file when it was last read. */
struct inputs_verdict {
	bool fresh; /* it was read for this set, not for one before, and not in vain once more */
	/* it could not be read for a reason that may pass: it is to be read again soon */
	bool transient;
	char *why; /* the sentence: what is on disk is not what is served; NULL: it is */
};

struct inputs {
	struct refcount *config; /* struct config */
	struct refcount *database; /* struct place_database */
	struct refcount *overrides; /* struct place_overrides */
	struct refcount *places; /* struct places, of both; there always */
	struct refcount *drains; /* struct drains; there always */
	struct inputs_zone *zones; /* as configured */
	size_t zone_count;
	int64_t now; /* Unix seconds when this set was made */
	uint32_t geo_ms; /* that reading and compiling `places` took; 0: they were not read */
	struct file_stamp
		*stamps; /* by watched file: its state right before it was read, or what it was */
	struct inputs_verdict *verdicts; /* by watched file */
	char **news; /* log lines on what was taken, to be said when it is served */
	size_t news_count;
	struct inputs_save *saves; /* what inputs_save_all has yet to write */
	size_t save_count;
};

struct inputs_save {
	char path[STATE_DIR_PATH_MAX];
	struct file file;
	const struct export_history *history; /* NULL: no export */
};

/* Watched files are numbered: database, overrides, then each zone's export and TXT files. */
enum { INPUTS_DATABASE, INPUTS_OVERRIDES, INPUTS_ZONES };
const char *inputs_file(const struct config *config, size_t number); /* NULL: not configured */
/* file_read with the configured limit, which the sentence names. */
bool inputs_file_read(
	const struct config *config, struct file *file, const char *path, char *why, size_t size);
/* A zone's export: struct mirrors. NULL: one sentence. */
struct refcount *inputs_export_parse(
	const struct file *file, const char *path, char *why, size_t size);

/* The number of a zone's export among the watched files; its TXT files are the next ones. */
size_t inputs_export(const struct config *config, size_t z);
static inline size_t inputs_files(const struct config *config)
{
	return inputs_export(config, config->zone_count);
}

void inputs_free(struct inputs *inputs);

/* Was any watched file read for this set? */
bool inputs_are_fresh(const struct inputs *inputs);

/* Logs what this set took; to be called once it is being served. */
void inputs_say(struct inputs *inputs);

/* Saves in state-dir what this set accepted; to be called once it is being served. Failures are
 * logged. */
void inputs_save_all(struct inputs *inputs);

/* What the last accepted exports of zone number `z` say to a new one. */
struct mirror_limits inputs_limits(const struct inputs *inputs, size_t z, int64_t now);

static inline const struct config *inputs_config(const struct inputs *inputs)
{
	return refcount_get(inputs->config);
}

#endif
