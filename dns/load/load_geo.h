/* dns/load/load_geo.h - the database of countries and the overrides. */
#ifndef DNS_LOAD_LOAD_GEO_H
#define DNS_LOAD_LOAD_GEO_H

#include "dns/load/loader.h"

/* Both, and the places of both. False: one sentence. */
bool inputs_geo_load(const struct loading *loading, char *why, size_t size);

#endif
