/* zones/svcb.h - the SvcParams of SVCB and HTTPS records (RFC 9460).
 *
 * False: a sentence as in zones/rdata.h. */
#ifndef ZONES_SVCB_H
#define ZONES_SVCB_H

#include "zones/rdata.h"

/* key, key=value and key="value", in any order. */
bool svcb_put(struct rdata *rdata, const struct word *words, size_t count);
/* Whole RDATA, whose priority and target are good: order, values, and what keys ask of each
 * other. */
bool svcb_check(const struct rdata *rdata);

#endif
