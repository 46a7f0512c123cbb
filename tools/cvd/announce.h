/* tools/cvd/announce.h - which version string follows the last one.
 *
 * The rules alone, without I/O; tools/cvd/run.h reads, asks and writes around them. */
#ifndef TOOLS_CVD_ANNOUNCE_H
#define TOOLS_CVD_ANNOUNCE_H

#include "tools/cvd/arguments.h"
#include "tools/cvd/database_dir.h"
#include "tools/cvd/version_string.h"

enum { ANNOUNCE_FLEVEL_JUMP_MAX = 10 /* in 2013 a header with the wrong one went out */ };

struct announce {
	const struct arguments *arguments;
	bool force; /* versions and the functionality level may be anything */
	bool known; /* there is a string already: */
	struct version_string previous;
	struct database_dir dir;
	struct version_string next; /* complete but for its time */
};

/* Field 0 of the next string. False: it is not known, and one sentence says so. */
bool announce_recommend(struct announce *announce, char *why, size_t size);

/* previous + folder + arguments = next. False: one sentence, and nothing may be written. */
bool announce_decide(struct announce *announce, char *why, size_t size);

/* Is this database's version a new one, from a file of the directory? */
bool announce_rises(const struct announce *announce, enum cvd_database database);

/* Leaves the database, which was known, at its previous version. */
void announce_hold(struct announce *announce, enum cvd_database database);

#endif
