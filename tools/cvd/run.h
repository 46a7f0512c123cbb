/* tools/cvd/run.h - one run: read the last string and the databases, ask the mirrors, write the
 * next string. */
#ifndef TOOLS_CVD_RUN_H
#define TOOLS_CVD_RUN_H

#include "tools/cvd/arguments.h"
#include "tools/cvd/version_string.h"

#include <stdatomic.h>

enum { RUN_WHY_MAX = 8192 };

enum run_result {
	RUN_DONE,
	RUN_HELD, /* done, but a new version is not announced yet: the sentence says why */
	RUN_EMPTY, /* the same, and there is no string that could be written instead */
	RUN_FAILED, /* there is no new string: the sentence says why; none when it was stopped */
};

/* From run to run. */
struct run {
	const struct arguments *arguments;
	const atomic_bool *stop; /* set by another thread: end soon, write nothing; may be NULL */
	bool force;
	/* write even if nothing but the time is new; ask again for what is held already */
	bool due;
	/* `last` was written by a run before: it counts where the file has gone away */
	bool known;
	struct version_string last;
	uint32_t held[CVD_DATABASES]; /* versions; 0: not held */
	char text[VERSION_STRING_MAX + 1]; /* the string */
};

/* Are the things that the command line names what they have to be? False: one sentence. */
bool run_check(const struct arguments *arguments, char *why, size_t size);

enum run_result run_execute(struct run *run, char *why, size_t size);

#endif
