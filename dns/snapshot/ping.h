/* dns/snapshot/ping.h - statistics names: a client tells below a ping name how a mirror served it.
 *
 * <db>.<version>.<flevel>.<ok>.<win>.<mirror>.ping.ZONE: db of letters and digits; ok and win are 1
 * or 0; mirror is an IPv4 address as four decimal labels, or one label of 8 (IPv4) or 32 (IPv6)
 * hexadecimal digits. Anybody can ask for any of them, about any mirror: what they say is a hint,
 * never a verdict. */
#ifndef DNS_SNAPSHOT_PING_H
#define DNS_SNAPSHOT_PING_H

#include "dns/snapshot/snapshot.h"

enum {
	PING_DB_MAX = 12, /* letters and digits: "safebrowsing" */
	PING_VERSION_DIGITS = 9,
	PING_FLEVEL_DIGITS = 3,
	PING_FLEVELS = 1000,
};

/* What a name says. Both keys are octets in their order, whatever the machine's. */
struct ping {
	uint64_t mirror[2]; /* as listing_key has it */
	uint64_t release
		[2]; /* db in lower case, 0 up to PING_DB_MAX, then the version in network order */
	uint16_t flevel; /* below PING_FLEVELS */
	bool failed; /* ok = 0: this mirror has failed this client */
};

enum ping_result {
	PING_NONE, /* not below a ping name of this zone */
	PING_GOOD,
	PING_PART, /* the end of a good one: a name that has names below it (RFC 8020) */
	PING_MALFORMED,
};

/* May a name be below one of the zone's ping names? Mostly it is not, and costs a few
 * instructions. */
static inline bool ping_is_near(const struct snapshot_zone *zone, const struct name_key *key)
{
	return key->size > zone->ping_size &&
	       (key->wire[key->size - zone->ping_size] == zone->ping_label || zone->ping_count > 1);
}

/* What a name is to the zone's ping names; *at is the one that it is below. Only with PING_GOOD all
 * of *ping is written. */
enum ping_result ping_find(const struct snapshot_zone *zone, const struct name_key *key,
	struct ping *ping, const struct snapshot_ping **at);

#endif
