/* dns/explain/lint.h - what the pools come to, and what is allowed but perhaps not meant: said by
 * mirrorns -t. */
#ifndef DNS_EXPLAIN_LINT_H
#define DNS_EXPLAIN_LINT_H

#include "dns/snapshot/snapshot.h"

/* Logs a warning for each TXT string that is meant for freshclam, and which that cannot read;
 * returns their number. */
unsigned lint_txts(const struct snapshot *snapshot);

/* Logs one warning for each kind of surprise that a configured pool holds; returns their number. */
unsigned lint_pools(const struct snapshot *snapshot);

/* Logs a line for each of the first hundred pools: how many countries have mirrors of their own,
 * which have fewer than min-members, and, as a warning, which get no answer at all. The snapshot
 * must not be in use by workers. */
void lint_summary(const struct snapshot *snapshot);

#endif
