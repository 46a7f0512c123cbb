/* zones/rule.h - what fields of RDATA look like in wire form, however they were written. */
#ifndef ZONES_RULE_H
#define ZONES_RULE_H

#include "zones/rdata.h"

/* A field's form; those below RULE_NAME are so many octets. */
enum rule_form {
	RULE_NAME = 32,
	RULE_STRING, /* a length and so many octets */
	RULE_TAG, /* the same, some letters and digits (RFC 8659 4.1) */
	RULE_REST, /* one octet or more, to the end */
	RULE_TEXT, /* the same, or none */
	RULE_BITMAP, /* types (RFC 4034 4.1.2) */
	RULE_APL, /* an item (RFC 3123 4) */
	RULE_LOC, /* RFC 1876 2 */
	RULE_HIP, /* all but its servers (RFC 8005 5) */
	RULE_IPSECKEY, /* RFC 4025 2 */
	RULE_AMTRELAY, /* RFC 8777 4.2 */
};

/* How many of the octets that are left, at least one, the field takes; more: it is none. */
size_t rule_size(enum rule_form form, const uint8_t *at, size_t left);

/* Is a digest as long as its type says? False: a sentence. */
bool rule_check_digest(const struct rdata *rdata, uint16_t type);

#endif
