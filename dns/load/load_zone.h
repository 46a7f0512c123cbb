/* dns/load/load_zone.h - a zone's file, export and TXT strings. */
#ifndef DNS_LOAD_LOAD_ZONE_H
#define DNS_LOAD_LOAD_ZONE_H

#include "dns/load/loader.h"

/* Zone number `z`. False: one sentence. */
bool inputs_zone_load(const struct loading *loading, size_t z, char *why, size_t size);

#endif
