/* dns/advise.h - what is allowed but perhaps not meant: said by mirrorns -t. */
#ifndef DNS_ADVISE_H
#define DNS_ADVISE_H

#include "dns/snapshot.h"

/* Logs one warning for each kind of surprise that a configured pool holds; returns their number. */
unsigned advise_pools(const struct snapshot *snapshot);

#endif
