/* dns/base/descriptors.h - how many files this process may have open at a time. */
#ifndef DNS_BASE_DESCRIPTORS_H
#define DNS_BASE_DESCRIPTORS_H

#include <stdint.h>

/* The soft limit: the lowest number that no descriptor will have. INT_MAX: it cannot be told. */
int descriptors_limit(void);
/* Raises the soft limit to `wanted`, or as far as the operator's hard limit lets it; never lowers
 * it. Returns the limit from now on. */
int descriptors_raise(uint64_t wanted);

#endif
