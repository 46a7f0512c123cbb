/* zones/type.h - record types, by ldns and a table of what it knows not: a record's words to RDATA.
 *
 * RDATA that its type's RFC forbids is refused, written as words or with \# (RFC 3597 5). */
#ifndef ZONES_TYPE_H
#define ZONES_TYPE_H

#include "zones/rdata.h"

/* A mnemonic, or TYPE and a number; 0: neither. */
uint16_t type_find(const char *text);
/* All words of rdata->record, in place of what was there. False: a sentence as in
 * zones/rdata.h. */
bool type_put(struct rdata *rdata, uint16_t type);

#endif
