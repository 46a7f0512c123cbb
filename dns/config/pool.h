/* dns/config/pool.h - what a pool does: its readers. */
#ifndef DNS_CONFIG_POOL_H
#define DNS_CONFIG_POOL_H

#include "dns/config/value.h"

/* Each fills its part of a struct pool_rule, which is the field. */
config_read config_read_from;
config_read config_read_fallback;
config_read config_read_families;

#endif
