/* tools/cvd/pass.h - one pass: read the last string and the databases, ask the mirrors, write the
 * next string. */
#ifndef TOOLS_CVD_PASS_H
#define TOOLS_CVD_PASS_H

#include "tools/cvd/arguments.h"
#include "tools/cvd/record.h"

#include <stdatomic.h>

enum { PASS_WHY_MAX = 8192 };

enum pass_result {
	PASS_DONE,
	PASS_HELD, /* done, but a new version is not announced yet: the sentence says why */
	PASS_EMPTY, /* the same, and there is no string that could be written instead */
	PASS_FAILED, /* there is no new string: the sentence says why; none when it was stopped */
};

/* From pass to pass. */
struct pass {
	const struct arguments *arguments;
	const atomic_bool
		*stop; /* set by another thread: end soon, write nothing; NULL: nobody's */
	bool force;
	/* write even if nothing but the time is new; ask again for what is held already */
	bool due;
	/* `last` was written by a pass before: it counts where the file has gone away */
	bool known;
	struct record last;
	uint32_t held[CVD_DATABASES]; /* versions; 0: not held */
	char text[RECORD_TEXT_MAX + 1]; /* the string */
};

/* Are the things that the command line names what they have to be? False: one sentence. */
bool pass_check(const struct arguments *arguments, char *why, size_t size);

enum pass_result pass_run(struct pass *pass, char *why, size_t size);

#endif
