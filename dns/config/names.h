/* dns/config/names.h - the names of a configuration: wire form, patterns, none of them twice. */
#ifndef DNS_CONFIG_NAMES_H
#define DNS_CONFIG_NAMES_H

#include "dns/config/lexer.h"
#include "dns/config/zone.h"

/* Each fills the wire form from `name`, which stands on `line`. False: refused, *why written. */
bool config_name_zone(const struct config_why *why, struct config_zone *zone);
bool config_name_txt(
	const struct config_why *why, const struct config_zone *zone, struct config_txt *txt);
bool config_name_pool(
	const struct config_why *why, const struct config_zone *zone, struct config_pool *pool);
bool config_name_ping(
	const struct config_why *why, const struct config_zone *zone, struct config_ping *ping);

/* Refuses a zone, or a name of one zone, that is there twice; or one at or below a ping name. */
bool config_name_zones_once(
	const struct config_why *why, const struct config_zone *zones, size_t count);
bool config_name_owners_once(const struct config_why *why, const struct config_zone *zone);

#endif
