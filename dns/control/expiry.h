/* dns/control/expiry.h - what time alone changes: strings age, drains end, files that could not be
 * read can be. */
#ifndef DNS_CONTROL_EXPIRY_H
#define DNS_CONTROL_EXPIRY_H

#include "dns/load/inputs.h"

struct stale {
	int64_t said; /* Unix seconds of the last lines on what is stale */
	unsigned count; /* strings, exports and databases that were stale at the last look */
};

/* What has become stale is logged at once, and all such every hour. True: a string is to be
 * withdrawn, or to come back after the clock was set; a snapshot without or with it is due. */
bool stale_check(struct stale *stale, const struct inputs *inputs, int64_t now);
/* Those drains that are left once some have come to their end, saved; NULL: none has, or no
 * memory. */
struct refcount *drains_check(
	const struct inputs *inputs, const struct drains *drains, int64_t now);
/* Sets those of `count` watched files that are to be read again: nothing about them changes when
 * the reason has passed. */
void transient_check(const struct inputs *inputs, int64_t now, bool *changed, size_t count);

#endif
