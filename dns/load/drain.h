/* dns/load/drain.h - one pattern of mirrors that are taken out: a host, an address, a network or a
 * glob of either. */
#ifndef DNS_LOAD_DRAIN_H
#define DNS_LOAD_DRAIN_H

#include "geo/mirrors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DRAIN_GLOB_MAX = 255, DRAIN_WHY_MAX = 255 };

struct drain {
	int64_t until; /* Unix seconds; 0: until it is undrained */
	/* What the glob is, where it is an address or a network. */
	bool is_network;
	struct address network;
	uint8_t length;
	/* Else: what a text must have to be looked at closer. */
	bool may_be_address; /* it has no character that an address has not */
	uint64_t letters; /* see drain_letters */
	char glob[DRAIN_GLOB_MAX + 1]; /* as asked for */
	char why[DRAIN_WHY_MAX + 1]; /* "" where none was given */
};

/* The characters that a text has, or that whatever a glob matches has; letters are one case. A text
 * without all of a glob's does not match it. */
uint64_t drain_letters(const char *text);

/* '*' and '?' in any case of letters; '*' is any number of characters. Takes at most size x size
 * steps. */
bool drain_glob(const char *glob, const char *text);

/* False: one sentence. */
bool drain_parse(struct drain *drain, const char *glob, char *sentence, size_t size);
bool drain_matches(const struct drain *drain, const char *host, const struct address *address);
/* Has its time come? */
static inline bool drain_is_over(const struct drain *drain, int64_t now)
{
	return drain->until && drain->until <= now;
}

#endif
