/* tools/cvd/mirror_check.h - how many mirrors have a version: the header of its file,
 * fetched by HTTP from each address.
 *
 * Mirrors are not trusted: time, octets and connections are limited, redirects are not followed. */
#ifndef TOOLS_CVD_MIRROR_CHECK_H
#define TOOLS_CVD_MIRROR_CHECK_H

#include "geo/mirrors.h"
#include "tools/cvd/cvd.h"

#include <stdatomic.h>

struct mirror_check {
	const struct mirrors *mirrors; /* those in service are asked, drained or not */
	const char *host; /* NULL: each by its own name */
	unsigned port, share; /* per cent of the addresses that must have it */
	const atomic_bool *stop; /* set by another thread: end soon; may be NULL */
	size_t asked, have, wanted; /* found: addresses */
};

/* Before any other thread runs. */
bool mirror_check_init(void);
void mirror_check_free(void);

/* Asks for /DATABASE.cvd, of `version` or higher, and sets what is found; ends as soon as enough
 * have it. Without a mirror in service none has it. False: one sentence, it could not be
 * asked. */
bool mirror_check_run(struct mirror_check *check, enum cvd_database database, uint32_t version,
	char *why, size_t size);

/* Have enough of them it? */
bool mirror_check_passed(const struct mirror_check *check);

#endif
