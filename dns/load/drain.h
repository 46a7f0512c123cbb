/* dns/load/drain.h - between the files of dns/load/drain_list. */
#ifndef DNS_LOAD_DRAIN_H
#define DNS_LOAD_DRAIN_H

#include "dns/load/drain_list.h"

/* The pairs of neighbouring characters that a text has, or that whatever a glob matches has; letters are one case, the
 * text's ends are characters too. A bit may stand for several pairs: a text without all the bits of a glob does not
 * match it, one that has them may. */
uint64_t drain_pairs(const char *text);

#endif
